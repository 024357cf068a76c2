namespace Rvq.Checkpoints;

/// <summary>Says what a file holds that no codec's names fit.</summary>
internal static class UnknownCodec
{
    private const int ShownTensors = 8;
    private const int MostNames = 5;

    public static InvalidDataException Describe(TensorFile file, CodecFamily[] families, CodecHints hints)
    {
        var prefix = hints.Prefix;
        var under = prefix is null ? "" : $" under the prefix {TensorEntry.Quote(prefix)}";
        var tensors = file.Tensors.Where(tensor => prefix is null || tensor.Name.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
        foreach (var tensor in tensors)
        {
            if (OtherQuantizers.Describe(tensor.Name) is { } what)
            {
                return new InvalidDataException(
                    $"No known quantizer is in the file{under}: tensor {tensor} belongs to {what}. That cannot be read.");
            }
        }

        var likely = tensors.Where(IsLikely).Select(tensor => Explain(tensor, families)).Take(ShownTensors + 1).ToArray();
        return new InvalidDataException(
            $"No known quantizer is in the file{under}. "
            + (tensors.Length == 0 ? "It holds no tensors there."
                : likely.Length == 0 ? $"It holds {tensors.Length} tensors, none of which is called vq, quant, codebook or embed: "
                    + $"{Shown(tensors.Select(tensor => $"{tensor}"), tensors.Length)}."
                : $"Of its {tensors.Length} tensors these are called vq, quant, codebook or embed: {Shown(likely, likely.Length)}."));
    }

    private static bool IsLikely(TensorEntry tensor)
        => tensor.Name.Split('.').Any(part =>
            QuantizerScope.NamesAQuantizer(part) || part.Contains("embed", StringComparison.OrdinalIgnoreCase));

    private static string Shown(IEnumerable<string> texts, int count)
        => string.Join(", ", texts.Take(ShownTensors)) + (count > ShownTensors ? " and more" : "");

    /// <summary>
    /// A tensor with what was expected of it: the shape, where its name is a codebook's; the codebook's name, where it lies in a layer of a
    /// codec.
    /// </summary>
    private static string Explain(TensorEntry tensor, CodecFamily[] families)
    {
        var named = Array.FindAll(families, family => (family with { Rank = 0 }).PrefixOf(tensor) is not null);
        if (named.Length > 0)
        {
            return Array.Find(named, family => family.Rank != 0 && family.Rank != tensor.Shape.Length) is { } other
                ? $"{tensor} (a codebook of {other.Name} has {other.Rank} axes)"
                : $"{tensor} (a codebook only where its module is called a quantizer, with its layer's number from 0 on, "
                    + "or where nothing else is there)";
        }

        var near = families
            .Where(family => Layer(family.Marker) is { } layer && $".{tensor.Name}".Contains($".{layer}", StringComparison.Ordinal))
            .Select(family => $"'{family.Marker}' in {family.Name}").Distinct(StringComparer.Ordinal).Take(MostNames).ToArray();
        return near.Length == 0 ? $"{tensor}" : $"{tensor} (a codebook there is {string.Join(", ", near)})";
    }

    /// <summary>The part of a marker up to its layer's number, or null.</summary>
    private static string? Layer(string marker)
        => marker.LastIndexOf(".0.", StringComparison.Ordinal) is var at and > 0 ? marker[..(at + 3)] : null;
}
