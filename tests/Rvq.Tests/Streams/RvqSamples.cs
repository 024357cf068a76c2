using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>Small models, codes and streams for the .rvq tests.</summary>
internal static class RvqSamples
{
    /// <summary>A plain model; 0 in <paramref name="strides"/>' place means none.</summary>
    public static RvqModel Model(int[] sizes, int[]? strides = null, int seed = 1, int dimensions = 3)
    {
        var random = new Random(seed);
        var stages = sizes.Select((size, i) => new Stage(
            new Codebook(Enumerable.Range(0, size * dimensions).Select(_ => random.NextSingle()).ToArray(), dimensions),
            stride: strides?[i] ?? 1)).ToArray();
        return new RvqModel(new ResidualStack(stages)) { SampleRate = 24000, HopLength = 320 };
    }

    /// <summary>Rows of codes for the first codebooks of a header.</summary>
    public static int[] Codes(RvqHeader header, int rows, int codebooks, int seed)
    {
        var random = new Random(seed);
        var codes = new List<int>();
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < codebooks; i++)
            {
                for (var k = 0; k < header.FramesPerBlock / header.Strides[i]; k++)
                {
                    codes.Add(random.Next(header.CodebookSizes[i]));
                }
            }
        }

        return [.. codes];
    }

    /// <summary>A stream of one chunk per row count.</summary>
    public static byte[] Stream(RvqHeader header, params int[][] chunks)
    {
        var stream = new MemoryStream();
        using var writer = new RvqWriter(stream, header, 1000);
        foreach (var codes in chunks)
        {
            writer.Write<int>(codes);
            writer.Flush();
        }

        writer.Complete();
        return stream.ToArray();
    }

    /// <summary>The first codebooks of rows of codes.</summary>
    public static int[] Prefix(RvqHeader header, int[] codes, int codebooks, int taken)
    {
        var (row, kept) = (header.GetCodesPerBlock(codebooks), header.GetCodesPerBlock(taken));
        return [.. codes.Where((_, i) => i % row < kept)];
    }

    public static List<RvqChunk> ReadAll(RvqReader reader)
    {
        var chunks = new List<RvqChunk>();
        while (reader.ReadChunk() is { } chunk)
        {
            chunks.Add(chunk);
        }

        return chunks;
    }
}
