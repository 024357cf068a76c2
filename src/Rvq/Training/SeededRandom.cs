using System.Numerics;

namespace Rvq.Training;

/// <summary>
/// xoshiro256** seeded by splitmix64 (Blackman and Vigna, public domain): System.Random does not promise that a seed gives the same
/// numbers in the next version, and training does.
/// </summary>
internal sealed class SeededRandom
{
    private readonly ulong[] _state = new ulong[4];

    public SeededRandom(ulong seed)
    {
        for (var i = 0; i < _state.Length; i++)
        {
            seed += 0x9E3779B97F4A7C15;
            var mixed = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            _state[i] = mixed ^ (mixed >> 31);
        }
    }

    /// <summary>The four words of the state, for saving and restoring.</summary>
    public Span<ulong> State => _state;

    public ulong Next()
    {
        var result = BitOperations.RotateLeft(_state[1] * 5, 7) * 9;
        var shifted = _state[1] << 17;
        _state[2] ^= _state[0];
        _state[3] ^= _state[1];
        _state[1] ^= _state[2];
        _state[0] ^= _state[3];
        _state[2] ^= shifted;
        _state[3] = BitOperations.RotateLeft(_state[3], 45);
        return result;
    }

    /// <summary>
    /// An integer in [0, <paramref name="bound"/>), by Lemire's method without its rejection: the bias is below bound / 2⁶⁴.
    /// </summary>
    public long Next(long bound) => (long)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1L << 53));

    /// <summary>Draws distinct integers from [0, <paramref name="bound"/>), in random order: the start of a random permutation.</summary>
    public int[] Distinct(int bound, int count)
    {
        // Fisher-Yates on a permutation of which only the touched places are kept.
        var moved = new Dictionary<int, int>();
        var drawn = new int[count];
        for (var i = 0; i < count; i++)
        {
            var other = i + (int)Next(bound - i);
            drawn[i] = moved.GetValueOrDefault(other, other);
            moved[other] = moved.GetValueOrDefault(i, i);
        }

        return drawn;
    }
}
