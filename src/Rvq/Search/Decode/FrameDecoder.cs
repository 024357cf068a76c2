using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// Sums the vectors of codes: in each stack the stages' outputs in stage order in float32, then the stack's output projection; then the
/// stacks in order. The projection of a single codeword is one of few vectors, and it is rounded to float32 before anything is added: so
/// these vectors are tabulated where they are not too many.
/// </summary>
internal sealed unsafe class FrameDecoder
{
    // 4 MB of float32 a stack: Mimi's semantic stack, but not the 36 MB of DAC and SNAC, which would not fit the caches either.
    public const long MostTabulatedValues = 1 << 20;

    private readonly RvqModel _model;
    private readonly Kernel _kernel;
    private readonly bool[] _isTabulated;
    private readonly ProjectionTable[]?[] _runs;
    private readonly bool _canOverflow;
    private readonly List<AlignedBuffer<float>> _tables = [];

    public FrameDecoder(RvqModel model, Kernel kernel, long mostTabulatedValues)
    {
        _model = model;
        _kernel = kernel;
        _isTabulated = new bool[model.Stacks.Length];
        _runs = new ProjectionTable[]?[model.Stacks.Length];
        _canOverflow = !(LargestValue(model) < Rounding.OverflowLimit);
        Columns = new CodeColumn[model.CodesPerBlock];
        var column = 0;
        for (var s = 0; s < model.Stacks.Length; s++)
        {
            var stack = model.Stacks[s];
            _isTabulated[s] = CanTabulate(stack, mostTabulatedValues);
            _runs[s] = ProjectionsOfOneRun(stack.Stages);
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

    /// <summary>The vectors of the codes of a block, column by column; valid as long as this decoder lives.</summary>
    public CodeColumn[] Columns { get; }

    /// <summary>
    /// Decodes codewords, [blocks, CodesPerBlock], into frames [frames, padded dimensions]. Only where <paramref name="leavesOut"/> says so
    /// may a codebook be left out.
    /// </summary>
    public void Decode(float** codewords, int frames, float* destination, bool leavesOut, DecodeScratch scratch)
    {
        for (var s = 0; s < _model.Stacks.Length; s++)
        {
            var stack = _model.Stacks[s];
            var output = _isTabulated[s] && stack.IsPlain ? null : stack.OutputProjection?.Table;
            var sum = output is null && s == 0 ? destination : scratch.Sum;
            var stride = output is null ? scratch.FrameStride : Definition.PaddedLength(output.Inputs);
            if (!stack.IsPlain && !_isTabulated[s])
            {
                if (frames > 1 && _runs[s] is { } tables)
                {
                    SumRuns(stack.Stages, tables, codewords, frames, sum, stride, scratch);
                }
                else
                {
                    Expand(stack.Stages, codewords, frames, sum, stride, scratch);
                }

                if (leavesOut)
                {
                    LeaveOut(stack.Stages, codewords, frames, sum, stride);
                }
            }
            else
            {
                SumStages(stack.Stages, codewords, frames, sum, stride, scratch);
            }

            if (output is not null)
            {
                _kernel.Projector.Project(output, scratch.FrameStride, sum, stride, frames, destination, scratch.FrameStride, add: s > 0);
            }
            else if (s > 0)
            {
                _kernel.Rows.Add(destination, sum, destination, checked(frames * scratch.FrameStride));
            }

            codewords += stack.CodesPer(_model.FramesPerBlock);
        }

        if (_canOverflow)
        {
            RowArithmetic.UnifyNaNs(destination, checked(frames * scratch.FrameStride));
        }
    }

    /// <summary>A bound of the magnitude of all sums that decoding a frame passes.</summary>
    private static double LargestValue(RvqModel model)
    {
        double total = 0;
        foreach (var stack in model.Stacks)
        {
            double sum = 0;
            foreach (var stage in stack.Stages)
            {
                sum += LargestValue(stage.OutputProjection, Math.Abs(TensorPrimitives.MaxMagnitude<float>(stage.Codebook.PaddedRows.Span)));
            }

            total += LargestValue(stack.OutputProjection, sum);
        }

        return total;
    }

    private static double LargestValue(Projection? projection, double largestInput)
    {
        var largest = projection is null ? largestInput : 0;
        for (var output = 0; output < projection?.Outputs; output++)
        {
            var weights = TensorPrimitives.SumOfMagnitudes(projection.Weight.Slice(output * projection.Inputs, projection.Inputs));
            largest = Math.Max(largest, (weights * largestInput) + (projection.Bias.IsEmpty ? 0 : Math.Abs(projection.Bias[output])));
        }

        return largest;
    }

    private void SumStages(ReadOnlySpan<Stage> stages, float** codewords, int frames, float* sum, int rowLength, DecodeScratch scratch)
    {
        if (_model.FramesPerBlock == 1)
        {
            _kernel.Rows.SumAll(codewords, _model.CodesPerBlock, frames, stages.Length, sum, rowLength);
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

        _kernel.Rows.SumAll(scratch.StageRows, stages.Length, frames, stages.Length, sum, rowLength);
    }

    /// <summary>
    /// Sums the output projections of the stages' codewords: for one frame stage by stage, which reads the weights in the order of memory;
    /// for several frames a few outputs of all stages at a time, so that their sums and weights stay in L1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Expand(ReadOnlySpan<Stage> stages, float** codewords, int frames, float* destination, int rowLength, DecodeScratch scratch)
    {
        var rows = scratch.StageRows;
        foreach (var stage in stages)
        {
            var perBlock = _model.FramesPerBlock / stage.Stride;
            for (nint i = 0; i < frames / stage.Stride; i++)
            {
                *rows++ = codewords[(i / perBlock * _model.CodesPerBlock) + (i % perBlock)];
            }

            codewords += perBlock;
        }

        var atOnce = frames == 1 ? rowLength : _kernel.Projector.OutputsAtOnce;
        for (int first = 0, width; first < rowLength; first += width)
        {
            width = Math.Min(atOnce, rowLength - first);
            var sums = frames == 1 ? destination : scratch.PanelSums;
            rows = scratch.StageRows;
            foreach (var stage in stages)
            {
                AddStage(stage, rows, first, width, frames, sums, rows == scratch.StageRows, scratch);
                rows += frames / stage.Stride;
            }

            if (frames > 1)
            {
                CopyRows(sums, width, frames, width, destination + first, rowLength);
            }
        }
    }

    /// <summary>
    /// <see cref="Expand"/> where all stages project eight values. The codewords are copied beside each other first, one for every frame
    /// where a stage has a stride: multiplying again costs less than adding rows one by one. Rows are padded to eight values, so each is
    /// read whole; the last tile repeats the last frame.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumRuns(
        ReadOnlySpan<Stage> stages, ProjectionTable[] tables, float** codewords, int frames, float* destination, int rowLength,
        DecodeScratch scratch)
    {
        var runs = (Vector256<float>*)scratch.Runs;
        foreach (var stage in stages)
        {
            var row = codewords;
            for (var block = 0; block < frames; block += _model.FramesPerBlock, row += _model.CodesPerBlock)
            {
                for (var code = 0; code < _model.FramesPerBlock / stage.Stride; code++)
                {
                    var run = Vector256.Load(row[code]);
                    for (var frame = 0; frame < stage.Stride; frame++)
                    {
                        *runs++ = run;
                    }
                }
            }

            for (var frame = frames; frame < Projector.WholeTiles(frames); frame++, runs++)
            {
                *runs = runs[-1];
            }

            codewords += _model.FramesPerBlock / stage.Stride;
        }

        var whole = rowLength / PanelLayout.PanelSize * PanelLayout.PanelSize;
        for (var first = 0; first < whole; first += Projector.SumsAtOnce)
        {
            var outputs = Math.Min(Projector.SumsAtOnce, whole - first);
            _kernel.Projector.SumStages(tables, first, outputs, scratch.Runs, frames, destination + first, rowLength);
        }

        if (whole < rowLength)
        {
            _kernel.Projector.SumStages(
                tables, whole, PanelLayout.PanelSize, scratch.Runs, frames, scratch.PanelSums, PanelLayout.PanelSize);
            CopyRows(scratch.PanelSums, PanelLayout.PanelSize, frames, rowLength - whole, destination + whole, rowLength);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows(float* source, nint sourceStride, int count, int length, float* destination, nint stride)
    {
        for (; count > 0; count--, source += sourceStride, destination += stride)
        {
            new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(destination, length));
        }
    }

    /// <summary>Adds the output projections of a stage's codewords to some of the outputs, or writes them for the first stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddStage(Stage stage, float** rows, int first, int width, int frames, float* sums, bool isFirst, DecodeScratch scratch)
    {
        var (projection, count) = (stage.OutputProjection?.Table, frames / stage.Stride);
        if (projection is not null && stage.Stride == 1)
        {
            _kernel.Projector.ProjectPanels(projection, first, width, rows, 1, count, isFirst ? null : sums, sums, width);
            return;
        }

        var part = scratch.PanelSums + (frames * Projector.MaxOutputsAtOnce);
        if (projection is not null)
        {
            _kernel.Projector.ProjectPanels(projection, first, width, rows, 1, count, null, part, width);
        }

        for (nint frame = 0; frame < frames; frame++, sums += width)
        {
            var code = frame / stage.Stride;
            var row = projection is null ? rows[code] + first : part + (code * width);
            if (isFirst)
            {
                new ReadOnlySpan<float>(row, width).CopyTo(new Span<float>(sums, width));
            }
            else
            {
                _kernel.Rows.Add(sums, row, sums, width);
            }
        }
    }

    /// <summary>
    /// Recomputes the frames in which a codebook is left out, without the bias that its projection would add. Stage by stage, which gives
    /// the same bits as <see cref="Expand"/>.
    /// </summary>
    private void LeaveOut(ReadOnlySpan<Stage> stages, float** codewords, int frames, float* sum, int rowLength)
    {
        for (var frame = 0; frame < frames; frame++, sum += rowLength)
        {
            var rows = codewords + ((nint)(frame / _model.FramesPerBlock) * _model.CodesPerBlock);
            if (!LeavesOut(stages, rows, frame % _model.FramesPerBlock))
            {
                continue;
            }

            new Span<float>(sum, rowLength).Clear();
            var isFirst = true;
            foreach (var stage in stages)
            {
                var row = rows + (frame % _model.FramesPerBlock / stage.Stride);
                if (*row == NothingOf(stage))
                {
                    // Makes −0 to 0, as adding a row of zeros does.
                    for (var i = 0; i < rowLength && !isFirst; i++)
                    {
                        sum[i] += 0f;
                    }
                }
                else if (stage.OutputProjection is { } projection)
                {
                    _kernel.Projector.ProjectPanels(projection.Table, 0, rowLength, row, 1, 1, isFirst ? null : sum, sum, rowLength);
                }
                else if (isFirst)
                {
                    new ReadOnlySpan<float>(*row, rowLength).CopyTo(new Span<float>(sum, rowLength));
                }
                else
                {
                    _kernel.Rows.Add(sum, *row, sum, rowLength);
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

    /// <summary>The row of a code of −1 where codewords are not tabulated: zeros, behind the last codeword.</summary>
    private static float* NothingOf(Stage stage)
        => stage.Codebook.PaddedRows.Pointer + ((nint)stage.Codebook.Size * stage.Codebook.RowStride);

    /// <summary>
    /// The projection of single codewords of the stage: the stage's own, or the stack's where it has no other stage (Mimi's semantic
    /// stack).
    /// </summary>
    private static Projection? SingleCodewordProjection(ResidualStack stack, Stage stage)
        => !stack.IsPlain ? stage.OutputProjection : stack.Stages.Length == 1 ? stack.OutputProjection : null;

    /// <summary>The output projections of the stages where all have one run of inputs and they are not too many, or null.</summary>
    private static ProjectionTable[]? ProjectionsOfOneRun(ReadOnlySpan<Stage> stages)
    {
        if (stages.Length > Projector.MostSummedStages)
        {
            return null;
        }

        var tables = new ProjectionTable[stages.Length];
        for (var m = 0; m < tables.Length; m++)
        {
            if (stages[m].OutputProjection is not { Inputs: Projector.Run } projection)
            {
                return null;
            }

            tables[m] = projection.Table;
        }

        return tables;
    }

    private static bool CanTabulate(ResidualStack stack, long most)
    {
        long values = 0;
        foreach (var stage in stack.Stages)
        {
            var outputs = SingleCodewordProjection(stack, stage)?.Table.PaddedOutputs ?? 0;
            values += (long)stage.Codebook.Size * outputs;
        }

        return (values > 0 || !stack.IsPlain) && values <= most;
    }

    /// <summary>
    /// The projected codewords, [Size + 1, PaddedOutputs]. The last row is for a codebook that is left out: zeros where the projection is
    /// the stage's own, the projection of zero where it is the stack's.
    /// </summary>
    private float* Tabulate(Projection mapping, Stage stage)
    {
        var (projection, codebook) = (mapping.Table, stage.Codebook);
        var rows = mapping == stage.OutputProjection ? codebook.Size : codebook.Size + 1;
        var table = new AlignedBuffer<float>((codebook.Size + 1L) * projection.PaddedOutputs);
        var outputs = projection.PaddedOutputs;
        _kernel.Projector.Project(projection, outputs, codebook.PaddedRows.Pointer, codebook.RowStride, rows, table.Pointer, outputs);
        _tables.Add(table);
        return table.Pointer;
    }
}
