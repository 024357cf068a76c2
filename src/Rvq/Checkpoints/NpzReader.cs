namespace Rvq.Checkpoints;

/// <summary>Reads numpy's .npz: a zip file of .npy files, stored or deflated, whose names are the tensors'.</summary>
internal static class NpzReader
{
    private const string Extension = ".npy";

    // Weights hardly shrink; a few zeros beside them shrink well.
    private const long FreeBytes = 1 << 20;
    private const int MaxGrowth = 64;

    public static bool Recognises(ZipDirectory zip) => zip.Entries.Any(IsArray);

    public static TensorFile Read(Stream stream, ZipDirectory zip)
    {
        var joined = new JoinedStream(stream, 0, stream.Length);
        var left = FreeBytes + (MaxGrowth * stream.Length);
        var tensors = new List<TensorEntry>();
        foreach (var entry in zip.Entries.Where(IsArray))
        {
            var name = entry.Name[..^Extension.Length];
            if (entry.Method == 0)
            {
                tensors.Add(NpyTensor.Read(stream, zip.Locate(entry), entry.Length, name));
                continue;
            }

            var bytes = zip.Inflate(entry, left);
            left -= bytes.Length;
            tensors.Add(NpyTensor.Read(
                joined, joined.Append(bytes), bytes.Length, name) with
            { Place = $"in the zip entry {TensorEntry.Quote(entry.Name)}" });
        }

        return new TensorFile(joined, tensors, new Dictionary<string, string>()) { Format = "npz" };
    }

    private static bool IsArray(ZipDirectory.Entry entry) => entry.Name.EndsWith(Extension, StringComparison.Ordinal);
}
