namespace Rvq.Search;

/// <summary>Sixteen float32 values, the scores of one panel of codewords, in vectors of the machine's width.</summary>
internal unsafe interface IFloatLanes<TSelf> : IFusedLanes<TSelf>
    where TSelf : struct, IFloatLanes<TSelf>
{
    static abstract bool IsSupported { get; }

    /// <summary>sum + left × right, with one rounding or two.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf sum);

    /// <summary>
    /// The same with <paramref name="right"/> in memory: sixteen values. A load of its own would cost an instruction and a register more.
    /// </summary>
    static abstract TSelf MultiplyAdd(TSelf left, float* right, TSelf sum);

    /// <summary>The same with <paramref name="right"/> in memory: one value, broadcast.</summary>
    static abstract TSelf MultiplyAddOne(TSelf left, float* right, TSelf sum);

    static abstract TSelf Multiply(TSelf left, TSelf right);

    static abstract TSelf Abs(TSelf value);

    /// <summary>The nearest whole numbers.</summary>
    static abstract TSelf Round(TSelf value);

    static abstract TSelf Min(TSelf left, TSelf right);

    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>The bits of the values that <paramref name="kept"/> has, and those of <paramref name="mark"/>.</summary>
    static abstract TSelf Mark(TSelf value, TSelf kept, TSelf mark);

    /// <summary>The smallest of the sixteen.</summary>
    static abstract float MinAcross(TSelf value);

    /// <summary>The largest of the sixteen.</summary>
    static abstract float MaxAcross(TSelf value);

    static abstract float SumAcross(TSelf value);

    /// <summary>Bit i is set where value i is at most <paramref name="limit"/>.</summary>
    static abstract uint AtMost(TSelf value, TSelf limit);

    /// <summary>Sixteen bytes, converted to float32.</summary>
    static abstract TSelf Widen(sbyte* source);

    /// <summary>Writes sixteen whole numbers as bytes.</summary>
    static abstract void Narrow(TSelf value, sbyte* destination);

    /// <summary>The values above <paramref name="limit"/>; infinity for the others.</summary>
    static abstract TSelf Above(TSelf value, TSelf limit);

    /// <summary>Four values from memory, repeated in each quarter of the sixteen.</summary>
    static abstract TSelf LoadFour(float* source);

    /// <summary>Value 4j + q is the sum of quarter j of operand q.</summary>
    static abstract TSelf SumQuarters(TSelf a, TSelf b, TSelf c, TSelf d);

    /// <summary>
    /// The smallest of the sixteen <see cref="OrderedKeys"/>: it holds the smallest value, but for the last four bits, and the value's
    /// place.
    /// </summary>
    static abstract int SmallestKey(TSelf value);
}
