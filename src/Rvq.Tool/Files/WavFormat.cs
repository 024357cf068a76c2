using System.Buffers.Binary;

namespace Rvq.Tool.Files;

/// <summary>How the samples of a WAV file are written.</summary>
/// <param name="Tag">The format: 1 PCM, 3 float, 6 A-law, 7 µ-law.</param>
/// <param name="Channels">The number of channels.</param>
/// <param name="SampleRate">Samples per second of each.</param>
/// <param name="Bits">The bits of a sample, a multiple of 8.</param>
/// <param name="BigEndian">Whether a sample's highest byte comes first.</param>
internal sealed record WavFormat(int Tag, int Channels, int SampleRate, int Bits, bool BigEndian)
{
    private const int Pcm = 1;
    private const int IeeeFloat = 3;
    private const int ALaw = 6;
    private const int MuLaw = 7;
    private const int Extensible = 0xFFFE;

    /// <summary>The bytes of one sample of every channel.</summary>
    public int BytesPerFrame => Channels * Bits / 8;

    /// <summary>Reads a format chunk.</summary>
    /// <exception cref="InvalidDataException">It is too short, or of a kind that is not read.</exception>
    public static WavFormat Read(ReadOnlySpan<byte> chunk, long position, bool bigEndian)
    {
        if (chunk.Length < 16)
        {
            throw new InvalidDataException($"The format at byte {position} has {chunk.Length} bytes; at least 16 are needed.");
        }

        int Short(ReadOnlySpan<byte> bytes)
            => bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        var tag = Short(chunk);
        if (tag == Extensible && chunk.Length >= 26)
        {
            tag = Short(chunk[24..]);
        }

        var (channels, align, bits) = (Short(chunk[2..]), Short(chunk[12..]), Short(chunk[14..]));
        var rate = bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(chunk[4..]) : BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        if ((tag, bits) is not ((Pcm, 8 or 16 or 24 or 32) or (IeeeFloat, 32 or 64) or (ALaw or MuLaw, 8)))
        {
            throw new InvalidDataException(
                $"Its samples have the format {tag} with {bits} bits; PCM (1) of 8, 16, 24 or 32 bits, float (3) of 32 or 64, A-law (6) "
                + "and µ-law (7) are read.");
        }

        if (channels == 0 || align != channels * bits / 8)
        {
            throw new InvalidDataException($"Its {channels} channels of {bits} bits do not take the {align} bytes that it claims.");
        }

        return rate is >= 1000 and <= 1_000_000
            ? new WavFormat(tag, channels, (int)rate, bits, bigEndian)
            : throw new InvalidDataException($"Its sample rate is {rate} Hz; 1000 to 1000000 Hz are read.");
    }

    /// <summary>The samples of a data chunk, channels averaged, full scale ±1; a part of a sample at the end is left out.</summary>
    /// <exception cref="InvalidDataException">A sample is not finite.</exception>
    public WavAudio Decode(ReadOnlySpan<byte> data)
    {
        var bytes = Bits / 8;
        var samples = new float[data.Length / BytesPerFrame];
        Span<byte> sample = stackalloc byte[bytes];
        for (var i = 0; i < samples.Length; i++)
        {
            var sum = 0.0;
            for (var channel = 0; channel < Channels; channel++)
            {
                data.Slice(((i * Channels) + channel) * bytes, bytes).CopyTo(sample);
                if (BigEndian)
                {
                    sample.Reverse();
                }

                sum += Sample(sample);
            }

            samples[i] = (float)(sum / Channels);
            if (!float.IsFinite(samples[i]))
            {
                throw new InvalidDataException($"Sample {i} is {samples[i]}.");
            }
        }

        return new WavAudio(samples, SampleRate);
    }

    private double Sample(ReadOnlySpan<byte> bytes) => (Tag, bytes.Length) switch
    {
        (IeeeFloat, 4) => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        (IeeeFloat, _) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        (ALaw, _) => FromALaw(bytes[0]) / 32768.0,
        (MuLaw, _) => FromMuLaw(bytes[0]) / 32768.0,
        (_, 1) => (bytes[0] - 128) / 128.0,
        (_, 2) => BinaryPrimitives.ReadInt16LittleEndian(bytes) / 32768.0,
        (_, 3) => ((bytes[0] << 8) | (bytes[1] << 16) | (bytes[2] << 24)) / 2147483648.0,
        _ => BinaryPrimitives.ReadInt32LittleEndian(bytes) / 2147483648.0,
    };

    // ITU-T G.711, both scaled to 16 bits: a sign, three bits of exponent, four of mantissa, decoded to the middle of the interval.
    private static int FromALaw(byte code)
    {
        // Even bits are inverted; exponents 0 and 1 have the same step.
        var bits = code ^ 0x55;
        var (exponent, mantissa) = ((bits >> 4) & 7, bits & 15);
        var magnitude = exponent == 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
        return (bits & 0x80) != 0 ? magnitude : -magnitude;
    }

    private static int FromMuLaw(byte code)
    {
        // All bits are inverted; 132 is added before the exponent is taken, and so taken off here.
        const int Bias = 0x84;
        var bits = ~code;
        var magnitude = ((((bits & 15) << 3) + Bias) << ((bits >> 4) & 7)) - Bias;
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }
}
