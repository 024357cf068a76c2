namespace Rvq.Search;

/// <summary>What a stage adds to the frames of a pass: W e + b for each of its codewords e, which <see cref="Stride"/> frames share.</summary>
internal readonly unsafe struct Expansion(ProjectionTable? table, double* codewords, int length, int stride)
{
    private const int NearSums = 1024;

    /// <summary>The panels of W, or null where the codewords are added as they are.</summary>
    public readonly float* Panels = table is null ? null : table.Panel(0);

    /// <summary>b, padded.</summary>
    public readonly float* Bias = table is null ? null : table.Bias;

    /// <summary>[codes, Length], in the order of the frames.</summary>
    public readonly double* Codewords = codewords;

    /// <summary>The padded length of a codeword.</summary>
    public readonly int Length = length;

    /// <summary>The frames that share a codeword.</summary>
    public readonly int Stride = stride;

    /// <summary>The outputs whose sums, of so many frames, stay in the nearest cache while all stages are added: a multiple of eight.</summary>
    public static int OutputsAtOnce(int frames) => Math.Max(1, NearSums / (frames * Definition.Lanes)) * Definition.Lanes;

    /// <summary>The room that those sums need at most, for so many frames or fewer.</summary>
    public static int MostSums(int frames) => Math.Max(NearSums, checked(frames * Definition.Lanes));
}
