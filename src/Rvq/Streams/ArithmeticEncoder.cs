using System.Buffers;

namespace Rvq.Streams;

/// <summary>
/// EnCodec's arithmetic coder, bit for bit: squeezes codes by the probabilities that a language model gives them. The model is the
/// caller's; whoever unpacks needs the same probabilities to the last bit. Not thread-safe.
/// </summary>
public sealed class ArithmeticEncoder
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private ArithmeticRange _range = new();
    private int _bitCount;
    private byte _last;

    /// <summary>
    /// Turns probabilities into the cumulative frequencies that the coder divides its range by, as EnCodec's build_stable_quantized_cdf.
    /// </summary>
    /// <param name="probabilities">The probability of each code, at least 0, the sum 1; at most 2^23 of them.</param>
    /// <param name="cdf">Receives the sums of the frequencies up to and with each code; the last is at most 2^24.</param>
    /// <exception cref="ArgumentException">
    /// Lengths that differ, too many codes, or probabilities that are negative, no numbers or too large together.
    /// </exception>
    public static void GetCdf(ReadOnlySpan<float> probabilities, Span<int> cdf)
    {
        const float Step = 1e-8f;
        const int Least = 2;
        Argument.ThrowIfNotLength(cdf.Length, nameof(cdf), probabilities.Length, "probabilities");
        if (probabilities.Length > 1 << (ArithmeticRange.TotalBits - 1))
        {
            throw new ArgumentException(
                $"There are {probabilities.Length} probabilities; at most 2^23 are possible.", nameof(probabilities));
        }

        var scale = (float)((1L << ArithmeticRange.TotalBits) - ((double)Least * probabilities.Length));
        for (var pass = 0; pass < 2; pass++)
        {
            var sum = 0L;
            for (var i = 0; i < probabilities.Length; i++)
            {
                var part = MathF.Floor(scale * (MathF.Floor(probabilities[i] / Step) * Step));
                sum += part >= 0 && part <= 1 << ArithmeticRange.TotalBits ? (long)part + Least : long.MaxValue / probabilities.Length;
                if (pass == 1)
                {
                    cdf[i] = (int)sum;
                }
            }

            if (sum > 1 << ArithmeticRange.TotalBits)
            {
                throw new ArgumentException("The probabilities are negative, no numbers, or more than 1 together.", nameof(probabilities));
            }
        }
    }

    /// <summary>Adds a code.</summary>
    /// <param name="code">The code, an index of <paramref name="cdf"/>.</param>
    /// <param name="cdf">The cumulative frequencies, see <see cref="GetCdf"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="code"/> is no index of <paramref name="cdf"/>.</exception>
    /// <exception cref="ArgumentException">The code's frequency is below 2, or the frequencies go beyond 2^24.</exception>
    public void Push(int code, ReadOnlySpan<int> cdf)
    {
        if ((uint)code >= (uint)cdf.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(code), code, $"code must be in [0, {cdf.Length}).");
        }

        ArithmeticRange.ThrowIfNoFrequency(cdf, code);
        while (_range.IsNarrow)
        {
            _range.Widen();
        }

        var (low, high) = _range.Part(cdf, code);
        _range.Narrow(low, high);
        while (_range.IsDecided)
        {
            Write();
        }
    }

    /// <summary>Ends the bits, lowest first in each byte, and starts anew.</summary>
    /// <returns>All bytes since the start.</returns>
    public byte[] Finish()
    {
        while (!_range.IsEmpty)
        {
            Write();
        }

        if (_bitCount > 0)
        {
            _bytes.Write([_last]);
        }

        var bytes = _bytes.WrittenSpan.ToArray();
        _bytes.ResetWrittenCount();
        (_range, _bitCount, _last) = (new ArithmeticRange(), 0, 0);
        return bytes;
    }

    private void Write()
    {
        _last |= (byte)(_range.Bit << _bitCount++);
        _range.Drop();
        if (_bitCount == 8)
        {
            _bytes.Write([_last]);
            (_bitCount, _last) = (0, 0);
        }
    }
}
