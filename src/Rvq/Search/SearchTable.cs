namespace Rvq.Search;

/// <summary>
/// What the search of one stage needs: the rows as they are searched and their half norms for the definition, and packed panels for
/// the kernels, built when a kernel first asks for them and shared by all models and quantizers that hold the stage.
/// </summary>
internal sealed unsafe class SearchTable
{
    private readonly AlignedBuffer<float> _rows;
    private readonly AlignedBuffer<double> _halfNorms;
    private readonly Lazy<FloatPanels> _floatPanels;

    public SearchTable(Codebook codebook, SearchMetric metric)
    {
        Size = codebook.Size;
        Dimensions = codebook.Dimensions;
        Stride = codebook.RowStride;
        Metric = metric;
        _rows = metric == SearchMetric.Cosine ? Normalized(codebook) : codebook.PaddedRows;
        _halfNorms = new AlignedBuffer<double>(Size);
        if (metric == SearchMetric.Euclidean)
        {
            for (var code = 0; code < Size; code++)
            {
                HalfNorms[code] = 0.5 * Lanes.Dot(Row(code), Row(code), Stride);
            }
        }

        _floatPanels = new Lazy<FloatPanels>(() => new FloatPanels(this));
    }

    public int Size { get; }

    public int Dimensions { get; }

    /// <summary>The padded length of a row.</summary>
    public int Stride { get; }

    public SearchMetric Metric { get; }

    /// <summary>[Size, Stride], as they are searched.</summary>
    public float* Rows => _rows.Pointer;

    /// <summary>½⟨c, c⟩ by the definition, zeros for cosine; [Size].</summary>
    public double* HalfNorms => _halfNorms.Pointer;

    public FloatPanels FloatPanels => _floatPanels.Value;

    public float* Row(int code) => Rows + ((nint)code * Stride);

    /// <summary>Rows divided by max(‖c‖, 1e-12) in binary64, rounded once.</summary>
    private static AlignedBuffer<float> Normalized(Codebook codebook)
    {
        var rows = new AlignedBuffer<float>(codebook.PaddedRows.Length);
        for (var code = 0; code < codebook.Size; code++)
        {
            var source = codebook.PaddedRows.Pointer + ((nint)code * codebook.RowStride);
            var norm = Math.Max(Math.Sqrt(Lanes.Dot(source, source, codebook.RowStride)), 1e-12);
            for (var i = 0; i < codebook.Dimensions; i++)
            {
                rows.Pointer[((nint)code * codebook.RowStride) + i] = (float)(source[i] / norm);
            }
        }

        return rows;
    }
}
