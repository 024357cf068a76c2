using System.Runtime.InteropServices;

namespace Rvq.Search;

/// <summary>
/// Adds up what the codes stand for: in each stack the stages' outputs in stage order in float32, through the stack's output projection;
/// the stacks in order.
/// </summary>
internal sealed unsafe class BlockDecoder
{
    // 16 MB of float32.
    private const long MostProjectedValues = 4 << 20;

    private readonly RvqModel _model;
    private readonly Kernel _kernel;
    private readonly AlignedBuffer<float>?[] _projected;

    public BlockDecoder(RvqModel model, Kernel kernel)
    {
        _model = model;
        _kernel = kernel;
        _projected = new AlignedBuffer<float>?[model.Stacks.Length];
        Columns = new CodeColumn[model.CodesPerBlock];
        var column = 0;
        for (var s = 0; s < model.Stacks.Length; s++)
        {
            var stack = model.Stacks[s];
            _projected[s] = Project(stack);
            foreach (var stage in stack.Stages)
            {
                var count = model.FramesPerBlock / stage.Stride;
                Columns.AsSpan(column, count).Fill(_projected[s] is { } rows
                    ? new CodeColumn(rows.Pointer, stage.Codebook.Size, stack.Output!.Table.PaddedOutputs)
                    : new CodeColumn(stage.Codebook.PaddedRows.Pointer, stage.Codebook.Size, stage.Codebook.RowStride));
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
            var output = _projected[s] is null ? stack.Output?.Table : null;
            var target = s == 0 ? destination : scratch.Sum;
            SumStages(stack, codewords, frames, output is null ? target : scratch.Sum, output?.PaddedInputs ?? scratch.FrameStride, scratch);
            if (output is not null)
            {
                _kernel.Project(output, scratch.Sum, output.PaddedInputs, frames, scratch.Products, scratch.Search);
                _kernel.Round(output, scratch.Products, frames, target);
            }

            if (s > 0)
            {
                Rows.Sum(destination, target, destination, checked(frames * scratch.FrameStride));
            }

            foreach (var stage in stack.Stages)
            {
                codewords += _model.FramesPerBlock / stage.Stride;
            }
        }
    }

    private void SumStages(ResidualStack stack, float** codewords, int frames, float* sum, int stride, DecodeScratch scratch)
    {
        if (stack.IsProjected)
        {
            Expand(stack.Stages, codewords, frames, sum, stride, scratch);
            return;
        }

        int perBlock = _model.FramesPerBlock, step = _model.CodesPerBlock;
        for (nint first = 0; first < perBlock; first++)
        {
            Rows.SumAll(codewords + first, step, frames / perBlock, stack.Stages.Length, perBlock, sum + (first * stride), stride, perBlock * stride);
        }
    }

    /// <summary>What the stages' output projections make of their codewords.</summary>
    private void Expand(ReadOnlySpan<Stage> stages, float** codewords, int frames, float* sum, int stride, DecodeScratch scratch)
    {
        var widened = scratch.Codewords;
        for (var m = 0; m < stages.Length; m++)
        {
            var (length, perBlock) = (stages[m].Codebook.RowStride, _model.FramesPerBlock / stages[m].Stride);
            scratch.Expansions[m] = new Expansion(stages[m].Output?.Table, widened, length, stages[m].Stride);
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
    /// What the stack's projection makes of each codeword, where there is but one stage (Mimi's semantic one): a table that is no larger than
    /// codebooks are takes the place of a projection a frame. Null where there are several, whose sums are too many.
    /// </summary>
    private AlignedBuffer<float>? Project(ResidualStack stack)
    {
        var codebook = stack.Stages[0].Codebook;
        if (stack.Output?.Table is not { } table || stack.Stages.Length > 1 || stack.IsProjected || (long)codebook.Size * table.PaddedOutputs > MostProjectedValues)
        {
            return null;
        }

        var rows = new AlignedBuffer<float>((long)codebook.Size * table.PaddedOutputs);
        var products = new AlignedBuffer<double>(rows.Length);
        _kernel.Project(table, codebook.PaddedRows.Pointer, codebook.RowStride, codebook.Size, products.Pointer, new SearchScratch());
        _kernel.Round(table, products.Pointer, codebook.Size, rows.Pointer);
        GC.KeepAlive(products);
        return rows;
    }
}
