namespace Rvq.Search;

/// <summary>
/// Adds up what the codes stand for: in each stack the stages' outputs in stage order in float32, through the stack's output projection;
/// the stacks in order. What a projection makes of a single codeword is one of a few vectors, rounded to float32 before anything is added to it:
/// they are computed beforehand where they are not too many.
/// </summary>
internal sealed unsafe class BlockDecoder
{
    // 64 MB of float32 a stack: DAC's and SNAC's 36 MB, but not the 128 MB of DAC's 32 codebooks for 24 kHz.
    public const long MostTabulatedValues = 16 << 20;

    private readonly RvqModel _model;
    private readonly Kernel _kernel;
    private readonly bool[] _isTabulated;
    private readonly List<AlignedBuffer<float>> _tables = [];

    public BlockDecoder(RvqModel model, Kernel kernel, long mostTabulatedValues)
    {
        _model = model;
        _kernel = kernel;
        _isTabulated = new bool[model.Stacks.Length];
        Columns = new CodeColumn[model.CodesPerBlock];
        var column = 0;
        for (var s = 0; s < model.Stacks.Length; s++)
        {
            var stack = model.Stacks[s];
            _isTabulated[s] = CanTabulate(stack, mostTabulatedValues);
            foreach (var stage in stack.Stages)
            {
                var count = model.FramesPerBlock / stage.Stride;
                var projection = _isTabulated[s] ? SingleCodewordProjection(stack, stage) : null;
                Columns.AsSpan(column, count).Fill(projection is null
                    ? new CodeColumn(stage.Codebook.PaddedRows.Pointer, stage.Codebook.Size, stage.Codebook.RowStride)
                    : new CodeColumn(Tabulate(projection, stage), stage.Codebook.Size, projection.Table.PaddedOutputs));
                column += count;
            }
        }
    }

    /// <summary>What each code of a block stands for, as long as this decoder lives.</summary>
    public CodeColumn[] Columns { get; }

    /// <summary>Decodes codewords, [blocks, CodesPerBlock], into frames [frames, padded dimensions].</summary>
    public void Decode(float** codewords, int frames, float* destination, DecodeScratch scratch)
    {
        for (var s = 0; s < _model.Stacks.Length; s++)
        {
            var stack = _model.Stacks[s];
            var output = _isTabulated[s] && !stack.IsProjected ? null : stack.OutputProjection?.Table;
            var target = s == 0 ? destination : scratch.Sum;
            var sum = output is null ? target : scratch.Sum;
            var stride = output?.PaddedInputs ?? scratch.FrameStride;
            if (stack.IsProjected && !_isTabulated[s])
            {
                Expand(stack.Stages, codewords, frames, sum, stride, scratch);
                LeaveOut(stack.Stages, codewords, frames, sum, stride, scratch);
            }
            else
            {
                SumStages(stack.Stages, codewords, frames, sum, stride, scratch);
            }

            if (output is not null)
            {
                _kernel.Project(output, sum, stride, frames, scratch.Products, scratch.Search);
                _kernel.Round(output, scratch.Products, frames, target);
            }

            if (s > 0)
            {
                Rows.Sum(destination, target, destination, checked(frames * scratch.FrameStride));
            }

            codewords += stack.CodesPer(_model.FramesPerBlock);
        }
    }

    private void SumStages(ReadOnlySpan<Stage> stages, float** codewords, int frames, float* sum, int stride, DecodeScratch scratch)
    {
        if (_model.FramesPerBlock == 1)
        {
            Rows.SumAll(codewords, _model.CodesPerBlock, frames, stages.Length, sum, stride);
            return;
        }

        var rows = scratch.StageRows;
        for (var block = 0; block < frames; block += _model.FramesPerBlock, codewords += _model.CodesPerBlock)
        {
            for (var frame = 0; frame < _model.FramesPerBlock; frame++)
            {
                var column = codewords;
                foreach (var stage in stages)
                {
                    *rows++ = column[frame / stage.Stride];
                    column += _model.FramesPerBlock / stage.Stride;
                }
            }
        }

        Rows.SumAll(scratch.StageRows, stages.Length, frames, stages.Length, sum, stride);
    }

    /// <summary>What the stages' output projections make of their codewords.</summary>
    private void Expand(ReadOnlySpan<Stage> stages, float** codewords, int frames, float* sum, int stride, DecodeScratch scratch)
    {
        var widened = scratch.Codewords;
        for (var m = 0; m < stages.Length; m++)
        {
            var (length, perBlock) = (stages[m].Codebook.RowStride, _model.FramesPerBlock / stages[m].Stride);
            scratch.Expansions[m] = new Expansion(stages[m].OutputProjection?.Table, widened, length, stages[m].Stride);
            var rows = codewords;
            for (var frame = 0; frame < frames; frame += _model.FramesPerBlock, rows += _model.CodesPerBlock)
            {
                for (var i = 0; i < perBlock; i++, widened += length)
                {
                    Rows.Widen(rows[i], length, widened);
                }
            }

            codewords += perBlock;
        }

        _kernel.Expand(scratch.Expansions, stages.Length, stride, frames, scratch.ExpansionSums, sum);
    }

    /// <summary>
    /// Adds the frames again in which a codebook is left out: its projection would add a bias. One stage after the other, which gives the same bits as all at once.
    /// </summary>
    private void LeaveOut(ReadOnlySpan<Stage> stages, float** codewords, int frames, float* sum, int stride, DecodeScratch scratch)
    {
        var part = (float*)scratch.Products;
        for (var frame = 0; frame < frames; frame++)
        {
            var rows = codewords + ((nint)(frame / _model.FramesPerBlock) * _model.CodesPerBlock);
            if (!LeavesOut(stages, rows, frame % _model.FramesPerBlock))
            {
                continue;
            }

            var total = sum + ((nint)frame * stride);
            new Span<float>(total, stride).Clear();
            var isFirst = true;
            foreach (var stage in stages)
            {
                var row = rows[frame % _model.FramesPerBlock / stage.Stride];
                if (row != NothingOf(stage))
                {
                    Rows.Widen(row, stage.Codebook.RowStride, scratch.Codewords);
                    scratch.Expansions[0] = new Expansion(stage.OutputProjection?.Table, scratch.Codewords, stage.Codebook.RowStride, 1);
                    _kernel.Expand(scratch.Expansions, 1, stride, 1, scratch.ExpansionSums, isFirst ? total : part);
                }
                else if (!isFirst)
                {
                    new Span<float>(part, stride).Clear();
                }

                if (!isFirst)
                {
                    Rows.Sum(total, part, total, stride);
                }

                isFirst = false;
                rows += _model.FramesPerBlock / stage.Stride;
            }
        }
    }

    private bool LeavesOut(ReadOnlySpan<Stage> stages, float** rows, int frame)
    {
        foreach (var stage in stages)
        {
            if (rows[frame / stage.Stride] == NothingOf(stage))
            {
                return true;
            }

            rows += _model.FramesPerBlock / stage.Stride;
        }

        return false;
    }

    /// <summary>What a code of −1 stands for where codewords are not tabulated: the row after the last codeword, which is zero.</summary>
    private static float* NothingOf(Stage stage) => stage.Codebook.PaddedRows.Pointer + ((nint)stage.Codebook.Size * stage.Codebook.RowStride);

    /// <summary>What maps single codewords of the stage: its own projection, or that of its stack where there is no other stage (Mimi's semantic one).</summary>
    private static Projection? SingleCodewordProjection(ResidualStack stack, Stage stage)
        => stack.IsProjected ? stage.OutputProjection : stack.Stages.Length == 1 ? stack.OutputProjection : null;

    private static bool CanTabulate(ResidualStack stack, long most)
    {
        long values = 0;
        foreach (var stage in stack.Stages)
        {
            values += SingleCodewordProjection(stack, stage) is { } projection ? (long)stage.Codebook.Size * projection.Table.PaddedOutputs : 0;
        }

        return (values > 0 || stack.IsProjected) && values <= most;
    }

    /// <summary>
    /// The projected codewords, [Size + 1, PaddedOutputs]. The last row stands for a codebook that is left out: nothing where the projection is the stage's own, and
    /// what is made of zero where it is the stack's.
    /// </summary>
    private float* Tabulate(Projection mapping, Stage stage)
    {
        const int AtOnce = 64;
        var (projection, codebook) = (mapping.Table, stage.Codebook);
        var rows = mapping == stage.OutputProjection ? codebook.Size : codebook.Size + 1;
        var table = new AlignedBuffer<float>((codebook.Size + 1L) * projection.PaddedOutputs);
        var products = new AlignedBuffer<double>((long)AtOnce * projection.PaddedOutputs);
        var scratch = new SearchScratch();
        for (nint first = 0; first < rows; first += AtOnce)
        {
            var count = (int)Math.Min(AtOnce, rows - first);
            _kernel.Project(projection, codebook.PaddedRows.Pointer + (first * codebook.RowStride), codebook.RowStride, count, products.Pointer, scratch);
            _kernel.Round(projection, products.Pointer, count, table.Pointer + (first * projection.PaddedOutputs));
        }

        GC.KeepAlive(products);
        GC.KeepAlive(scratch);
        _tables.Add(table);
        return table.Pointer;
    }
}
