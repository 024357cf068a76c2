using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Rvq.Streams;

/// <summary>
/// An .ecdc file as EnCodec writes it without its language model: a header, then segments of codes of 10 bits each. Immutable and
/// thread-safe.
/// </summary>
/// <remarks>
/// encodec_24khz has one segment of the whole audio; encodec_48khz has segments of 48000 samples every 47520, each with a scale. A file
/// whose codes EnCodec's language model has squeezed is refused. encodec.cpp writes files of the same header with the codes in another
/// order, which cannot be told from the file.
/// </remarks>
public sealed class EcdcFile
{
    private const int BitsPerCode = 10;
    private const int HeaderStart = 9;
    private const long MaxAudioLength = 1L << 40;

    private static readonly Model[] Models =
    [
        new("encodec_24khz", 24000, 75, 32, false, MaxAudioLength, MaxAudioLength),
        new("encodec_48khz", 48000, 150, 16, true, 48000, 47520),
    ];

    private readonly Model _model;
    private readonly int[] _codes;
    private readonly float[] _scales;
    private readonly int[] _starts;

    /// <summary>Joins codes to a file.</summary>
    /// <param name="modelName">encodec_24khz or encodec_48khz.</param>
    /// <param name="audioLength">The number of audio samples per channel, in [1, 2^40].</param>
    /// <param name="codebookCount">The number of codebooks: at most 32 at 24 kHz, 16 at 48 kHz.</param>
    /// <param name="codes">The codes of all segments one after the other, row-major [T, codebookCount], each in [0, 1024).</param>
    /// <param name="scales">The scale of each segment at 48 kHz, empty at 24 kHz; finite.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number or a code is out of range.</exception>
    /// <exception cref="ArgumentException">Another model, or lengths that do not fit the audio length.</exception>
    public EcdcFile(string modelName, long audioLength, int codebookCount, ReadOnlySpan<int> codes, ReadOnlySpan<float> scales = default)
    {
        ArgumentNullException.ThrowIfNull(modelName);
        ArgumentOutOfRangeException.ThrowIfLessThan(audioLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(audioLength, MaxAudioLength);
        _model = Array.Find(Models, model => model.Name == modelName)
            ?? throw new ArgumentException(
                $"modelName is {modelName}, but only encodec_24khz and encodec_48khz are known.", nameof(modelName));
        ArgumentOutOfRangeException.ThrowIfLessThan(codebookCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(codebookCount, _model.MaxCodebooks);
        var segments = _model.SegmentCount(audioLength);
        Argument.ThrowIfNotLength(scales.Length, nameof(scales), _model.HasScales ? segments : 0, "segments with scales");
        Argument.ThrowIfNotFinite(scales, 1, nameof(scales), "segment");
        var starts = new List<int> { 0 };
        var frames = 0L;
        for (var segment = 0L; segment < segments; segment++)
        {
            frames += _model.FrameCount(segment, audioLength);
            starts.Add((int)frames);
        }

        Argument.ThrowIfNotLength(codes.Length, nameof(codes), frames, "frames", codebookCount, "codes");
        CodePacking.ThrowIfTooLarge(codes, [BitsPerCode]);
        (AudioLength, CodebookCount) = (audioLength, codebookCount);
        (_codes, _scales, _starts) = (codes.ToArray(), scales.ToArray(), [.. starts]);
    }

    /// <summary>encodec_24khz or encodec_48khz.</summary>
    public string ModelName => _model.Name;

    /// <summary>The sample rate in Hz.</summary>
    public int SampleRate => _model.SampleRate;

    /// <summary>Frames per second: 75 or 150.</summary>
    public int FrameRate => _model.FrameRate;

    /// <summary>The number of audio samples per channel.</summary>
    public long AudioLength { get; }

    /// <summary>The number of codebooks.</summary>
    public int CodebookCount { get; }

    /// <summary>The number of segments: 1 at 24 kHz, one every 0.99 s at 48 kHz.</summary>
    public int SegmentCount => _starts.Length - 1;

    /// <summary>The codes of all segments one after the other, row-major [T, <see cref="CodebookCount"/>].</summary>
    public ReadOnlySpan<int> Codes => _codes;

    /// <summary>The scale of each segment at 48 kHz, by which the decoded audio is multiplied; empty at 24 kHz.</summary>
    public ReadOnlySpan<float> Scales => _scales;

    /// <summary>The codes of one segment.</summary>
    /// <param name="segment">The segment, in [0, <see cref="SegmentCount"/>).</param>
    /// <returns>Codes, row-major [frames of the segment, <see cref="CodebookCount"/>].</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="segment"/> is out of range.</exception>
    public ReadOnlySpan<int> GetCodes(int segment)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(segment);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(segment, SegmentCount);

        return _codes.AsSpan(_starts[segment] * CodebookCount, (_starts[segment + 1] - _starts[segment]) * CodebookCount);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <returns>Its codes.</returns>
    /// <exception cref="InvalidDataException">
    /// It is no whole .ecdc file of a known model, or needs EnCodec's language model; the message says what is wrong and where.
    /// </exception>
    public static EcdcFile Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderStart || !bytes.StartsWith("ECDC\0"u8))
        {
            throw new InvalidDataException(
                "This is no .ecdc file of version 0: it does not start with ECDC and a zero byte, or ends before offset 9.");
        }

        var headerLength = BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]);
        if (headerLength > bytes.Length - HeaderStart)
        {
            throw new InvalidDataException(
                $"The .ecdc header at offset 9 is said to have {headerLength} bytes, but only {bytes.Length - HeaderStart} follow.");
        }

        var (model, audioLength, codebooks) = ReadHeader(bytes.Slice(HeaderStart, (int)headerLength));
        var at = HeaderStart + (int)headerLength;
        var codes = new ArrayBufferWriter<int>();
        var scales = new List<float>();
        var segments = model.SegmentCount(audioLength);
        for (var segment = 0L; segment < segments; segment++)
        {
            var count = model.FrameCount(segment, audioLength) * codebooks;
            var length = (model.HasScales ? sizeof(float) : 0) + (((count * BitsPerCode) + 7) / 8);
            if (length > bytes.Length - at)
            {
                throw new InvalidDataException(
                    $"Segment {segment} at offset {at} needs {length} bytes, but only {bytes.Length - at} follow.");
            }

            if (model.HasScales)
            {
                scales.Add(BinaryPrimitives.ReadSingleBigEndian(bytes[at..]));
                at += sizeof(float);
                if (!float.IsFinite(scales[^1]))
                {
                    throw new InvalidDataException($"Segment {segment} has the scale {scales[^1]} at offset {at - sizeof(float)}.");
                }
            }

            at += CodePacking.Unpack(bytes[at..], BitsPerCode, codes.GetSpan((int)count)[..(int)count]);
            codes.Advance((int)count);
        }

        return at == bytes.Length
            ? new EcdcFile(model.Name, audioLength, codebooks, codes.WrittenSpan, CollectionsMarshal.AsSpan(scales))
            : throw new InvalidDataException($"{bytes.Length - at} bytes follow the last segment, which ends at offset {at}.");
    }

    /// <summary>Writes the file, byte for byte as EnCodec does.</summary>
    /// <returns>The whole file.</returns>
    public byte[] ToArray()
    {
        var header = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $$"""{"m": "{{ModelName}}", "al": {{AudioLength}}, "nc": {{CodebookCount}}, "lm": false}"""));
        var bytes = new ArrayBufferWriter<byte>();
        bytes.Write("ECDC\0"u8);
        BinaryPrimitives.WriteInt32BigEndian(bytes.GetSpan(sizeof(int)), header.Length);
        bytes.Advance(sizeof(int));
        bytes.Write(header);
        for (var segment = 0; segment < SegmentCount; segment++)
        {
            if (_model.HasScales)
            {
                BinaryPrimitives.WriteSingleBigEndian(bytes.GetSpan(sizeof(float)), _scales[segment]);
                bytes.Advance(sizeof(float));
            }

            var codes = GetCodes(segment);
            bytes.Advance(CodePacking.Pack(codes, BitsPerCode, bytes.GetSpan(CodePacking.GetByteCount(codes.Length, BitsPerCode))));
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static (Model Model, long AudioLength, int CodebookCount) ReadHeader(ReadOnlySpan<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.ToArray());
            var header = document.RootElement;
            var name = header.GetProperty("m").GetString();
            var model = Array.Find(Models, model => model.Name == name)
                ?? throw new InvalidDataException(
                    $"The .ecdc file was made by the model {name}; only encodec_24khz and encodec_48khz are known.");
            if (header.TryGetProperty("lm", out var languageModel) && languageModel.GetBoolean())
            {
                throw new InvalidDataException(
                    "The .ecdc file was squeezed by EnCodec's language model (lm is true), which cannot be undone here; write it without.");
            }

            var audioLength = header.GetProperty("al").GetInt64();
            var codebooks = header.GetProperty("nc").GetInt32();
            return audioLength is >= 1 and <= MaxAudioLength && codebooks >= 1 && codebooks <= model.MaxCodebooks
                ? (model, audioLength, codebooks)
                : throw new InvalidDataException(
                    $"The .ecdc header says {audioLength} samples and {codebooks} codebooks, which {name} cannot have.");
        }
        catch (Exception exception) when (
            exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"The .ecdc header at offset 9 is not as it must be: {exception.Message}", exception);
        }
    }

    private sealed record Model(
        string Name, int SampleRate, int FrameRate, int MaxCodebooks, bool HasScales, long SegmentSamples, long SegmentStride)
    {
        public long SegmentCount(long audioLength) => ((audioLength - 1) / SegmentStride) + 1;

        public long FrameCount(long segment, long audioLength)
        {
            var samples = Math.Min(SegmentSamples, audioLength - (segment * SegmentStride));
            return ((samples * FrameRate) + SampleRate - 1) / SampleRate;
        }
    }
}
