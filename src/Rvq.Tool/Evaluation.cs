using System.Numerics.Tensors;
using Rvq.Training;
using Spectre.Console;

namespace Rvq.Tool;

/// <summary>Measures what each codebook of a model adds on given frames.</summary>
internal static class Evaluation
{
    /// <summary>Prints one line per number of codebooks: bits, signal-to-noise ratio, and how the last of them is used.</summary>
    /// <param name="console">Where to print.</param>
    /// <param name="model">The model.</param>
    /// <param name="frames">The frames, row-major [T, D], T a multiple of the frames of a block.</param>
    /// <param name="what">What the frames are, for the caption.</param>
    /// <param name="frameRate">Frames per second, or null where that is not known.</param>
    /// <param name="threads">The threads that encode.</param>
    /// <param name="cancellation">Stops it.</param>
    public static void Print(IAnsiConsole console, RvqModel model, float[] frames, string what, double? frameRate, int threads, CancellationToken cancellation)
    {
        var codes = new Quantizer(model, new QuantizerOptions { MaxDegreeOfParallelism = threads }).Encode(frames);
        var decoded = new float[frames.Length];
        var table = new Table { Caption = new TableTitle($"{frames.Length / model.Dimensions} {what}; used and perplexity are the last codebook's") };
        foreach (var column in (IEnumerable<string>)["codebooks", "bits/frame", .. frameRate is null ? Array.Empty<string>() : ["kbit/s"], "SNR dB", "used", "perplexity"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        for (var count = 1; count <= model.CodebookCount; count++)
        {
            cancellation.ThrowIfCancellationRequested();
            var prefix = model.Take(count);
            Decode(prefix, codes, model.CodesPerBlock, decoded);
            var counts = CodebookStatistics.CountCodes<int>(model, codes, count - 1);
            table.AddRow([
                $"{count}",
                Format.BitsPerFrame(prefix),
                .. frameRate is { } rate ? [Format.Fixed(prefix.BitsPerBlock * rate / prefix.FramesPerBlock / 1000, 2)] : Array.Empty<string>(),
                Format.Fixed(CodebookStatistics.SignalToNoiseRatio(frames, decoded), 2),
                $"{CodebookStatistics.UsedCodes(counts)} of {counts.Length}",
                Format.Fixed(CodebookStatistics.Perplexity(counts), 1),
            ]);
        }

        console.Write(table);
    }

    /// <summary>Decodes the first codes of every block, [blocks, codesPerBlock], of which the prefix has fewer.</summary>
    private static void Decode(RvqModel prefix, int[] codes, int codesPerBlock, float[] frames)
    {
        nint blocks = codes.Length / codesPerBlock;
        nint Step(nint stride) => blocks == 1 ? 0 : stride;
        new Dequantizer(prefix).Decode<int>(
            new ReadOnlyTensorSpan<int>(codes, [blocks, prefix.CodesPerBlock], [Step(codesPerBlock), prefix.CodesPerBlock == 1 ? 0 : 1]),
            new TensorSpan<float>(frames, [blocks * prefix.FramesPerBlock, prefix.Dimensions]));
    }
}
