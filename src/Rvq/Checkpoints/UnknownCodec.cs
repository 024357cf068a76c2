namespace Rvq.Checkpoints;

/// <summary>Says what a file holds that no codec's names fit, and which codec comes nearest.</summary>
internal static class UnknownCodec
{
    private const int ShownTensors = 5;
    private const int ComparedTensors = 10_000;

    public static InvalidDataException Describe(TensorFile file, CodecFamily[] families, string? prefix)
    {
        var shown = string.Join(", ", file.Tensors.Take(ShownTensors));
        var more = file.Tensors.Count > ShownTensors ? $" and {file.Tensors.Count - ShownTensors} more" : "";
        var found = file.Tensors.Count == 0 ? "no tensors" : $"{file.Tensors.Count} tensors: {shown}{more}";
        var under = prefix is null ? "" : $" under the prefix {TensorEntry.Quote(prefix)}";
        var nearest = families.MaxBy(family => file.Tensors.Take(ComparedTensors).Select(tensor => Likeness(family.Marker, tensor.Name)).DefaultIfEmpty().Max())!;
        return new InvalidDataException(
            $"No known quantizer is in the file{under}. It holds {found}. The nearest codec is {nearest.Name}, whose tensor '{nearest.Marker}' is missing"
            + (nearest.Rank == 0 ? "." : $" or has another number of dimensions than {nearest.Rank}."));
    }

    /// <summary>The share of the marker's parts that the name has in the same order; the first, which tells codecs apart, counts twice.</summary>
    private static double Likeness(string marker, string name)
    {
        var (parts, names) = (marker.Split('.'), name.Split('.'));
        var (met, from) = (0, 0);
        for (var i = 0; i < parts.Length; i++)
        {
            var at = Array.IndexOf(names, parts[i], from);
            if (at >= 0)
            {
                met += i == 0 ? 2 : 1;
                from = at + 1;
            }
        }

        return (double)met / (parts.Length + 1);
    }
}
