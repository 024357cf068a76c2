using System.Numerics.Tensors;

namespace Rvq.Benchmarks.Peers;

/// <summary>What a .NET user writes by hand: one dot product a codeword, the smallest distance wins.</summary>
internal sealed class TensorPrimitivesEncoder
{
    private readonly RvqModel _model;
    private readonly float[][] _rows;
    private readonly float[][] _halfNorms;
    private readonly float[] _residual;
    private readonly float[] _pooled;
    private readonly float[] _z;
    private readonly float[] _output;

    public TensorPrimitivesEncoder(RvqModel model)
    {
        _model = model;
        var stages = model.Stages.ToArray();
        _rows = Array.ConvertAll(
            stages,
            stage => stage.Metric == SearchMetric.Cosine ? ModelMath.NormalizedRows(stage.Codebook) : ModelMath.Rows(stage.Codebook));
        _halfNorms = Array.ConvertAll(stages, stage => stage.Metric == SearchMetric.Cosine
            ? new float[stage.Codebook.Size]
            : Array.ConvertAll(ModelMath.SquaredNorms(stage.Codebook), norm => 0.5f * norm));
        var widest = stages.Max(stage => Math.Max(stage.Dimensions, stage.Codebook.Dimensions));
        _residual = new float[model.FramesPerBlock * widest];
        _pooled = new float[widest];
        _z = new float[widest];
        _output = new float[widest];
    }

    public void Encode(ReadOnlySpan<float> frames, Span<int> codes)
    {
        var blockLength = _model.FramesPerBlock * _model.Dimensions;
        for (var block = 0; block * blockLength < frames.Length; block++)
        {
            EncodeBlock(frames.Slice(block * blockLength, blockLength), codes.Slice(block * _model.CodesPerBlock, _model.CodesPerBlock));
        }
    }

    private void EncodeBlock(ReadOnlySpan<float> frames, Span<int> codes)
    {
        var (stageIndex, codeIndex) = (0, 0);
        foreach (var stack in _model.Stacks)
        {
            var dimensions = stack.Stages[0].Dimensions;
            for (var t = 0; t < _model.FramesPerBlock; t++)
            {
                var frame = frames.Slice(t * _model.Dimensions, _model.Dimensions);
                var residual = _residual.AsSpan(t * dimensions, dimensions);
                if (stack.InputProjection is null)
                {
                    frame.CopyTo(residual);
                }
                else
                {
                    ModelMath.Apply(stack.InputProjection, frame, residual);
                }
            }

            foreach (var stage in stack.Stages)
            {
                for (var t = 0; t < _model.FramesPerBlock; t += stage.Stride)
                {
                    codes[codeIndex++] = EncodeGroup(stage, stageIndex, _residual.AsSpan(t * dimensions, stage.Stride * dimensions));
                }

                stageIndex++;
            }
        }
    }

    private int EncodeGroup(Stage stage, int stageIndex, Span<float> residuals)
    {
        var dimensions = stage.Dimensions;
        ReadOnlySpan<float> z = residuals[..dimensions];
        if (stage.Stride > 1)
        {
            z.CopyTo(_pooled);
            var pooled = _pooled.AsSpan(0, dimensions);
            for (var t = 1; t < stage.Stride; t++)
            {
                TensorPrimitives.Add(pooled, residuals.Slice(t * dimensions, dimensions), pooled);
            }

            TensorPrimitives.Divide(pooled, stage.Stride, pooled);
            z = pooled;
        }

        if (stage.InputProjection is not null)
        {
            ModelMath.Apply(stage.InputProjection, z, _z);
            z = _z.AsSpan(0, stage.Codebook.Dimensions);
        }

        var code = Nearest(z, _rows[stageIndex], _halfNorms[stageIndex]);
        var output = stage.Codebook[code];
        if (stage.OutputProjection is not null)
        {
            ModelMath.Apply(stage.OutputProjection, output, _output);
            output = _output.AsSpan(0, dimensions);
        }

        for (var t = 0; t < stage.Stride; t++)
        {
            var residual = residuals.Slice(t * dimensions, dimensions);
            TensorPrimitives.Subtract(residual, output, residual);
        }

        return code;
    }

    private static int Nearest(ReadOnlySpan<float> z, float[] rows, float[] halfNorms)
    {
        var (best, bestScore) = (0, float.PositiveInfinity);
        for (var code = 0; code < halfNorms.Length; code++)
        {
            var score = halfNorms[code] - TensorPrimitives.Dot(z, rows.AsSpan(code * z.Length, z.Length));
            if (score < bestScore)
            {
                (best, bestScore) = (code, score);
            }
        }

        return best;
    }
}
