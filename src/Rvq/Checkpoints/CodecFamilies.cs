namespace Rvq.Checkpoints;

/// <summary>The table of codecs: recognises whose tensors a file holds and makes the model.</summary>
internal static class CodecFamilies
{
    // Kyutai's old aliases and ResidualVQ's names end like others, so the longer names come first.
    private static readonly CodecFamily[] All =
        [.. MimiFamily.Rows, .. EncodecFamily.Rows, .. DacFamily.Rows, .. ResidualVqFamily.Rows, .. PlainFamilies.Rows];

    public static RvqModel Read(TensorFile file, CodecHints hints)
    {
        foreach (var family in All)
        {
            if (ChoosePrefix(family, file, hints.Options.Prefix) is { } prefix)
            {
                var stacks = family.Build(new CodecTensors(file, prefix), hints);
                return WithRates(stacks, family, hints.Config);
            }
        }

        throw UnknownCodec.Describe(file, All, hints.Options.Prefix);
    }

    private static string? ChoosePrefix(CodecFamily family, TensorFile file, string? wanted)
    {
        var prefixes = file.Tensors.Select(family.PrefixOf).OfType<string>();
        if (wanted is not null)
        {
            // "audio_encoder." leads to audio_encoder.quantizer.vq.layers….
            prefixes = prefixes.Where(prefix => prefix.StartsWith(wanted, StringComparison.Ordinal));
        }

        var found = prefixes.Take(5).ToArray();
        return found.Length switch
        {
            0 => null,
            1 => found[0],
            _ => throw new InvalidDataException(
                $"The file holds several {family.Name} quantizers, under {string.Join(", ", found.Select(TensorEntry.Quote))}; LoadOptions.Prefix chooses one."),
        };
    }

    private static RvqModel WithRates(ResidualStack[] stacks, CodecFamily family, CodecConfig config)
    {
        var model = new RvqModel(stacks);
        var published = PublishedCodec.Find(family.Name, model.CodebookCount, model.Stages[0].Codebook, model.Dimensions);
        if (config.SampleRate is not null && published?.SampleRate is not null && config.SampleRate != published.SampleRate)
        {
            published = null; // another codec of the same sizes
        }

        return new RvqModel(stacks)
        {
            Family = model.FramesPerBlock > 1 ? "SNAC" : published?.Name ?? family.Name,
            SampleRate = config.SampleRate ?? published?.SampleRate,
            HopLength = config.HopLength ?? published?.HopLength,
        };
    }
}
