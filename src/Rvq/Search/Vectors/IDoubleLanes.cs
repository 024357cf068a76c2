namespace Rvq.Search;

/// <summary>
/// Eight binary64 sums, one for the terms of each index modulo eight, as <see cref="Definition"/> accumulates at any width of the machine's
/// vectors.
/// </summary>
internal unsafe interface IDoubleLanes<TSelf>
    where TSelf : struct, IDoubleLanes<TSelf>
{
    static abstract TSelf Zero { get; }

    /// <summary>Reads eight float32 values and widens them.</summary>
    static abstract TSelf Widen(float* source);

    /// <summary>
    /// sum + left × right for factors that were float32: the product is exact, so fused and separate rounding are the same.
    /// </summary>
    static abstract TSelf AddExactProduct(TSelf left, TSelf right, TSelf sum);

    /// <summary>((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)).</summary>
    static abstract double Sum(TSelf value);
}
