using System.Buffers.Binary;

namespace Rvq.Tool.Files;

/// <summary>Reads RIFF WAVE files: PCM of 8, 16, 24 or 32 bits and float of 32 bits, any number of channels, which are averaged.</summary>
internal static class WavReader
{
    private const int Pcm = 1;
    private const int IeeeFloat = 3;
    private const int Extensible = 0xFFFE;
    private const int MaxBytes = 1 << 30;

    // Programs that write to a pipe do not know the length of the data and write a number near 2^31 or 2^32.
    private const uint UnknownLength = 0x7FFF_F000;

    private readonly record struct SampleFormat(int Tag, int Channels, int SampleRate, int Bits);

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="InvalidDataException">It is not such a file, or one of its lengths does not fit the others.</exception>
    public static WavAudio Read(Stream stream)
    {
        if (stream.CanSeek && stream.Length > MaxBytes)
        {
            throw new InvalidDataException($"It has {stream.Length} bytes; at most {MaxBytes} are read.");
        }

        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            if (bytes.Length + read > MaxBytes)
            {
                throw new InvalidDataException($"It has more than {MaxBytes} bytes, which are the most that is read.");
            }

            bytes.Write(buffer, 0, read);
        }

        return Read(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    /// <summary>Reads a file that is in memory.</summary>
    /// <exception cref="InvalidDataException">It is not such a file, or one of its lengths does not fit the others.</exception>
    public static WavAudio Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12 || !file[..4].SequenceEqual("RIFF"u8) || !file[8..12].SequenceEqual("WAVE"u8))
        {
            throw new InvalidDataException("It does not start as a WAV file does.");
        }

        SampleFormat? format = null;
        for (var position = 12; file.Length - position >= 8;)
        {
            var name = file.Slice(position, 4);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(file[(position + 4)..]);
            var left = file.Length - position - 8;
            var isData = name.SequenceEqual("data"u8);
            if (length > left && !(isData && length >= UnknownLength))
            {
                throw new InvalidDataException($"The chunk at byte {position} claims {length} bytes, but {left} are left.");
            }

            var chunk = file.Slice(position + 8, (int)Math.Min(length, (uint)left));
            if (isData)
            {
                return Decode(chunk, format ?? throw new InvalidDataException($"The data at byte {position} come before their format."));
            }

            if (name.SequenceEqual("fmt "u8))
            {
                format = ReadFormat(chunk, position);
            }

            // Chunks start at even bytes.
            position += 8 + chunk.Length + (chunk.Length & 1);
        }

        throw new InvalidDataException("It has no data chunk.");
    }

    private static SampleFormat ReadFormat(ReadOnlySpan<byte> chunk, int position)
    {
        if (chunk.Length < 16)
        {
            throw new InvalidDataException($"The format at byte {position} has {chunk.Length} bytes; at least 16 are needed.");
        }

        int tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk);
        if (tag == Extensible && chunk.Length >= 26)
        {
            tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk[24..]);
        }

        int channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        int align = BinaryPrimitives.ReadUInt16LittleEndian(chunk[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
        if ((tag, bits) is not ((Pcm, 8 or 16 or 24 or 32) or (IeeeFloat, 32)))
        {
            throw new InvalidDataException($"Its samples have the format {tag} with {bits} bits; PCM (1) of 8, 16, 24 or 32 and float (3) of 32 bits are read.");
        }

        if (channels == 0 || align != channels * bits / 8)
        {
            throw new InvalidDataException($"Its {channels} channels of {bits} bits do not take the {align} bytes that it claims.");
        }

        return rate is >= 1000 and <= 1_000_000
            ? new SampleFormat(tag, channels, (int)rate, bits)
            : throw new InvalidDataException($"Its sample rate is {rate} Hz; 1000 to 1000000 Hz are read.");
    }

    private static WavAudio Decode(ReadOnlySpan<byte> data, SampleFormat format)
    {
        var bytes = format.Bits / 8;
        var samples = new float[data.Length / (bytes * format.Channels)];
        for (var i = 0; i < samples.Length; i++)
        {
            var sum = 0.0;
            for (var channel = 0; channel < format.Channels; channel++)
            {
                sum += Sample(data.Slice(((i * format.Channels) + channel) * bytes, bytes), format.Tag);
            }

            samples[i] = (float)(sum / format.Channels);
            if (!float.IsFinite(samples[i]))
            {
                throw new InvalidDataException($"Sample {i} is {samples[i]}.");
            }
        }

        return new WavAudio(samples, format.SampleRate);
    }

    private static double Sample(ReadOnlySpan<byte> bytes, int tag) => (tag, bytes.Length) switch
    {
        (IeeeFloat, _) => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        (_, 1) => (bytes[0] - 128) / 128.0,
        (_, 2) => BinaryPrimitives.ReadInt16LittleEndian(bytes) / 32768.0,
        (_, 3) => ((bytes[0] << 8) | (bytes[1] << 16) | (bytes[2] << 24)) / 2147483648.0,
        _ => BinaryPrimitives.ReadInt32LittleEndian(bytes) / 2147483648.0,
    };
}
