namespace Rvq.Search;

/// <summary>
/// Stacks whose stages each project every frame (DAC): the input projections of all stages at once and in float32, which is near enough to
/// know most codes for certain. Where it is not, the projected residual is computed as <see cref="ProjectedEncoder"/> defines it.
/// </summary>
internal sealed unsafe class FrameByFrameEncoder(RvqModel model, Kernel kernel)
{
    private const double LargestError = 1e25;

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
            BoundErrors(stack, m, scratch.Near, frames, scratch);
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
    /// How far the rounded residuals can be from those that define the codes of stage m: the float32 products, the binary64 roundings on both ways (every
    /// term passes at most m + 2 and one for each part), and the two final roundings. Infinite where a product could overflow.
    /// </summary>
    private static void BoundErrors(ResidualStack stack, int m, float* residuals, int frames, EncodeScratch scratch)
    {
        var (panels, stage) = (stack.InputPanels, stack.Stages[m]);
        var unit = (m + 3 + panels.Parts) * Math.ScaleB(1, -51);
        var perNorm = 1.001 * (panels.ErrorPerNorm(m) + (unit * panels.Magnitude(m)));
        var constant = (1.001 * (panels.ErrorFixed + (unit * stack.Couplings.Magnitude(m)))) + Math.ScaleB(stage.Codebook.Dimensions, -74);
        var perResidual = Math.ScaleB(2.02, -24);
        for (var frame = 0; frame < frames; frame++, residuals += stage.SearchTable.Stride)
        {
            var products = perNorm * scratch.Norms[frame];
            var residual = Math.Sqrt(Rows.SquaredNorm(residuals, stage.SearchTable.Stride));
            scratch.Errors[frame] = products < LargestError ? products + constant + (perResidual * residual) : double.PositiveInfinity;
        }
    }

    /// <summary>Nearly W_m x + b_m for all stages, stage after stage, to the scratch's sums; ‖x‖ to its norms.</summary>
    private void ProjectNear(ResidualStack stack, float* input, int stride, int frames, EncodeScratch scratch)
    {
        kernel.ProjectNear(stack.InputPanels, stack.Stages.Length, input, stride, frames, scratch.Sums, scratch.Search);
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
        kernel.Project(stage.InputProjection!.Table, frame, stride, 1, sum, scratch.Search);
        for (var i = 0; i < padded; i++)
        {
            sum[i] += stage.InputProjection.Table.Bias[i];
        }

        for (var earlier = 0; earlier < m; earlier++)
        {
            kernel.SubtractCoupled(stack.Couplings[earlier, m], stack.Stages[earlier].Codebook, codes + earlier - m, 0, 1, padded, sum);
        }

        kernel.Narrow(sum, padded, scratch.Exact);
        kernel.Find(stage.SearchTable, scratch.Exact, 1, codes, 1, scratch.Search);
    }
}
