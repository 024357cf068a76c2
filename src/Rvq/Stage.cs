using Rvq.Search;

namespace Rvq;

/// <summary>
/// One step of residual quantization: a codebook, what maps the residual into the codebook's space and back, how the search compares,
/// and how many frames share one code. Immutable and thread-safe.
/// </summary>
public sealed class Stage
{
    private readonly Lazy<SearchTable> _searchTable;

    /// <summary>Joins the parts of a stage.</summary>
    /// <param name="codebook">The codebook.</param>
    /// <param name="input">Maps a residual to the codebook's dimensions (DAC's in_proj), or null where it is searched as it is.</param>
    /// <param name="output">Maps a codeword to the residual's dimensions (DAC's out_proj), or null where it is subtracted as it is.</param>
    /// <param name="metric">How residual and codewords are compared.</param>
    /// <param name="stride">
    /// The number of frames that share one code; 1 unless the stage runs at a lower rate (SNAC). The residual is averaged over them.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="codebook"/> is null.</exception>
    /// <exception cref="ArgumentException">A projection's inputs or outputs do not fit the codebook or each other.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="stride"/> is below 1, or <paramref name="metric"/> is unknown.
    /// </exception>
    public Stage(
        Codebook codebook,
        Projection? input = null,
        Projection? output = null,
        SearchMetric metric = SearchMetric.Euclidean,
        int stride = 1)
    {
        ArgumentNullException.ThrowIfNull(codebook);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        if (!Enum.IsDefined(metric))
        {
            throw new ArgumentOutOfRangeException(
                nameof(metric), metric, $"metric must be one of {string.Join(", ", Enum.GetNames<SearchMetric>())}.");
        }

        if (input is not null && input.Outputs != codebook.Dimensions)
        {
            throw new ArgumentException(
                $"input has {input.Outputs} outputs, but codebook has {codebook.Dimensions} dimensions.", nameof(input));
        }

        if (output is not null && output.Inputs != codebook.Dimensions)
        {
            throw new ArgumentException(
                $"output has {output.Inputs} inputs, but codebook has {codebook.Dimensions} dimensions.", nameof(output));
        }

        var outputs = output?.Outputs ?? codebook.Dimensions;
        if ((input?.Inputs ?? codebook.Dimensions) is var inputs && inputs != outputs)
        {
            throw new ArgumentException($"The stage takes residuals of {inputs} dimensions, but gives back {outputs}.", nameof(output));
        }

        Codebook = codebook;
        InputProjection = input;
        OutputProjection = output;
        Metric = metric;
        Stride = stride;
        _searchTable = new Lazy<SearchTable>(() => new SearchTable(Codebook, Metric));
    }

    /// <summary>The codebook.</summary>
    public Codebook Codebook { get; }

    /// <summary>Maps a residual to the codebook's dimensions, or null.</summary>
    public Projection? InputProjection { get; }

    /// <summary>Maps a codeword to the residual's dimensions, or null.</summary>
    public Projection? OutputProjection { get; }

    /// <summary>How residual and codewords are compared.</summary>
    public SearchMetric Metric { get; }

    /// <summary>The number of frames that share one code.</summary>
    public int Stride { get; }

    /// <summary>The length of the residual that the stage works on.</summary>
    public int Dimensions => InputProjection?.Inputs ?? Codebook.Dimensions;

    /// <summary>The codebook as the search reads it; built once, when first used.</summary>
    internal SearchTable SearchTable => _searchTable.Value;
}
