namespace Rvq.Streams;

/// <summary>Undoes <see cref="ArithmeticEncoder"/>. Not thread-safe.</summary>
/// <param name="bytes">The bytes of the encoder.</param>
public sealed class ArithmeticDecoder(ReadOnlyMemory<byte> bytes)
{
    private ArithmeticRange _range = new();
    private long _current;
    private long _bit;

    /// <summary>Reads the next code.</summary>
    /// <param name="cdf">The cumulative frequencies that the code was pushed with.</param>
    /// <param name="code">The code, or -1 at the end of the bits.</param>
    /// <returns>False at the end of the bits. The last byte is filled up, so that codes beyond those pushed may be read before.</returns>
    /// <exception cref="ArgumentException">The code's frequency is below 2, or the frequencies go beyond 2^24.</exception>
    /// <exception cref="InvalidDataException">The bits belong to no code: they or the frequencies are not the encoder's.</exception>
    public bool TryPull(ReadOnlySpan<int> cdf, out int code)
    {
        code = -1;
        while (_range.IsNarrow)
        {
            if (_bit >> 3 >= bytes.Length)
            {
                return false;
            }

            _range.Widen();
            _current = (2 * _current) + ((bytes.Span[(int)(_bit >> 3)] >> (int)(_bit & 7)) & 1);
            _bit++;
        }

        for (var (first, end) = (0, cdf.Length); first < end;)
        {
            var middle = (first + end) / 2;
            var (low, high) = _range.Part(cdf, middle);
            if (_current < low)
            {
                end = middle;
            }
            else if (_current > high)
            {
                first = middle + 1;
            }
            else
            {
                ArithmeticRange.ThrowIfNoFrequency(cdf, middle);
                code = middle;
                _range.Narrow(low, high);
                while (_range.IsDecided)
                {
                    _current -= _range.Drop();
                }

                return true;
            }
        }

        throw new InvalidDataException($"The bits before bit {_bit} belong to no code: they or the frequencies are not the encoder's.");
    }
}
