using System.Buffers.Binary;

namespace Rvq.Checkpoints;

/// <summary>
/// Reads PyTorch's format of before version 1.6: pickles of a magic number, a version, the machine, the content and the storages' keys,
/// then for each key the number of elements in 64 bits and the elements.
/// </summary>
internal static class LegacyTorchReader
{
    private const int MaxPickleBytes = 64_000_000;

    private static ReadOnlySpan<byte> MagicNumber => [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];

    public static bool Recognises(ReadOnlySpan<byte> start)
        => start.Length > 2 && start[0] == 0x80 && start[2..Math.Min(start.Length, MagicNumber.Length + 11)].IndexOf(MagicNumber) is 0 or 9;

    public static TensorFile Read(Stream stream)
    {
        var bytes = new byte[Math.Min(stream.Length, MaxPickleBytes)];
        stream.Position = 0;
        stream.ReadExactly(bytes);
        var at = 0;
        var storages = new List<PickleStorage>();
        Next(bytes, ref at, []);
        Next(bytes, ref at, []);
        if (Next(bytes, ref at, []) is PickleMap machine && machine.TryGet("little_endian", out var little) && little is false)
        {
            throw new InvalidDataException("The PyTorch file was written on a big-endian machine, which is not supported.");
        }

        var root = Next(bytes, ref at, storages);
        var keys = Next(bytes, ref at, []) as List<object?>
            ?? throw new InvalidDataException($"There is no list of storages before byte {at}.");
        var starts = Locate(stream, at, keys, storages);
        return new TorchContents(new JoinedStream(stream, 0, stream.Length), (name, storage) => Find(name, storage, starts))
            .Read(root, "PyTorch (before 1.6)");
    }

    private static object? Next(byte[] bytes, ref int at, List<PickleStorage> storages)
    {
        try
        {
            var value = PickleReader.Read(bytes.AsSpan(at), storages, out var length);
            at += length;
            return value;
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"In the pickle at byte {at} of the file: {e.Message}", e);
        }
    }

    /// <summary>The first byte and the number of elements of each storage.</summary>
    private static Dictionary<string, (long Start, long Count)> Locate(
        Stream stream, long at, List<object?> keys, List<PickleStorage> storages)
    {
        var sizes = new Dictionary<string, int>(StringComparer.Ordinal);
        storages.ForEach(storage => sizes[storage.Key] = storage.ElementSize);
        var starts = new Dictionary<string, (long, long)>(StringComparer.Ordinal);
        Span<byte> number = stackalloc byte[sizeof(long)];
        foreach (var item in keys)
        {
            if (item is not string key || sizes.GetValueOrDefault(key) is not (> 0 and var size))
            {
                throw new InvalidDataException(
                    $"The storage {TensorEntry.Quote(item as string ?? "?")} at byte {at} has a type that is not known.");
            }

            stream.Position = at;
            stream.ReadExactly(number);
            var count = BinaryPrimitives.ReadInt64LittleEndian(number);
            at += sizeof(long);
            if (count < 0 || count > (stream.Length - at) / size)
            {
                throw new InvalidDataException(
                    $"The storage {TensorEntry.Quote(key)} at byte {at} has {count} values of {size} bytes, but {stream.Length - at} bytes "
                    + "are left.");
            }

            starts[key] = (at, count);
            at += count * size;
        }

        return starts;
    }

    private static long Find(string name, PickleStorage storage, Dictionary<string, (long Start, long Count)> starts)
        => starts.TryGetValue(storage.Key, out var found) && storage.Start <= found.Count && storage.Count <= found.Count - storage.Start
            ? found.Start
            : throw new InvalidDataException(
                $"Tensor {TensorEntry.Quote(name)} needs {storage.Count} values from {storage.Start} of the storage "
                + $"{TensorEntry.Quote(storage.Key)}, which has {found.Count}.");
}
