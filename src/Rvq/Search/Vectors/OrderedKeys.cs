using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// A score and its place in one whole number: the bits of the float32 in the order of whole numbers, the last four giving way to the place (0…15). The smallest of them
/// is found in a third of the time that a smallest float32 and then its place take, because a minimum of whole numbers takes one cycle.
/// </summary>
internal static class OrderedKeys
{
    private const int PlaceBits = 15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Of(Vector512<float> values)
    {
        var bits = values.AsInt32();
        return ((bits ^ ((bits >> 31) & Vector512.Create(int.MaxValue))) & Vector512.Create(~PlaceBits)) | Vector512<int>.Indices;
    }

    /// <summary>The keys of values whose first has the given place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Of(Vector256<float> values, int place)
    {
        var bits = values.AsInt32();
        return ((bits ^ ((bits >> 31) & Vector256.Create(int.MaxValue))) & Vector256.Create(~PlaceBits)) | (Vector256<int>.Indices + Vector256.Create(place));
    }

    /// <inheritdoc cref="Of(Vector256{float}, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Of(Vector128<float> values, int place)
    {
        var bits = values.AsInt32();
        return ((bits ^ ((bits >> 31) & Vector128.Create(int.MaxValue))) & Vector128.Create(~PlaceBits)) | (Vector128<int>.Indices + Vector128.Create(place));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Smallest(Vector256<int> keys) => Smallest(Vector128.Min(keys.GetLower(), keys.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Smallest(Vector128<int> keys)
    {
        keys = Vector128.Min(keys, Vector128.Shuffle(keys, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Min(keys, Vector128.Shuffle(keys, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    public static int Place(int key) => key & PlaceBits;

    /// <summary>At most the value, and less by no more than 2⁻¹⁹ of it and 2⁻¹⁴⁵.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Floor(int key)
    {
        key &= ~PlaceBits;
        return BitConverter.Int32BitsToSingle(key ^ ((key >> 31) & int.MaxValue));
    }
}
