namespace Rvq.Search;

/// <summary>The vector around which a codebook is stored for the kernels, and the norms that remain.</summary>
internal sealed unsafe class Centering
{
    // Below this share of the spread, subtracting the mean from every frame costs more than it gains.
    private const double WorthwhileShare = 0.05;

    private readonly AlignedBuffer<float> _center;

    /// <param name="table">The codebook.</param>
    /// <param name="atZero">Whether it is to be stored as it is in any case.</param>
    public Centering(SearchTable table, bool atZero = false)
    {
        _center = new AlignedBuffer<float>(table.Stride);
        IsZero = atZero || !table.HasHalfNorms || !Average(table);
        HalfNorms = new double[table.Size];
        Norms = new double[table.Size];
        for (var code = 0; code < table.Size; code++)
        {
            double sum = 0, raw = 0;
            for (var i = 0; i < table.Dimensions; i++)
            {
                double value = table.Row(code)[i];
                raw += value * value;
                value -= Center[i];
                sum += value * value;
            }

            HalfNorms[code] = table.HasHalfNorms ? 0.5 * sum : 0;
            Norms[code] = Math.Sqrt(sum);
            MaxNorm = Math.Max(MaxNorm, Norms[code]);
            MaxRawNorm = Math.Max(MaxRawNorm, Math.Sqrt(raw));
            MaxHalfNorm = Math.Max(MaxHalfNorm, HalfNorms[code]);
        }
    }

    /// <summary>μ, padded.</summary>
    public float* Center => _center.Pointer;

    public bool IsZero { get; }

    /// <summary>½‖c − μ‖² in binary64; zeros where the search has none.</summary>
    public double[] HalfNorms { get; }

    /// <summary>‖c − μ‖ in binary64.</summary>
    public double[] Norms { get; }

    /// <summary>The largest of <see cref="Norms"/>.</summary>
    public double MaxNorm { get; }

    /// <summary>The largest ‖c‖.</summary>
    public double MaxRawNorm { get; }

    /// <summary>The largest of <see cref="HalfNorms"/>.</summary>
    public double MaxHalfNorm { get; }

    /// <summary>Takes the mean as center if that is worthwhile.</summary>
    private bool Average(SearchTable table)
    {
        var mean = new double[table.Dimensions];
        double total = 0;
        for (var code = 0; code < table.Size; code++)
        {
            for (var i = 0; i < table.Dimensions; i++)
            {
                double value = table.Row(code)[i];
                mean[i] += value / table.Size;
                total += value * value / table.Size;
            }
        }

        var meanSquare = mean.Sum(value => value * value);
        if (table.Size == 1 || meanSquare < WorthwhileShare * total)
        {
            return false;
        }

        for (var i = 0; i < table.Dimensions; i++)
        {
            Center[i] = (float)mean[i];
        }

        return true;
    }
}
