using System.Globalization;

namespace Rvq.Checkpoints;

/// <summary>
/// Arrays that nothing calls a codebook: a .npy file, an .npz of arrays, a list of tensors. They are codebooks only if the caller says so:
/// one of [K, D], several of [K, D] in the order of the file's numbers, or one of [N, K, D].
/// </summary>
internal static class BareCodebooks
{
    /// <summary>Whether the caller says so, or the file holds nothing but arrays without names.</summary>
    public static bool Recognises(TensorFile file, LoadOptions options)
        => options.BareCodebooks || (file.Tensors.Count > 0 && file.Tensors.All(tensor => Number(tensor.Name) is not null));

    public static RvqModel Read(TensorFile file, CodecHints hints)
    {
        var options = hints.Options;
        var prefix = options.Prefix ?? "";
        var arrays = file.Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
        var shown = string.Join(", ", arrays.Take(5).Select(array => array.ToString()));
        if (!options.BareCodebooks)
        {
            throw new InvalidDataException(
                $"The file holds arrays without names: {shown}. If they are the codebooks of a residual quantizer, "
                + "LoadOptions.BareCodebooks says so.");
        }

        var tensors = new CodecTensors(file, "");
        Codebook[] codebooks = arrays switch
        {
            [{ Shape: [_, _, _] } stacked] => tensors.Codebooks(stacked.Name),
            [{ Shape: [_, _] } single] => [tensors.Codebook(single.Name)],
            [_, ..] when Array.TrueForAll(arrays, array => array.Shape is [_, _]) => [.. InOrder(arrays, prefix).Select(tensors.Codebook)],
            _ => throw new InvalidDataException(
                "LoadOptions.BareCodebooks wants one array [N, K, D] or arrays [K, D] alone, but under the prefix "
                + $"{TensorEntry.Quote(prefix)} the file holds {arrays.Length} arrays: {shown}."),
        };
        return new RvqModel(new ResidualStack([.. codebooks.Select(codebook => hints.Stage(codebook))]))
        {
            SampleRate = hints.Config.SampleRate,
            HopLength = hints.Config.HopLength,
        };
    }

    /// <summary>The names by their numbers, which must run from 0 without a gap.</summary>
    private static string[] InOrder(TensorEntry[] arrays, string prefix)
    {
        var byNumber = new SortedDictionary<int, string>();
        foreach (var array in arrays)
        {
            if (Number(array.Name[prefix.Length..].Trim('.', '_')) is not { } number || !byNumber.TryAdd(number, array.Name))
            {
                throw array.Invalid(
                    "is one of several arrays; they must be numbered for their order to be known, or LoadOptions.Prefix choose one.");
            }
        }

        return byNumber.Keys.SequenceEqual(Enumerable.Range(0, arrays.Length))
            ? [.. byNumber.Values]
            : throw new InvalidDataException($"The {arrays.Length} arrays have the numbers {string.Join(", ", byNumber.Keys.Take(5))}, …; "
                + "from 0 on without a gap are expected.");
    }

    /// <summary>The number that numpy and lists give to arrays without names, or null.</summary>
    private static int? Number(string name)
    {
        const string Numpy = "arr_";
        return name is "" or NpyTensor.Name ? 0
            : int.TryParse(name.StartsWith(Numpy, StringComparison.Ordinal) ? name[Numpy.Length..] : name, NumberStyles.None,
                CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }
}
