namespace Rvq.Training;

/// <summary>Draws which of <paramref name="rows"/> rows replace the codewords listed; tests put the recorded draws of a peer in its place.</summary>
internal delegate int[] DrawRows(ReadOnlySpan<int> codewords, int rows);

/// <summary>One codebook in training: codewords and the moving averages that they come from.</summary>
internal sealed class EmaCodebook(int dimensions, EmaTrainerOptions options)
{
    private readonly int _size = options.CodebookSize;

    /// <summary>The codewords that the next step encodes with, [K, D].</summary>
    public float[] Codewords { get; } = new float[options.CodebookSize * dimensions];

    /// <summary>The moving average of the sum of a codeword's inputs, [K, D].</summary>
    public float[] Sums { get; } = new float[options.CodebookSize * dimensions];

    /// <summary>The moving average of the number of a codeword's inputs per step, [K].</summary>
    public float[] Usage { get; } = new float[options.CodebookSize];

    /// <summary>The steps since the start; negative before it.</summary>
    public long Steps { get; set; } = -1;

    /// <summary>k-means on the first inputs; empty clusters take a new input in every iteration, as Mimi's do.</summary>
    public void Start(ReadOnlySpan<float> inputs, DrawRows draw)
    {
        var rows = inputs.Length / dimensions;
        var all = Enumerable.Range(0, _size).ToArray();
        Replace(all, inputs, draw, 1);
        var codes = new int[rows];
        var clusters = new Clusters(_size, rows);
        var sums = new double[dimensions];
        for (var iteration = 0; iteration < options.InitializationIterations; iteration++)
        {
            Assignment.Nearest(inputs, new Codebook(Codewords, dimensions), codes, options.MaxDegreeOfParallelism, CancellationToken.None);
            clusters.Sort(codes);
            foreach (var code in all)
            {
                SumRows(inputs, clusters[code], sums);
                Usage[code] = clusters[code].Length;
                for (var i = 0; i < sums.Length; i++)
                {
                    Codewords[code * dimensions + i] = (float)(sums[i] / Usage[code]);
                }
            }

            Replace([.. all.Where(code => clusters[code].IsEmpty)], inputs, draw, 1);
        }

        for (var i = 0; i < Sums.Length; i++)
        {
            Sums[i] = Codewords[i] * Usage[i / dimensions];
        }

        Steps = 0;
        Refresh();
    }

    /// <summary>Takes in the inputs of the codebook's stages, <paramref name="frames"/> rows each, with the codes that its codewords gave them.</summary>
    /// <returns>The number of dead codewords replaced.</returns>
    public int Update(ReadOnlySpan<float> inputs, ReadOnlySpan<int> codes, int frames, DrawRows draw)
    {
        var check = ++Steps % options.DeadCodeInterval == 0;
        var replaced = check && options.DeadCodeRule == DeadCodeRule.BelowMean ? ReplaceBelowMean(inputs, draw) : 0;
        for (var start = 0; start < codes.Length; start += frames)
        {
            Average(inputs.Slice(start * dimensions, frames * dimensions), codes.Slice(start, frames));
        }

        Refresh();
        return check && options.DeadCodeRule == DeadCodeRule.BelowThreshold ? ReplaceBelowThreshold(inputs, draw) : replaced;
    }

    private void Average(ReadOnlySpan<float> inputs, ReadOnlySpan<int> codes)
    {
        var clusters = new Clusters(_size, codes.Length);
        clusters.Sort(codes);
        var sums = new double[dimensions];
        var (decay, gain) = (options.Decay, 1 - options.Decay);
        for (var code = 0; code < _size; code++)
        {
            Usage[code] = (float)(decay * Usage[code] + gain * clusters[code].Length);
            SumRows(inputs, clusters[code], sums);
            for (var i = 0; i < sums.Length; i++)
            {
                Sums[code * dimensions + i] = (float)(decay * Sums[code * dimensions + i] + gain * sums[i]);
            }
        }
    }

    private void Refresh()
    {
        var total = Usage.Sum(usage => (double)usage);
        for (var code = 0; code < _size; code++)
        {
            var divisor = options.Smoothing == UsageSmoothing.Clamp
                ? Math.Max(Usage[code], options.Epsilon)
                : (Usage[code] + options.Epsilon) / (total + _size * options.Epsilon) * total;
            for (var i = code * dimensions; i < (code + 1) * dimensions; i++)
            {
                Codewords[i] = (float)(Sums[i] / divisor);
            }
        }
    }

    private int ReplaceBelowMean(ReadOnlySpan<float> inputs, DrawRows draw)
    {
        var mean = Usage.Average(usage => (double)usage);
        return Replace(DeadBelow(options.DeadCodeThreshold * mean), inputs, draw, mean);
    }

    private int ReplaceBelowThreshold(ReadOnlySpan<float> inputs, DrawRows draw)
        => Replace(DeadBelow(options.DeadCodeThreshold), inputs, draw, options.DeadCodeThreshold);

    private int[] DeadBelow(double limit) => [.. Enumerable.Range(0, _size).Where(code => Usage[code] < limit)];

    private int Replace(int[] codes, ReadOnlySpan<float> inputs, DrawRows draw, double usage)
    {
        if (codes.Length == 0)
        {
            return 0;
        }

        var rows = draw(codes, inputs.Length / dimensions);
        for (var drawn = 0; drawn < codes.Length; drawn++)
        {
            var start = codes[drawn] * dimensions;
            var input = inputs.Slice(rows[drawn] * dimensions, dimensions);
            input.CopyTo(Codewords.AsSpan(start));
            Usage[codes[drawn]] = (float)usage;
            for (var i = 0; i < dimensions; i++)
            {
                Sums[start + i] = (float)(input[i] * usage);
            }
        }

        return codes.Length;
    }

    private void SumRows(ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<double> sums)
    {
        sums.Clear();
        foreach (var row in rows)
        {
            var input = inputs.Slice(row * dimensions, dimensions);
            for (var i = 0; i < input.Length; i++)
            {
                sums[i] += input[i];
            }
        }
    }
}
