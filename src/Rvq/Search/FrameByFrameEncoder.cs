namespace Rvq.Search;

/// <summary>
/// Stacks whose stages each project every frame (DAC): the input projections of all stages at once and in float32, which is near enough to
/// know most codes for certain. Where it is not, the projected residual is computed as <see cref="ProjectedEncoder"/> defines it.
/// </summary>
internal sealed unsafe class FrameByFrameEncoder(RvqModel model, Kernel kernel)
{
    /// <summary>Encodes frames [frames, stride] into one code per stage, codes apart by the model's CodesPerBlock.</summary>
    public void Encode(ResidualStack stack, float* input, int stride, int frames, int* codes, EncodeScratch scratch)
    {
        var stages = stack.Stages;
        ProjectNear(stack, input, stride, frames, scratch);
        var sums = scratch.Sums;
        for (var m = 0; m < stages.Length; m++, codes++)
        {
            var table = stages[m].SearchTable;
            kernel.Narrow(sums, (nint)frames * table.Stride, scratch.Near);
            for (var frame = 0; frame < frames; frame++)
            {
                scratch.Errors[frame] = Error(stack, m, scratch.Norms[frame], Rows.SquaredNorm(scratch.Near + ((nint)frame * table.Stride), table.Stride));
            }

            kernel.FindCertain(table, scratch.Near, scratch.Errors, frames, codes, model.CodesPerBlock, scratch.Search);
            for (nint frame = 0; frame < frames; frame++)
            {
                if (codes[frame * model.CodesPerBlock] < 0)
                {
                    FindExactly(stack, m, input + (frame * stride), stride, codes + (frame * model.CodesPerBlock), scratch);
                }
            }

            sums += (nint)frames * table.Stride;
            var later = sums;
            for (var next = m + 1; next < stages.Length; next++)
            {
                var padded = stages[next].SearchTable.Stride;
                kernel.SubtractCoupled(stack.Couplings[m, next], stages[m].Codebook, codes, model.CodesPerBlock, frames, padded, later);
                later += (nint)frames * padded;
            }
        }
    }

    /// <summary>
    /// How far the rounded residual can be from the one that defines the code: the float32 products, the binary64 roundings on both ways (every
    /// term passes at most m + 2), and the two final roundings.
    /// </summary>
    private static double Error(ResidualStack stack, int m, double norm, float squaredResidual)
    {
        var products = stack.InputPanels.Error(m, norm);
        var sums = (m + 3) * Math.ScaleB(1, -51) * (stack.InputPanels.Magnitude(m, norm) + stack.Couplings.Magnitude(m));
        return ((products + sums) * 1.001) + (Math.ScaleB(2.01, -24) * 1.001 * Math.Sqrt(squaredResidual)) + Math.ScaleB(stack.Stages[m].Codebook.Dimensions, -74);
    }

    /// <summary>Nearly W_m x + b_m for all stages, stage after stage, to the scratch's sums; ‖x‖ to its norms.</summary>
    private void ProjectNear(ResidualStack stack, float* input, int stride, int frames, EncodeScratch scratch)
    {
        var stages = stack.Stages;
        var columns = stack.InputPanels.PanelCount(stages.Length) * PanelLayout.PanelSize;
        var tile = scratch.Search.PrepareScores(columns / PanelLayout.PanelSize);
        for (var first = 0; first < frames; first += tile)
        {
            var count = Math.Min(tile, frames - first);
            kernel.ProjectNear(stack.InputPanels, stages.Length, input + ((nint)first * stride), stride, count, scratch.Search);
            var sums = scratch.Sums;
            for (var m = 0; m < stages.Length; m++)
            {
                var (padded, dimensions) = (stages[m].SearchTable.Stride, stages[m].Codebook.Dimensions);
                var bias = stages[m].Input!.Table.Bias;
                for (var frame = 0; frame < count; frame++)
                {
                    var products = scratch.Search.Scores + ((nint)frame * columns) + stack.InputPanels.Column(m);
                    var sum = sums + ((nint)(first + frame) * padded);
                    for (var i = 0; i < padded; i++)
                    {
                        sum[i] = i < dimensions ? (double)products[i] + bias[i] : 0;
                    }
                }

                sums += (nint)frames * padded;
            }
        }

        for (var frame = 0; frame < frames; frame++)
        {
            scratch.Norms[frame] = (Math.Sqrt(Rows.SquaredNorm(input + ((nint)frame * stride), stride)) * 1.001) + Math.ScaleB(Math.Sqrt(stride), -74);
        }
    }

    /// <summary>The code of one frame at one stage by the definition; codes[−i] are those of earlier stages.</summary>
    private void FindExactly(ResidualStack stack, int m, float* frame, int stride, int* codes, EncodeScratch scratch)
    {
        var stage = stack.Stages[m];
        var padded = stage.SearchTable.Stride;
        var sum = scratch.Change + padded;
        kernel.Project(stage.Input!.Table, frame, stride, 1, sum, scratch.Search);
        for (var i = 0; i < padded; i++)
        {
            sum[i] += stage.Input.Table.Bias[i];
        }

        for (var earlier = 0; earlier < m; earlier++)
        {
            kernel.SubtractCoupled(stack.Couplings[earlier, m], stack.Stages[earlier].Codebook, codes + earlier - m, 0, 1, padded, sum);
        }

        kernel.Narrow(sum, padded, scratch.Exact);
        kernel.Find(stage.SearchTable, scratch.Exact, 1, codes, 1, scratch.Search);
    }
}
