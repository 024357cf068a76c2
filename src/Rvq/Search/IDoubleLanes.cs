namespace Rvq.Search;

/// <summary>
/// Eight binary64 sums, one for the terms of each index modulo eight: the unit in which <see cref="Definition"/> sums, whatever
/// the width of the machine's vectors.
/// </summary>
internal unsafe interface IDoubleLanes<TSelf>
    where TSelf : struct, IDoubleLanes<TSelf>
{
    /// <summary>Whether sixteen sums fit the registers; if not, four do.</summary>
    static abstract bool HasManyRegisters { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Create(double value);

    /// <summary>Reads eight float32 values and widens them.</summary>
    static abstract TSelf Widen(float* source);

    static abstract TSelf Load(double* source);

    static abstract void Store(TSelf value, double* destination);

    /// <summary>Rounds eight sums to float32.</summary>
    static abstract void Narrow(TSelf value, float* destination);

    /// <summary>Rounds eight sums to float32 and adds them to what is there.</summary>
    static abstract void NarrowAndAdd(TSelf value, float* destination);

    static abstract TSelf Add(TSelf left, TSelf right);

    static abstract TSelf Subtract(TSelf left, TSelf right);

    static abstract TSelf Multiply(TSelf left, TSelf right);

    /// <summary>
    /// sum + left × right for factors that were float32: the product is exact, so fused and separate rounding are the same.
    /// </summary>
    static abstract TSelf AddExactProduct(TSelf left, TSelf right, TSelf sum);

    /// <summary>((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)).</summary>
    static abstract double Sum(TSelf value);
}
