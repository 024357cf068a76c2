namespace Rvq.Search;

/// <summary>
/// Sixteen groups of four bytes in vectors of the machine's width: a step of four dimensions of one panel's codewords, or of one residual,
/// repeated; or the sixteen 32-bit sums of their products.
/// </summary>
internal unsafe interface IByteLanes<TSelf>
    where TSelf : struct, IByteLanes<TSelf>
{
    static abstract bool IsSupported { get; }

    /// <summary>How codewords are stored for these products.</summary>
    static abstract ByteForm Form { get; }

    /// <summary>
    /// Whether the products of two steps are added in 16 bits: those of <see cref="ResidualBytes{TByte, TFloat}.Added"/> values of a
    /// residual, whose sums must fit.
    /// </summary>
    static abstract bool AddsIn16Bits { get; }

    /// <summary>Sixteen equal sums.</summary>
    static abstract TSelf Create(int sum);

    /// <summary>The 64 bytes of a step.</summary>
    static abstract TSelf Load(byte* codewords);

    /// <summary>The four bytes of a residual's step, for all codewords.</summary>
    static abstract TSelf Broadcast(sbyte* residual);

    static abstract TSelf Add(TSelf left, TSelf right);

    /// <summary>sum + the four products of each group, exactly.</summary>
    static abstract TSelf MultiplyAdd(TSelf sum, TSelf codewords, TSelf residual);

    /// <summary>The same for two steps.</summary>
    static abstract TSelf MultiplyAdd(TSelf sum, TSelf codewords, TSelf residual, TSelf nextCodewords, TSelf nextResidual);

    /// <summary>
    /// One step with <paramref name="codewords"/> in memory: 64 bytes. A load of its own would cost an instruction and a register more.
    /// </summary>
    static abstract TSelf MultiplyAdd(TSelf sum, byte* codewords, TSelf residual);

    /// <summary>The two lowest bits of three bytes as the highest six of one; its two lowest are zeros.</summary>
    static abstract TSelf LowestBits(TSelf first, TSelf second, TSelf third);

    /// <summary>Writes a panel's scores and their minima as <see cref="ScaledSums.Write"/> does.</summary>
    static abstract void Write(
        TSelf sums, ResidualScale* scale, float* halfNorms, float* steps, float* weights, float* scores, float* minima, bool merge);
}
