namespace Rvq.Checkpoints;

/// <summary>How one codec names its quantizer's tensors, and how a model is made of them.</summary>
/// <param name="Name">The codec.</param>
/// <param name="Marker">The tensor that tells the codec, without the prefix that a larger model puts before it.</param>
/// <param name="Rank">The marker's dimensions, or 0 where any will do.</param>
/// <param name="Build">Makes the stacks.</param>
internal sealed record CodecFamily(string Name, string Marker, int Rank, Func<CodecTensors, CodecHints, ResidualStack[]> Build)
{
    /// <summary>Whether a prefix may stand before the marker; any may, unless the marker is too common a name.</summary>
    public Func<string, bool> AllowsPrefix { get; init; } = static _ => true;

    /// <summary>What else tells the codec: other tensors of the quantizer, or a config.json.</summary>
    public Func<CodecTensors, CodecHints, bool> Fits { get; init; } = static (_, _) => true;

    /// <summary>Whether the names are another codec's too, so that only <see cref="LoadOptions.Family"/> can tell.</summary>
    public bool OnlyByName { get; init; }

    /// <summary>Whether the marker is so common a name that, without a module's name before it, it must be alone in its file.</summary>
    public bool IsBare { get; init; }

    /// <summary>Whether parts of the same names but for a number are quantizers of their own (Jukebox's levels).</summary>
    public bool HasNumberedQuantizers { get; init; }

    /// <summary>Names after the prefix of networks that the codec keeps beside its codebooks and runs outside of the quantizer.</summary>
    public string[] Beside { get; init; } = [];

    /// <summary>A codec whose names are known and whose codes no model gives.</summary>
    public static CodecFamily Refused(string name, string marker, int rank, Func<CodecTensors, CodecHints, bool> fits, string why)
        => new(name, marker, rank, (tensors, _) => throw new InvalidDataException(
            $"The tensors under {TensorEntry.Quote(tensors.Prefix)} are {name}'s, {why}."))
        {
            Fits = fits,
        };

    /// <summary>The prefix of a tensor that is this family's marker, or null.</summary>
    public string? PrefixOf(TensorEntry tensor)
    {
        var name = tensor.Name;
        if (!name.EndsWith(Marker, StringComparison.Ordinal) || (Rank != 0 && tensor.Shape.Length != Rank))
        {
            return null;
        }

        var prefix = name[..^Marker.Length];
        return prefix.Length == 0 || prefix[^1] == '.' ? prefix : null;
    }

    /// <summary>Whether a prefix is one layer's of several, such as <c>quantizer.layers.1.</c>.</summary>
    public static bool IsLayer(string prefix)
        => prefix.Split('.') is [.., _, [>= '0' and <= '9', ..] number, ""] && number.All(char.IsAsciiDigit);
}
