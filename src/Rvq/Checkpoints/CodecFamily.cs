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

    /// <summary>The prefix of a tensor that is this family's marker, or null.</summary>
    public string? PrefixOf(TensorEntry tensor)
    {
        var name = tensor.Name;
        if (!name.EndsWith(Marker, StringComparison.Ordinal) || (Rank != 0 && tensor.Shape.Length != Rank))
        {
            return null;
        }

        var prefix = name[..^Marker.Length];
        return (prefix.Length == 0 || prefix[^1] == '.') && AllowsPrefix(prefix) ? prefix : null;
    }

    /// <summary>Whether a prefix is one layer's of several, such as <c>quantizer.layers.1.</c>.</summary>
    public static bool IsLayer(string prefix)
    {
        var parts = prefix.Split('.');
        return parts is [.., "layers" or "quantizers", [>= '0' and <= '9', ..], ""];
    }
}
