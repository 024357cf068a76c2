using System.Buffers.Binary;
using Rvq.Checkpoints;

namespace Rvq.Streams;

/// <summary>
/// A .dac file as DAC's own code saves it: a Python pickle in a .npy file, read without executing anything in it. Immutable and
/// thread-safe.
/// </summary>
public sealed class DacFile
{
    private readonly ushort[] _codes;

    private DacFile(ushort[] codes, int signalCount, int frameCount, int codebookCount, PickleMap metadata)
    {
        (_codes, SignalCount, FrameCount, CodebookCount) = (codes, signalCount, frameCount, codebookCount);
        SampleRate = Number(metadata, "sample_rate");
        OriginalLength = Number(metadata, "original_length");
        ChunkLength = Number(metadata, "chunk_length");
        ChannelCount = Number(metadata, "channels");
        HasPadding = metadata.TryGet("padding", out var padding) && padding is bool value ? value : null;
    }

    /// <summary>The signals in the file: batch × channels.</summary>
    public int SignalCount { get; }

    /// <summary>The frames of each signal, T.</summary>
    public int FrameCount { get; }

    /// <summary>The number of codebooks, N.</summary>
    public int CodebookCount { get; }

    /// <summary>The sample rate in Hz, or null where the file does not say.</summary>
    public long? SampleRate { get; }

    /// <summary>The number of audio samples before padding, or null where the file does not say.</summary>
    public long? OriginalLength { get; }

    /// <summary>The frames that DAC decodes at a time, or null where the file does not say.</summary>
    public long? ChunkLength { get; }

    /// <summary>The number of audio channels, or null where the file does not say.</summary>
    public long? ChannelCount { get; }

    /// <summary>
    /// Whether DAC's convolutions padded the audio: true unless it was coded in chunks; null where the file does not say.
    /// </summary>
    public bool? HasPadding { get; }

    /// <summary>The codes of one signal.</summary>
    /// <param name="signal">The signal, in [0, <see cref="SignalCount"/>).</param>
    /// <returns>Codes, row-major [T, N].</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="signal"/> is out of range.</exception>
    public ReadOnlySpan<ushort> GetCodes(int signal)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(signal);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(signal, SignalCount);
        var length = FrameCount * CodebookCount;
        return _codes.AsSpan(signal * length, length);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <returns>Its codes.</returns>
    /// <exception cref="InvalidDataException">
    /// It is no .dac file, is damaged, or asks for more than data; the message says what is wrong.
    /// </exception>
    public static DacFile Read(ReadOnlySpan<byte> bytes)
    {
        if (PickleReader.Read(SkipNpyHeader(bytes)) is not PickleArray { Objects: [PickleMap file] }
            || !file.TryGet("codes", out var codes))
        {
            throw new InvalidDataException("The .npy file holds no dictionary with codes, as a .dac file does.");
        }

        if (codes is not PickleArray { Type: { Code: "u2", Order: '<' } } array
            || array.Shape is not [var signals, var codebooks, var frames]
            || codebooks < 1 || signals > int.MaxValue || codebooks > int.MaxValue || frames > int.MaxValue)
        {
            throw new InvalidDataException("The .dac file's codes are no uint16 array of signals × codebooks × frames.");
        }

        // [signals, N, T], the last axis or (Fortran's order) the first one fastest → [signals, T, N].
        var (perSignal, perCodebook, perFrame) = array.IsFortranOrder
            ? (1L, signals, signals * codebooks) : (codebooks * frames, frames, 1L);
        var transposed = new ushort[array.Data.Length / sizeof(ushort)];
        var at = 0;
        for (var signal = 0; transposed.Length > 0 && signal < signals; signal++)
        {
            for (var frame = 0; frame < frames; frame++)
            {
                for (var codebook = 0; codebook < codebooks; codebook++)
                {
                    var from = (signal * perSignal) + (codebook * perCodebook) + (frame * perFrame);
                    transposed[at++] = BinaryPrimitives.ReadUInt16LittleEndian(array.Data.AsSpan((int)from * sizeof(ushort)));
                }
            }
        }

        var metadata = file.TryGet("metadata", out var value) && value is PickleMap map ? map : new PickleMap();
        return new DacFile(transposed, (int)signals, (int)frames, (int)codebooks, metadata);
    }

    /// <summary>The pickle behind the header of a .npy file with one Python object.</summary>
    private static ReadOnlySpan<byte> SkipNpyHeader(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 12 || bytes[0] != 0x93 || !bytes[1..].StartsWith("NUMPY"u8))
        {
            throw new InvalidDataException("This is no .dac file: it does not start as a .npy file.");
        }

        var (start, length) = bytes[6] == 1
            ? (10, BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]))
            : (12, BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
        if (length > bytes.Length - start || bytes.Slice(start, (int)length).IndexOf("'descr': '|O'"u8) < 0)
        {
            throw new InvalidDataException(
                $"This is no .dac file: the .npy header of {length} bytes at offset {start} is too long, or not that of an object.");
        }

        return bytes[(start + (int)length)..];
    }

    private static long? Number(PickleMap metadata, string name)
        => metadata.TryGet(name, out var value) && value is long number ? number : null;
}
