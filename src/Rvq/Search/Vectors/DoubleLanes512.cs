using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Vec = System.Runtime.Intrinsics.Vector512;

namespace Rvq.Search;

/// <summary>One vector of eight.</summary>
internal readonly unsafe struct DoubleLanes512(Vector512<double> value) : IDoubleLanes<DoubleLanes512>
{
    private readonly Vector512<double> _value = value;

    public static DoubleLanes512 Zero => new(Vector512<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Widen(float* source)
        => new(Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Double(Vector256.Load(source))
            : Vec.WidenLower(Vector256.Load(source).ToVector512()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 AddExactProduct(DoubleLanes512 left, DoubleLanes512 right, DoubleLanes512 sum)
        => new(Vec.MultiplyAddEstimate(left._value, right._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(DoubleLanes512 value)
    {
        var four = value._value.GetLower() + value._value.GetUpper();
        var two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }
}
