namespace Rvq.Streams;

/// <summary>
/// The interval that EnCodec's arithmetic coder narrows with every symbol: numbers of <see cref="_highestBit"/> + 1 bits, whose leading
/// bits are given away as soon as both ends share them. The arithmetic is EnCodec's, in binary64 where it is there, so that the bits are
/// the same.
/// </summary>
internal struct ArithmeticRange()
{
    /// <summary>Cumulative frequencies end at or below 2 to this.</summary>
    public const int TotalBits = 24;

    private int _highestBit = -1;

    public long Low { get; private set; }

    public long High { get; private set; }

    /// <summary>Whether the interval is too small to be divided, so that a bit has to be added.</summary>
    public readonly bool IsNarrow => High - Low + 1 < 1L << TotalBits;

    /// <summary>The leading bit of the lower end.</summary>
    public readonly int Bit => (int)((Low >> _highestBit) & 1);

    public readonly bool IsEmpty => _highestBit < 0;

    /// <summary>Whether both ends have the same leading bit.</summary>
    public readonly bool IsDecided => _highestBit >= 0 && Low >> _highestBit == High >> _highestBit;

    /// <summary>Refuses frequencies by which the interval of a code could be empty or leave its bounds.</summary>
    public static void ThrowIfNoFrequency(ReadOnlySpan<int> cdf, int code)
    {
        var from = code == 0 ? 0 : cdf[code - 1];
        if (from < 0 || cdf[code] - (long)from < 2 || cdf[code] > 1 << TotalBits)
        {
            throw new ArgumentException(
                $"Code {code} has the frequencies from {from} to {cdf[code]}; at least 2 of 2^24 are needed.", nameof(cdf));
        }
    }

    /// <summary>The part of the interval that belongs to a symbol.</summary>
    public readonly (long Low, long High) Part(ReadOnlySpan<int> cdf, int symbol)
    {
        var scale = (High - Low + 1) / (double)(1 << TotalBits);
        var (from, to) = (symbol == 0 ? 0 : cdf[symbol - 1], cdf[symbol] - 1);
        return (Low + (long)Math.Ceiling(from * scale), Low + (long)Math.Floor(to * scale));
    }

    public void Narrow(long low, long high) => (Low, High) = (low, high);

    /// <summary>Adds a bit of 0 to the lower end and of 1 to the upper one.</summary>
    public void Widen()
    {
        if (_highestBit == 61)
        {
            throw new InvalidDataException("The arithmetic coder's numbers grow beyond 62 bits, as EnCodec's cannot either.");
        }

        (Low, High, _highestBit) = (2 * Low, (2 * High) + 1, _highestBit + 1);
    }

    /// <summary>Takes the leading bit away from both ends, and gives its value in place.</summary>
    public long Drop()
    {
        var bit = (long)Bit << _highestBit;
        Low -= bit;
        High -= High >> _highestBit << _highestBit;
        _highestBit--;
        return bit;
    }
}
