using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// Stacks whose stages do not search the residual itself, frame by frame. Stage m has y_m = W_m x + b_m of every frame, and subtracts
/// from it, for each stage i before it in turn, M_mi e_i + v_mi of <see cref="StageProjections"/>, e_i the codeword that the frame has
/// there; all products by <see cref="Projector"/>, all differences in float32. It searches y_m, or the mean of the y_m of the frames that
/// share a code: their sum in the order of the frames, divided by their number, in float32.
/// </summary>
internal sealed unsafe class ProjectedEncoder(ResidualStack stack, RvqModel model, Kernel kernel, int degree) : StackEncoder
{
    private readonly CodebookSearch[] _searches = CodebookSearch.Of(stack, kernel, degree);
    private readonly StageProjections _projections = stack.Tables.Projections;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Encode(float* input, int stride, int frames, int* codes, EncodeScratch scratch)
    {
        var stages = stack.Stages;
        var projections = _projections;
        var projected = scratch.Projected;
        var columns = projections.Column(stages.Length);
        var outputs = Math.Min(columns, projections.Input.PaddedOutputs);
        kernel.Projector.Project(projections.Input, outputs, input, stride, frames, projected, columns);
        for (var m = 0; m < stages.Length; m++)
        {
            for (nint frame = 0; frame < frames && stages[m].InputProjection is null; frame++)
            {
                var target = projected + (frame * columns) + projections.Column(m);
                new ReadOnlySpan<float>(input + (frame * stride), stride).CopyTo(new Span<float>(target, stride));
            }
        }

        for (var m = 0; m < stages.Length; m++)
        {
            var stage = stages[m];
            var perBlock = model.FramesPerBlock / stage.Stride;
            var count = frames / stage.Stride;
            Means(stage, projected + projections.Column(m), columns, count, scratch.Residuals);
            var found = perBlock == 1 ? codes : scratch.StageCodes;
            nint step = perBlock == 1 ? model.CodesPerBlock : 1;
            _searches[m].Find(scratch.Residuals, count, found, step, scratch.Search);
            for (nint i = 0; i < count; i++)
            {
                scratch.Codewords[i] = stage.Codebook.PaddedRows.Pointer + ((nint)found[i * step] * stage.Codebook.RowStride);
                codes[(i / perBlock * model.CodesPerBlock) + (i % perBlock)] = found[i * step];
            }

            var later = projections.Column(m + 1);
            for (nint shared = 0; shared < stage.Stride && later < columns; shared++)
            {
                var target = projected + (shared * columns) + later;
                kernel.Projector.Project(
                    projections.Coupling(m), columns - later, scratch.Codewords, 1, count, target, (nint)stage.Stride * columns, add: true);
            }

            codes += perBlock;
        }
    }

    /// <summary>What a stage searches, [count, padded D], from the columns of all frames.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Means(Stage stage, float* projected, nint columns, int count, float* means)
    {
        var padded = stage.Codebook.RowStride;
        for (; count > 0; count--, projected += stage.Stride * columns, means += padded)
        {
            new ReadOnlySpan<float>(projected, padded).CopyTo(new Span<float>(means, padded));
            for (var shared = 1; shared < stage.Stride; shared++)
            {
                kernel.Rows.Add(means, projected + (shared * columns), means, padded);
            }

            for (var i = 0; i < padded && stage.Stride > 1; i++)
            {
                means[i] /= stage.Stride;
            }

            // Zeros already, unless a vector that overflowed met them.
            new Span<float>(means + stage.Codebook.Dimensions, padded - stage.Codebook.Dimensions).Clear();
            if (stage.Metric == SearchMetric.NormalizedEuclidean)
            {
                UnitLength.Scale(means, means, padded);
            }
        }
    }
}
