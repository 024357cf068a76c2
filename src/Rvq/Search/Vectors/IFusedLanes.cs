namespace Rvq.Search;

/// <summary>
/// Sixteen float32 values in vectors of the machine's width, and the multiply-add that rounds once, which makes the same bits on every
/// machine.
/// </summary>
internal unsafe interface IFusedLanes<TSelf>
    where TSelf : struct, IFusedLanes<TSelf>
{
    /// <summary>Whether sixteen tiles of sixteen values fit the registers; if not, six do.</summary>
    static abstract bool HasManyRegisters { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Create(float value);

    static abstract TSelf Load(float* source);

    static abstract void Store(TSelf value, float* destination);

    static abstract TSelf Add(TSelf left, TSelf right);

    static abstract TSelf Subtract(TSelf left, TSelf right);

    /// <summary>left × right + sum, rounded once.</summary>
    static abstract TSelf FusedMultiplyAdd(TSelf left, TSelf right, TSelf sum);

    /// <summary>
    /// The same with <paramref name="right"/> in memory: sixteen values. A load of its own would cost an instruction and a register more.
    /// </summary>
    static abstract TSelf FusedMultiplyAdd(TSelf left, float* right, TSelf sum);
}
