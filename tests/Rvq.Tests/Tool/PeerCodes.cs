namespace Rvq.Tests.Tool;

/// <summary>Codes as EnCodec and DAC gave them themselves, beside the files that they wrote of them.</summary>
internal static class PeerCodes
{
    /// <summary>EnCodec's, [T, N] of all segments one after the other; it has them as [N, T] of each.</summary>
    public static (string File, int[] Codes, int Codebooks) EnCodec(string name)
    {
        var folder = TestData.Path($"reference/{name}");
        var codes = new List<int>();
        var codebooks = 0;
        for (var segment = 0; File.Exists(Path.Combine(folder, $"codes_{segment}.npy")); segment++)
        {
            var (data, shape) = Npy.ReadInt64(Path.Combine(folder, $"codes_{segment}.npy"));
            codebooks = shape[0];
            codes.AddRange(Enumerable.Range(0, data.Length).Select(i => (int)data[(i % codebooks * shape[1]) + (i / codebooks)]));
        }

        return (Path.Combine(folder, "file.ecdc"), [.. codes], codebooks);
    }

    /// <summary>DAC's, [B, T, N]; it has them as [B, N, T].</summary>
    public static (string File, int[] Codes, int Batch, int Codebooks) Dac()
    {
        var folder = TestData.Path("reference/bits-dac-file");
        var (data, shape) = Npy.ReadInt64(Path.Combine(folder, "codes.npy"));
        var (n, t) = (shape[1], shape[2]);
        var codes = Enumerable.Range(0, data.Length).Select(i => (int)data[((((i / n / t) * n) + (i % n)) * t) + (i / n % t)]);
        return (Path.Combine(folder, "file.dac"), [.. codes], shape[0], n);
    }

    /// <summary>A model whose frames are the codes: codebook n holds k times the n-th unit vector.</summary>
    public static RvqModel Model(int codebooks) => new([.. Enumerable.Range(0, codebooks).Select(n => new Codebook(
        [.. Enumerable.Range(0, 1024 * codebooks).Select(i => i % codebooks == n ? i / codebooks : 0f)], codebooks))]);
}
