using System.IO.Enumeration;

namespace Rvq.Checkpoints;

/// <summary>What is known beside the tensors when a model is made of them.</summary>
internal sealed record CodecHints(LoadOptions Options, CodecConfig Config)
{
    /// <summary>A stage with the codec's metric, unless the caller says otherwise.</summary>
    /// <param name="codebook">The codebook as it lies in the file.</param>
    /// <param name="input">Maps a residual to the codebook's dimensions, or null.</param>
    /// <param name="output">Maps a codeword to the residual's dimensions, or null.</param>
    /// <param name="metric">The codec's metric.</param>
    /// <param name="unit">Whether the codec decodes codewords of length 1.</param>
    /// <param name="stride">The frames that share one code.</param>
    public Stage Stage(
        Codebook codebook, Projection? input = null, Projection? output = null, SearchMetric metric = SearchMetric.Euclidean,
        bool unit = false, int stride = 1)
    {
        unit = Options.UnitCodewords ?? unit;
        metric = Options.Metric ?? (unit ? SearchMetric.Cosine : metric);
        return new Stage(unit ? codebook.ToUnitLength() : codebook, input, output, metric, stride);
    }

    /// <summary>The prefix that the caller gave, ending in a dot unless it is empty; or null.</summary>
    public string? Prefix => Options.Prefix is [.., not '.'] prefix ? $"{prefix}." : Options.Prefix;

    /// <summary>Whether the caller says that a tensor changes nothing.</summary>
    public bool Ignores(string name)
    {
        foreach (var pattern in Options.IgnoreTensors)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false))
            {
                return true;
            }
        }

        return false;
    }

    public void Warn(string message) => Options.OnWarning?.Invoke(message);

    /// <summary>Whether the caller names this codec.</summary>
    public bool Names(string family) => string.Equals(Options.Family, family, StringComparison.OrdinalIgnoreCase);
}
