using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// A score and its place (0…15) in one integer key: the bits of the float32, mapped so that keys are ordered as the values are, with the
/// place in the last four bits. The smallest key takes a third of the time of the smallest float32 and a search for its place, because an
/// integer minimum has a latency of one cycle.
/// </summary>
internal static class OrderedKeys
{
    private const int PlaceMask = 15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Of(Vector512<float> values)
    {
        var bits = values.AsInt32();
        return ((bits ^ ((bits >> 31) & Vector512.Create(int.MaxValue))) & Vector512.Create(~PlaceMask)) | Vector512<int>.Indices;
    }

    /// <summary>The keys of values at places <paramref name="place"/> and up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Of(Vector256<float> values, int place)
    {
        var bits = values.AsInt32();
        return ((bits ^ ((bits >> 31) & Vector256.Create(int.MaxValue))) & Vector256.Create(~PlaceMask))
            | (Vector256<int>.Indices + Vector256.Create(place));
    }

    /// <inheritdoc cref="Of(Vector256{float}, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Of(Vector128<float> values, int place)
    {
        var bits = values.AsInt32();
        return ((bits ^ ((bits >> 31) & Vector128.Create(int.MaxValue))) & Vector128.Create(~PlaceMask))
            | (Vector128<int>.Indices + Vector128.Create(place));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Smallest(Vector256<int> keys) => Smallest(Vector128.Min(keys.GetLower(), keys.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Smallest(Vector128<int> keys)
    {
        keys = Vector128.Min(keys, Vector128.Shuffle(keys, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Min(keys, Vector128.Shuffle(keys, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    public static int Place(int key) => key & PlaceMask;

    /// <summary>A lower bound of the key's value, which is at most 2⁻¹⁹ of its magnitude plus 2⁻¹⁴⁵ above this. BOUNDS.md, B4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Floor(int key)
    {
        key &= ~PlaceMask;
        return BitConverter.Int32BitsToSingle(key ^ ((key >> 31) & int.MaxValue));
    }
}
