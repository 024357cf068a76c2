using System.Text;

namespace Rvq.Checkpoints;

/// <summary>Finds the checkpoint in a tar file, as NVIDIA's .nemo is: blocks of 512 bytes, a header before each file.</summary>
internal static class TarReader
{
    private const int BlockBytes = 512;
    private const int MaxConfigBytes = 1 << 16;
    private const int MaxEntries = 1 << 16;
    private const string Config = "model_config.yaml";

    private static readonly string[] Extensions = [".ckpt", ".pt", ".pth", ".bin", ".safetensors"];

    public static bool Recognises(Stream stream)
    {
        Span<byte> magic = stackalloc byte[5];
        stream.Position = Math.Min(257, stream.Length);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("ustar"u8);
    }

    public static TensorFile Read(Stream stream, int nesting)
    {
        var cursor = new StreamCursor(stream, "tar file");
        var files = Entries(cursor).ToArray();
        var checkpoints = Array.FindAll(files, file => Extensions.Contains(Path.GetExtension(file.Name)));
        if (checkpoints is not [var checkpoint])
        {
            throw new InvalidDataException(
                $"The tar file holds {checkpoints.Length} checkpoints among its {files.Length} files "
                + $"({string.Join(", ", checkpoints.Take(5).Select(file => TensorEntry.Quote(file.Name)))}); "
                + "one is loaded from such a file, as from .nemo.");
        }

        var inner = CheckpointReader.Open(new JoinedStream(stream, checkpoint.Start, checkpoint.Length), nesting);
        var metadata = inner.Metadata.ToDictionary(StringComparer.Ordinal);
        if (Array.Find(files, file => Path.GetFileName(file.Name) == Config) is { Length: > 0 and <= MaxConfigBytes } config)
        {
            var bytes = new byte[config.Length];
            stream.Position = config.Start;
            stream.ReadExactly(bytes);
            metadata.TryAdd(Config, Encoding.UTF8.GetString(bytes));
        }

        return inner.With($"{inner.Format} in a tar file", metadata);
    }

    private static IEnumerable<(string Name, long Start, long Length)> Entries(StreamCursor cursor)
    {
        for (var i = 0; cursor.Remaining >= BlockBytes; i++)
        {
            var header = cursor.Bytes(BlockBytes, BlockBytes, "header");
            if (header[0] == 0)
            {
                yield break;
            }

            var size = Size(header.AsSpan(124, 12)) ?? throw cursor.Invalid("has a header without a size");
            if (size > cursor.Remaining || i == MaxEntries)
            {
                throw cursor.Invalid($"has an entry of {size} bytes where {cursor.Remaining} are left, or more than {MaxEntries} entries");
            }

            var name = Encoding.UTF8.GetString(header.AsSpan(0, 100)).Split('\0')[0];
            if (header[156] is (byte)'0' or 0) // a file, no folder, link or extended header
            {
                yield return (name, cursor.Position, size);
            }

            cursor.Skip(Math.Min((size + BlockBytes - 1) / BlockBytes * BlockBytes, cursor.Remaining), "entry");
        }
    }

    /// <summary>A size in octal digits, or where it is too long for them in base 256 behind a byte 0x80.</summary>
    private static long? Size(ReadOnlySpan<byte> field)
    {
        var size = 0L;
        if (field[0] == 0x80)
        {
            foreach (var part in field[4..])
            {
                size = (size << 8) | part;
            }

            return size < 0 ? null : size;
        }

        foreach (var digit in field.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                return null;
            }

            size = (size << 3) | (uint)(digit - '0');
        }

        return size;
    }
}
