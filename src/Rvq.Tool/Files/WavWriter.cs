using System.Buffers.Binary;

namespace Rvq.Tool.Files;

/// <summary>Writes RIFF WAVE files of one channel, PCM of 16 bits.</summary>
internal static class WavWriter
{
    /// <summary>The bits of a sample.</summary>
    public const int BitsPerSample = 16;

    private const int HeaderBytes = 44;

    /// <summary>Writes a file; samples beyond full scale are clipped.</summary>
    public static void Write(Stream stream, WavAudio audio)
    {
        var file = new byte[HeaderBytes + (audio.Samples.Length * sizeof(short))];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        "WAVEfmt "u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24), audio.SampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), audio.SampleRate * sizeof(short));
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(32), sizeof(short));
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(34), BitsPerSample);
        "data"u8.CopyTo(file.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), file.Length - HeaderBytes);
        for (var i = 0; i < audio.Samples.Length; i++)
        {
            var sample = (short)Math.Clamp(MathF.Round(audio.Samples[i] * 32768), short.MinValue, short.MaxValue);
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(HeaderBytes + (i * sizeof(short))), sample);
        }

        stream.Write(file);
    }
}
