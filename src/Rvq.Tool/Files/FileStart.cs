using System.Buffers;
using System.IO.Pipelines;

namespace Rvq.Tool.Files;

/// <summary>Tells files by their first bytes, so that a message names what somebody has instead of what it is not.</summary>
internal static class FileStart
{
    /// <summary>The bytes that are looked at.</summary>
    public const int Length = 512;

    /// <summary>The first bytes of a stream, without taking them.</summary>
    /// <param name="stream">The stream; one that cannot seek is replaced by one that still has the bytes.</param>
    public static byte[] Peek(ref Stream stream)
    {
        if (stream.CanSeek)
        {
            var bytes = new byte[Length];
            var read = stream.ReadAtLeast(bytes, Length, throwOnEndOfStream: false);
            stream.Position -= read;
            return bytes[..read];
        }

        var pipe = PipeReader.Create(stream);
        var buffer = pipe.ReadAtLeastAsync(Length).AsTask().GetAwaiter().GetResult().Buffer;
        var start = buffer.Slice(0, Math.Min(buffer.Length, Length)).ToArray();
        pipe.AdvanceTo(buffer.Start);
        stream = pipe.AsStream();
        return start;
    }

    /// <summary>Whether a file starts as an .rvq stream does.</summary>
    public static bool IsRvq(ReadOnlySpan<byte> start) => start is [0x89, (byte)'R', (byte)'V', (byte)'Q', ..];

    /// <summary>Whether a file starts as an .ecdc file of EnCodec does.</summary>
    public static bool IsEcdc(ReadOnlySpan<byte> start) => start.StartsWith("ECDC"u8);

    /// <summary>Whether a file starts as a .dac file does: a .npy file of Python objects.</summary>
    public static bool IsDac(ReadOnlySpan<byte> start) => IsNpy(start) && start.IndexOf("'|O'"u8) > 0;

    /// <summary>Whether a file is a .npy file of integers.</summary>
    public static bool IsIntegers(ReadOnlySpan<byte> start)
        => IsNpy(start) && start.IndexOf("'descr': '"u8) is >= 0 and var at && start.Length > at + 11
            && start[at + 11] is ((byte)'i' or (byte)'u');

    /// <summary>What to say of a file that is not of the kind that is expected.</summary>
    /// <param name="start">Its first bytes.</param>
    /// <param name="expected">The kind, as in "a .npy file".</param>
    public static InvalidDataException Unexpected(ReadOnlySpan<byte> start, string expected)
        => new(Name(start) is var (what, advice)
            ? $"It is {what}, where {expected} is expected{(advice.Length == 0 ? "" : $"; {advice}")}."
            : $"It does not start as {expected} does.");

    private static (string What, string Advice)? Name(ReadOnlySpan<byte> start)
    {
        const string Convert = "sox or ffmpeg makes a WAV file of it";
        const string Again = "the download went wrong";
        return start switch
        {
            [] => ("empty", ""),
            _ when IsRvq(start) => ("an .rvq stream of codes", ""),
            _ when IsEcdc(start) => ("an .ecdc file of codes", ""),
            _ when IsDac(start) => ("a .dac file of codes, or another .npy file of Python objects", ""),
            _ when IsNpy(start) => ("a .npy file", ""),
            _ when start.StartsWith("PK\x03\x04"u8) => Zip(start),
            _ when start.StartsWith("version https://git-lfs"u8) => ("a Git LFS pointer, not the file itself", "'git lfs pull' fetches it"),
            _ when IsHtml(start) => ("an HTML page", Again),
            _ when start.StartsWith("<?xml"u8) => ("an XML file", Again),
            _ when start.StartsWith("fLaC"u8) => ("a FLAC file", Convert),
            _ when start.StartsWith("OggS"u8) => ("an Ogg file", Convert),
            _ when start.StartsWith("FORM"u8) => ("an AIFF file", Convert),
            _ when start.StartsWith("ID3"u8) || start is [0xFF, 0xFB or 0xFA or 0xF3 or 0xF2 or 0xE3, ..] => ("an MP3 file", Convert),
            _ when start.StartsWith("RIFF"u8) || start.StartsWith("RIFX"u8) || start.StartsWith("RF64"u8) || start.StartsWith("riff"u8)
                => ("a WAV file", ""),
            _ when start.Length > 8 && start[4..].StartsWith("ftyp"u8) => ("an MP4 file", Convert),
            _ when start.StartsWith("PAR1"u8) => ("a Parquet file", ""),
            _ when start.Length > 4 && start[1..].StartsWith("HDF"u8) => ("an HDF5 file", ""),
            _ when start.Length > 9 && start[8] == '{' && start[6] == 0 && start[7] == 0 => ("a safetensors file", ""),
            [0x1F, 0x8B, ..] => ("a gzip file", "gunzip unpacks it"),
            [0x80, >= 2 and <= 5, ..] => ("a Python pickle", ""),
            _ when start.StartsWith("{"u8) => ("a JSON file", ""),
            _ when IsText(start) => ("a text file", ""),
            _ => null,
        };
    }

    // An .npz archive holds .npy files; PyTorch's archives have a folder.
    private static (string What, string Advice) Zip(ReadOnlySpan<byte> start)
        => start.IndexOf(".npy"u8) > 0 ? ("an .npz archive of arrays", "numpy.save writes one of them as a .npy file")
            : start.IndexOf("/data.pkl"u8) > 0 || start.IndexOf("/version"u8) > 0 ? ("a PyTorch checkpoint", "")
            : ("a zip archive", "");

    private static bool IsNpy(ReadOnlySpan<byte> start) => start.Length > 6 && start[0] == 0x93 && start[1..].StartsWith("NUMPY"u8);

    private static bool IsHtml(ReadOnlySpan<byte> start)
    {
        var text = start.TrimStart(" \t\r\n"u8);
        return text.Length > 5 && System.Text.Encoding.Latin1.GetString(text[..Math.Min(text.Length, 15)]) is var word
            && (word.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
                || word.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsText(ReadOnlySpan<byte> start)
        => !start.ContainsAnyExceptInRange((byte)9, (byte)126) && !start.ContainsAnyInRange((byte)14, (byte)31);
}
