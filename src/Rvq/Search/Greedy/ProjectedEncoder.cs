using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// Stacks whose stages search projections of the residual. Stage m starts with y_m = W_m x + b_m of every frame x, and subtracts M_mi e_i +
/// v_mi of <see cref="StageProjections"/> for each earlier stage i in turn, e_i the frame's codeword of that stage; products by
/// <see cref="Projector"/>, differences in float32. It searches y_m, or the mean of the y_m of the frames that share a code: their sum in
/// the order of the frames, divided by their number, in float32.
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
            var framesPerCode = stage.Stride;
            var perBlock = model.FramesPerBlock / framesPerCode;
            var count = frames / framesPerCode;
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
            for (nint shared = 0; shared < framesPerCode && later < columns; shared++)
            {
                var target = projected + (shared * columns) + later;
                kernel.Projector.Project(
                    projections.Coupling(m), columns - later, scratch.Codewords, 1, count, target, (nint)framesPerCode * columns,
                    add: true);
            }

            codes += perBlock;
        }
    }

    /// <summary>The vectors that a stage searches, [count, padded D], from the columns of all frames.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Means(Stage stage, float* projected, nint columns, int count, float* means)
    {
        var padded = stage.Codebook.RowStride;
        var framesPerCode = stage.Stride;
        for (; count > 0; count--, projected += framesPerCode * columns, means += padded)
        {
            new ReadOnlySpan<float>(projected, padded).CopyTo(new Span<float>(means, padded));
            for (var shared = 1; shared < framesPerCode; shared++)
            {
                kernel.Rows.Add(means, projected + (shared * columns), means, padded);
            }

            for (var i = 0; i < padded && framesPerCode > 1; i++)
            {
                means[i] /= framesPerCode;
            }

            // Zeros already, unless a vector has overflowed: then padding may be NaN.
            new Span<float>(means + stage.Codebook.Dimensions, padded - stage.Codebook.Dimensions).Clear();
            if (stage.Metric == SearchMetric.NormalizedEuclidean)
            {
                UnitLength.Scale(means, means, padded);
            }
        }
    }
}
