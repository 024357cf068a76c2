namespace Rvq.Checkpoints;

/// <summary>
/// Reads PyTorch's zip format and TorchScript's: <c>{root}/data.pkl</c> describes the tensors, <c>{root}/data/{key}</c> are their storages.
/// </summary>
internal static class TorchZipReader
{
    private const int MaxPickleBytes = 64_000_000;
    private const int MaxByteOrderBytes = 16;
    private const string DataPickle = "/data.pkl";

    /// <summary>Whether a zip is one: it has a pickle of that name.</summary>
    public static bool Recognises(ZipDirectory zip) => zip.Entries.Any(IsDataPickle);

    public static TensorFile Read(Stream stream, ZipDirectory zip)
    {
        var pickles = zip.Entries.Where(IsDataPickle).Take(2).ToArray();
        if (pickles is not [var pickle])
        {
            throw new InvalidDataException(
                $"The zip file holds several PyTorch files, {TensorEntry.Quote(pickles[0].Name)} and {TensorEntry.Quote(pickles[1].Name)}; "
                + "unpack it first.");
        }

        var root = pickle.Name[..^(DataPickle.Length - 1)];
        if (zip.Find($"{root}byteorder") is { } order && !zip.Read(order, MaxByteOrderBytes).AsSpan().StartsWith("little"u8))
        {
            throw new InvalidDataException("The PyTorch file was written on a big-endian machine, which is not supported.");
        }

        var isScript = zip.Find($"{root}constants.pkl") is not null;
        var contents = new TorchContents(new JoinedStream(stream, 0, stream.Length), (name, storage) => Locate(zip, root, name, storage));
        return contents.Read(PickleReader.Read(zip.Read(pickle, MaxPickleBytes)), isScript ? "TorchScript" : "PyTorch");
    }

    private static bool IsDataPickle(ZipDirectory.Entry entry) => entry.Name.EndsWith(DataPickle, StringComparison.Ordinal);

    private static long Locate(ZipDirectory zip, string root, string name, PickleStorage storage)
    {
        var entry = zip.Find($"{root}data/{storage.Key}")
            ?? throw new InvalidDataException(
                $"Tensor {TensorEntry.Quote(name)} has no storage {TensorEntry.Quote($"{root}data/{storage.Key}")} in the zip file.");
        return (Int128)storage.Count * storage.ElementSize == entry.Length
            ? zip.Locate(entry)
            : throw new InvalidDataException(
                $"Tensor {TensorEntry.Quote(name)} has a storage of {storage.Count} values of {storage.ElementSize} bytes, "
                + $"but {TensorEntry.Quote(entry.Name)} at byte {entry.LocalHeader} has {entry.Length} bytes.");
    }
}
