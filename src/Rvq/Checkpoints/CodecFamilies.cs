namespace Rvq.Checkpoints;

/// <summary>
/// The table of codecs: recognises whose tensors a file holds and makes the model. A file is understood whole or refused: the codec must
/// know every tensor of the quantizer's module (<see cref="QuantizerScope"/>), and a second quantizer must be told apart by the caller.
/// </summary>
internal static class CodecFamilies
{
    // A tensor is the marker of the first family that fits, so longer and more particular names come first.
    private static readonly CodecFamily[] All =
        [.. MimiFamily.Rows, .. EncodecFamily.Rows, .. DacFamily.Rows, .. ResidualVqFamily.Rows, .. PlainFamilies.Rows];

    public static RvqModel Read(TensorFile file, CodecHints hints)
    {
        var wanted = hints.Prefix;
        var found = Find(file, hints, wanted);
        if (found.Count == 0)
        {
            throw UnknownCodec.Describe(file, All, hints);
        }

        var (family, prefix, _) = found[0];
        var tensors = new CodecTensors(file, prefix);
        var stacks = family.Build(tensors, hints);
        found.RemoveAll(other => tensors.Took(other.Marker));
        if (found.Count > 0)
        {
            throw Several(family, [prefix, .. found.Select(other => other.Prefix)]);
        }

        ThrowIfMoreIsThere(file, family, tensors, hints, new QuantizerScope(file, prefix, family, wanted));
        ThrowIfNoCodebook(stacks, family, prefix);
        return WithRates(stacks, family, hints.Config);
    }

    /// <summary>The quantizers of a file in the order of the table, some of which may be parts of others.</summary>
    private static List<(CodecFamily Family, string Prefix, string Marker)> Find(TensorFile file, CodecHints hints, string? wanted)
    {
        var families = Named(hints.Options.Family);
        var found = new List<(int Row, string Prefix, string Marker)>();
        foreach (var tensor in file.Tensors)
        {
            if ((wanted is null || tensor.Name.StartsWith(wanted, StringComparison.Ordinal)) && !hints.Ignores(tensor.Name))
            {
                var row = Array.FindIndex(families, family => Fits(family, tensor, file, hints, wanted));
                if (row >= 0)
                {
                    found.Add((row, families[row].PrefixOf(tensor)!, tensor.Name));
                }
            }
        }

        return
        [
            .. found.OrderBy(quantizer => quantizer.Row)
                .Select(quantizer => (families[quantizer.Row], quantizer.Prefix, quantizer.Marker)),
        ];
    }

    private static bool Fits(CodecFamily family, TensorEntry tensor, TensorFile file, CodecHints hints, string? wanted)
        => family.PrefixOf(tensor) is { } prefix
            && (wanted is null || prefix.StartsWith(wanted, StringComparison.Ordinal))
            && (prefix == wanted
                || (family.AllowsPrefix(prefix) && (!family.IsBare || prefix.Length > 0 || StandsAlone(tensor, file, hints))))
            && family.Fits(new CodecTensors(file, prefix), hints);

    /// <summary>Whether the file holds nothing but a table, its statistics and a layer over it; text models have such tables too.</summary>
    private static bool StandsAlone(TensorEntry table, TensorFile file, CodecHints hints)
        => file.Tensors.All(other => other == table || other.Shape.Length < 2
            || HarmlessBuffers.Contains(other.Name) || hints.Ignores(other.Name)
            || other.Name.Contains("_proj.", StringComparison.Ordinal));

    private static CodecFamily[] Named(string? name)
    {
        if (name is null)
        {
            return Array.FindAll(All, family => !family.OnlyByName);
        }

        name = PublishedCodec.FamilyOf(name) ?? name;
        var families = Array.FindAll(All, family => string.Equals(family.Name, name, StringComparison.OrdinalIgnoreCase));
        return families.Length > 0
            ? families
            : throw new InvalidDataException(
                $"LoadOptions.Family is {TensorEntry.Quote(name)}; known are "
                + $"{string.Join(", ", All.Select(family => family.Name).Distinct(StringComparer.Ordinal))}.");
    }

    private static InvalidDataException Several(CodecFamily family, string[] prefixes)
    {
        var shown = string.Join(", ", prefixes.Distinct(StringComparer.Ordinal).Take(5).Select(TensorEntry.Quote));
        var numbered = prefixes.Select(WithoutNumbers).Distinct(StringComparer.Ordinal).Count() == 1;
        return new InvalidDataException(numbered && !family.HasNumberedQuantizers
            ? $"The file holds codebooks under {shown}, which are parts of one quantizer, but of no codec that is known; "
                + $"the nearest is {family.Name}."
            : $"The file holds several quantizers, under {shown}; LoadOptions.Prefix chooses one.");
    }

    private static string WithoutNumbers(string prefix)
        => string.Join('.', prefix.Split('.').Select(part => part.All(char.IsAsciiDigit) ? "" : part));

    private static void ThrowIfMoreIsThere(
        TensorFile file, CodecFamily family, CodecTensors tensors, CodecHints hints, QuantizerScope scope)
    {
        foreach (var tensor in file.Tensors)
        {
            if (!scope.Contains(tensor.Name) || tensors.Took(tensor.Name) || hints.Ignores(tensor.Name)
                || Array.Exists(family.Beside, name => tensor.Name.StartsWith(tensors.Prefix + name, StringComparison.Ordinal)))
            {
                continue;
            }

            var other = OtherQuantizers.Describe(tensor.Name);
            if (other is not null || !HarmlessBuffers.Contains(tensor.Name))
            {
                throw new InvalidDataException(
                    $"Tensor {tensor} lies in the quantizer, but {family.Name}, the nearest codec, has no such tensor: "
                    + (other is null
                        ? "the file is another codec's, or of a newer version of it than this library knows. "
                            + "LoadOptions.IgnoreTensors names tensors that change nothing."
                        : $"it belongs to {other}. That cannot be read."));
            }
        }
    }

    private static void ThrowIfNoCodebook(ResidualStack[] stacks, CodecFamily family, string prefix)
    {
        var stages = stacks.SelectMany(stack => stack.Stages.ToArray()).ToArray();
        var single = Array.FindIndex(stages, stage => stage.Codebook.Size == 1);
        if (single >= 0)
        {
            throw new InvalidDataException(
                $"Codebook {single} under {TensorEntry.Quote(prefix)}, read as {family.Name}'s, has shape "
                + $"[1, {stages[single].Codebook.Dimensions}]: a single codeword is no codebook.");
        }
    }

    private static RvqModel WithRates(ResidualStack[] stacks, CodecFamily family, CodecConfig config)
    {
        var model = new RvqModel(stacks);
        var codebook = model.Stages[0].Codebook;
        var published = PublishedCodec.Find(
            family.Name, model.CodebookCount, codebook.Size, codebook.Dimensions, model.Dimensions, config.SampleRate);
        return new RvqModel(stacks)
        {
            Family = model.FramesPerBlock > 1 ? "SNAC" : published?.Name ?? family.Name,
            SampleRate = config.SampleRate ?? published?.SampleRate,
            HopLength = config.HopLength ?? published?.HopLength,
        };
    }
}
