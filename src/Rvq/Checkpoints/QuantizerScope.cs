namespace Rvq.Checkpoints;

/// <summary>
/// The tensors that belong to one quantizer: those that its codec must know all of, because one more would make it another codec. They are
/// those of its module, which is the innermost part of its prefix that is called a quantizer, and of the modules around that one that are
/// called so too (FunCodec's <c>quantizer.rq.model.</c>), as long as these hold no encoder or decoder. Where no part of the prefix is
/// called so, they are those beside the marker that are.
/// </summary>
internal sealed class QuantizerScope
{
    private static readonly string[] Words = ["quant", "vq", "rq", "codebook"];
    private static readonly string[] Networks = ["encoder", "decoder", "discriminator"];

    private readonly string _root;
    private readonly string _wanted;
    private readonly bool _onlyQuantizers;
    private readonly bool _exceptNetworks;

    /// <param name="file">The file.</param>
    /// <param name="prefix">What stands before the names of the quantizer.</param>
    /// <param name="family">Its codec.</param>
    /// <param name="wanted">The prefix that the caller gave, beyond which nothing is looked at; or null.</param>
    public QuantizerScope(TensorFile file, string prefix, CodecFamily family, string? wanted)
    {
        var parts = prefix.Split('.')[..^1];
        var last = Array.FindLastIndex(parts, NamesAQuantizer);
        var first = last;
        while (first > 0 && NamesAQuantizer(parts[first - 1]) && !HoldsNetworks(file, Root(parts, first - 1)))
        {
            first--;
        }

        _wanted = wanted ?? "";
        _root = last < 0 ? prefix : Root(parts, first);
        _onlyQuantizers = last < 0 && NamesAQuantizer(family.Marker.Split('.')[0]);
        _exceptNetworks = last < 0 && !_onlyQuantizers && !(family.IsBare && prefix.Length == 0);
    }

    /// <summary>Whether a module's name says that it is a quantizer or a codebook.</summary>
    public static bool NamesAQuantizer(string part) => Words.Any(word => part.Contains(word, StringComparison.OrdinalIgnoreCase));

    public bool Contains(string name)
    {
        if (!name.StartsWith(_root, StringComparison.Ordinal) || !name.StartsWith(_wanted, StringComparison.Ordinal))
        {
            return false;
        }

        var dot = name.IndexOf('.', _root.Length);
        var part = dot < 0 ? name[_root.Length..] : name[_root.Length..dot];
        return _onlyQuantizers
            ? part.Contains("proj", StringComparison.Ordinal)
                || (NamesAQuantizer(part) && !part.Contains("conv", StringComparison.OrdinalIgnoreCase))
            : !_exceptNetworks || !NamesANetwork(part);
    }

    private static string Root(string[] parts, int last) => $"{string.Join('.', parts[..(last + 1)])}.";

    private static bool HoldsNetworks(TensorFile file, string root)
        => file.NamesFrom(root).Any(name => NamesANetwork(name[root.Length..].Split('.')[0]));

    private static bool NamesANetwork(string part) => Networks.Any(word => part.Contains(word, StringComparison.OrdinalIgnoreCase));
}
