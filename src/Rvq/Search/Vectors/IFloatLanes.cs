namespace Rvq.Search;

/// <summary>Sixteen float32 values, the scores of one panel of codewords, in vectors of the machine's width.</summary>
internal unsafe interface IFloatLanes<TSelf> : IFusedLanes<TSelf>
    where TSelf : struct, IFloatLanes<TSelf>
{
    static abstract bool IsSupported { get; }

    /// <summary>sum + left × right, with one rounding or two.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf sum);

    /// <summary>Likewise, with sixteen values from memory: loaded on its own, the JIT spends an instruction and a register more on them.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, float* right, TSelf sum);

    /// <summary>Likewise, with one value from memory for all.</summary>
    static abstract TSelf MultiplyAddOne(TSelf left, float* right, TSelf sum);

    static abstract TSelf Min(TSelf left, TSelf right);

    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>Value by value: <paramref name="ifLess"/> where left is less than right, else <paramref name="otherwise"/>.</summary>
    static abstract TSelf SelectLess(TSelf left, TSelf right, TSelf ifLess, TSelf otherwise);

    /// <summary>The smallest of the sixteen.</summary>
    static abstract float MinAcross(TSelf value);

    /// <summary>Bit i is set where value i is at most <paramref name="limit"/>.</summary>
    static abstract uint AtMost(TSelf value, TSelf limit);

    /// <summary>Sixteen bytes as float32.</summary>
    static abstract TSelf Widen(sbyte* source);

    /// <summary>The values above <paramref name="limit"/>; infinity for the others.</summary>
    static abstract TSelf Above(TSelf value, TSelf limit);

    /// <summary>Four values in each quarter of the sixteen.</summary>
    static abstract TSelf LoadFour(float* source);

    /// <summary>Value 4j + q is the sum of quarter j of operand q.</summary>
    static abstract TSelf SumQuarters(TSelf a, TSelf b, TSelf c, TSelf d);

    /// <summary>
    /// The smallest of the sixteen <see cref="OrderedKeys"/>, which holds both the smallest value, less its last four bits, and its place.
    /// </summary>
    static abstract int SmallestKey(TSelf value);
}
