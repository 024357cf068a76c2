using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// Gives the row that replaces a codeword, which is the order-th of those replaced; tests put a peer's recorded draws in its place.
/// </summary>
internal delegate ReadOnlySpan<float> DrawRow(int codeword, int order);

/// <summary>One codebook in training: codewords and the moving averages that they come from.</summary>
internal sealed class EmaCodebook(int size, int dimensions, EmaTrainerOptions options)
{
    /// <summary>The number of codewords, K.</summary>
    public int Size => size;

    /// <summary>The codewords that the next step encodes with, [K, D].</summary>
    public float[] Codewords { get; } = new float[size * dimensions];

    /// <summary>The moving average of the sum of a codeword's inputs, [K, D].</summary>
    public float[] Sums { get; } = new float[size * dimensions];

    /// <summary>The moving average of the number of a codeword's inputs per step, [K].</summary>
    public float[] Usage { get; } = new float[size];

    /// <summary>The steps since the start; negative before it.</summary>
    public long Steps { get; set; } = -1;

    /// <summary>Whether every value can be saved, loaded and encoded with.</summary>
    public bool IsFinite => TensorPrimitives.IsFiniteAll<float>(Codewords) && TensorPrimitives.IsFiniteAll<float>(Sums)
        && TensorPrimitives.IsFiniteAll<float>(Usage);

    private bool IsCheckDue => (Steps + 1) % options.DeadCodeInterval == 0;

    /// <summary>Starts with codewords, each of which stands for the mean of so many inputs, at least one.</summary>
    public void Start(ReadOnlySpan<float> codewords, Func<int, double> usage)
    {
        codewords.CopyTo(Codewords);
        for (var code = 0; code < size; code++)
        {
            Usage[code] = (float)Math.Max(usage(code), 1);
            for (var i = code * dimensions; i < (code + 1) * dimensions; i++)
            {
                Sums[i] = Codewords[i] * Usage[code];
            }
        }

        Steps = 0;
    }

    /// <summary>The largest number of codewords that the next update can replace, when the codebook serves so many stages.</summary>
    public int MaxReplaced(int stages)
    {
        if (Steps < 0)
        {
            return options.DeadCodeInterval == 1 && options.DeadCodeRule != DeadCodeRule.None ? size : 0;
        }

        var kept = 1 - 1e-6; // usage is rounded on the way
        for (var stage = 0; stage < stages; stage++)
        {
            kept *= options.Decay;
        }

        return !IsCheckDue ? 0 : options.DeadCodeRule switch
        {
            DeadCodeRule.BelowMean => DeadBelow(LimitBelowMean()).Length,
            DeadCodeRule.BelowThreshold => Usage.Count(usage => kept * usage < options.DeadCodeThreshold),
            _ => 0,
        };
    }

    public void CopyFrom(EmaCodebook other)
    {
        other.Codewords.CopyTo(Codewords, 0);
        other.Sums.CopyTo(Sums, 0);
        other.Usage.CopyTo(Usage, 0);
        Steps = other.Steps;
    }

    /// <summary>Takes in the statistics of the codebook's stages.</summary>
    /// <returns>The number of dead codewords replaced.</returns>
    public int Update(ReadOnlySpan<KMeansStatistics> stages, DrawRow draw)
    {
        var check = IsCheckDue;
        Steps++;
        var replaced = check && options.DeadCodeRule == DeadCodeRule.BelowMean
            ? Replace(DeadBelow(LimitBelowMean()), MeanUsage(), draw) : 0;
        foreach (var stage in stages)
        {
            Average(stage);
        }

        Refresh();
        return check && options.DeadCodeRule == DeadCodeRule.BelowThreshold
            ? Replace(DeadBelow(options.DeadCodeThreshold), options.DeadCodeThreshold, draw)
            : replaced;
    }

    private void Average(KMeansStatistics stage)
    {
        var (decay, gain) = (options.Decay, 1 - options.Decay);
        var sums = new double[dimensions];
        for (var code = 0; code < size; code++)
        {
            stage.Sums.CopyTo(code, sums);
            Usage[code] = (float)((decay * Usage[code]) + (gain * stage.Counts[code]));
            for (var i = 0; i < dimensions; i++)
            {
                ref var sum = ref Sums[(code * dimensions) + i];
                sum = (float)((decay * sum) + (gain * sums[i]));
            }
        }
    }

    /// <summary>Makes the codewords from the averages.</summary>
    public void Refresh()
    {
        var total = Usage.Sum(usage => (double)usage);
        for (var code = 0; code < size; code++)
        {
            var divisor = options.Smoothing == UsageSmoothing.Clamp
                ? Math.Max(Usage[code], options.Epsilon)
                : (Usage[code] + options.Epsilon) / (total + (size * options.Epsilon)) * total;
            var codeword = Codewords.AsSpan(code * dimensions, dimensions);
            for (var i = 0; i < codeword.Length; i++)
            {
                codeword[i] = (float)(Sums[(code * dimensions) + i] / divisor);
            }

            if (options.Metric == SearchMetric.Cosine)
            {
                UnitRows.Normalize(codeword, codeword);
            }
        }
    }

    private double MeanUsage() => Usage.Average(usage => (double)usage);

    private double LimitBelowMean() => options.DeadCodeThreshold * MeanUsage();

    private int[] DeadBelow(double limit) => [.. Enumerable.Range(0, size).Where(code => Usage[code] < limit)];

    private int Replace(int[] codes, double usage, DrawRow draw)
    {
        for (var order = 0; order < codes.Length; order++)
        {
            var start = codes[order] * dimensions;
            var row = draw(codes[order], order);
            row.CopyTo(Codewords.AsSpan(start));
            Usage[codes[order]] = (float)usage;
            for (var i = 0; i < dimensions; i++)
            {
                Sums[start + i] = (float)(row[i] * usage);
            }
        }

        return codes.Length;
    }
}
