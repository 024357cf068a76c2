namespace Rvq.Search;

/// <summary>
/// The tables of <see cref="SmallStackCodes{T}"/> for a stack whose codebooks have at most sixteen codewords each (SoundStream, Lyra).
/// </summary>
internal sealed unsafe class SmallStackTables
{
    private const int MaxSize = PanelLayout.PanelSize;

    private readonly AlignedBuffer<SmallStage> _stages;
    private readonly AlignedBuffer<float>[] _panels;
    private readonly AlignedBuffer<float>[] _halfNorms;
    private readonly SearchTable[] _tables;

    private SmallStackTables(SearchTable[] tables)
    {
        _tables = tables;
        _panels = new AlignedBuffer<float>[tables.Length];
        _halfNorms = new AlignedBuffer<float>[tables.Length];
        _stages = new AlignedBuffer<SmallStage>(tables.Length);
        for (var m = 0; m < tables.Length; m++)
        {
            var table = tables[m];
            _panels[m] = Panels(table);
            _halfNorms[m] = table.PanelHalfNorms(new ReadOnlySpan<double>(table.HalfNorms, table.Size));
            var bound = new ErrorBound(table, new Centering(table, atZero: true));
            var (margin, perSquaredNorm, maxSquaredNorm) = bound.PerSquaredNorm(table.LargestNorm);
            Stages[m] = new SmallStage
            {
                Panels = _panels[m].Pointer,
                HalfNorms = _halfNorms[m].Pointer,
                Rows = table.Rows,
                ExactHalfNorms = table.HalfNorms,
                Size = table.Size,
                Margin = margin,
                MarginPerSquaredNorm = perSquaredNorm,
                MaxSquaredNorm = maxSquaredNorm,
            };
        }
    }

    public SmallStage* Stages => _stages.Pointer;

    /// <summary>The tables of some stages, or null where a stage is not a small Euclidean codebook over the residual itself.</summary>
    public static SmallStackTables? Of(ReadOnlySpan<Stage> stages)
    {
        var tables = new SearchTable[stages.Length];
        for (var m = 0; m < tables.Length; m++)
        {
            var stage = stages[m];
            var searchesResidual = stage.InputProjection is null && stage.OutputProjection is null && stage.Stride == 1;
            if (!searchesResidual || stage.Metric != SearchMetric.Euclidean || stage.Codebook.Size > MaxSize)
            {
                return null;
            }

            tables[m] = stage.SearchTable;
        }

        return new SmallStackTables(tables);
    }

    /// <summary>
    /// −c, [Stride / 4, 4, 16]: four dimensions are in four vectors, vector q having those of codewords q, q + 4, q + 8 and q + 12; zeros
    /// beyond the last codeword.
    /// </summary>
    private static AlignedBuffer<float> Panels(SearchTable table)
    {
        var panels = new AlignedBuffer<float>((long)table.Stride * MaxSize);
        for (var code = 0; code < table.Size; code++)
        {
            for (var i = 0; i < table.Dimensions; i++)
            {
                panels.Pointer[(((i / 4 * 4) + (code % 4)) * MaxSize) + (code / 4 * 4) + (i % 4)] = -table.Row(code)[i];
            }
        }

        return panels;
    }
}
