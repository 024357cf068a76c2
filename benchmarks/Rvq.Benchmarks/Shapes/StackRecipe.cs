using System.Numerics.Tensors;

namespace Rvq.Benchmarks.Shapes;

/// <summary>The sizes of one stack of a synthetic shape, and how much training it is worth.</summary>
internal sealed record StackRecipe(int FrameDimensions, int Dimensions, int Size, int[] Strides)
{
    /// <summary>The dimensions of the codebooks where each stage has projections of its own and searches by cosine; 0 for none.</summary>
    public int CodebookDimensions { get; init; }

    public int Iterations { get; init; } = 3;

    public int TrainingFrames { get; init; } = 4096;

    private bool HasStackProjections => FrameDimensions != Dimensions;

    /// <summary>Trains the stack's arrays: the stack's projections, then for each stage input weight and bias, codebook, output weight and bias.</summary>
    public List<float[]> Train(float[] frames, int seed)
    {
        var random = new Random(seed);
        var arrays = new List<float[]>();
        var residuals = frames.ToArray();
        if (HasStackProjections)
        {
            var input = Gaussians(Dimensions * FrameDimensions, 1 / MathF.Sqrt(FrameDimensions), random);
            arrays.AddRange([input, Gaussians(FrameDimensions * Dimensions, 1 / MathF.Sqrt(FrameDimensions), random)]);
            residuals = Project(input, residuals, FrameDimensions);
        }

        foreach (var stride in Strides)
        {
            TrainStage(residuals, stride, arrays, random);
        }

        return arrays;
    }

    /// <summary>Puts the arrays of <see cref="Train"/> into a stack, taking them from the queue.</summary>
    public ResidualStack Build(Queue<float[]> arrays)
    {
        var (input, output) = HasStackProjections
            ? (new Projection(arrays.Dequeue(), FrameDimensions), new Projection(arrays.Dequeue(), Dimensions))
            : ((Projection?)null, (Projection?)null);
        return new ResidualStack(Array.ConvertAll(Strides, stride => CodebookDimensions == 0
            ? new Stage(new Codebook(arrays.Dequeue(), Dimensions), stride: stride)
            : ProjectedStage(arrays, stride)), input, output);
    }

    private Stage ProjectedStage(Queue<float[]> arrays, int stride)
    {
        var input = new Projection(arrays.Dequeue(), Dimensions, arrays.Dequeue());
        var codebook = new Codebook(arrays.Dequeue(), CodebookDimensions);
        var output = new Projection(arrays.Dequeue(), CodebookDimensions, arrays.Dequeue());
        return new Stage(codebook, input, output, SearchMetric.Cosine, stride);
    }

    private void TrainStage(float[] residuals, int stride, List<float[]> arrays, Random random)
    {
        var points = Pool(residuals, stride);
        if (CodebookDimensions == 0)
        {
            var plain = StageTrainer.Codebook(points, Dimensions, Size, Iterations, cosine: false, random);
            arrays.Add(plain);
            Subtract(residuals, plain, StageTrainer.Assign(points, plain, Dimensions, cosine: false), stride);
            return;
        }

        var axes = StageTrainer.MainAxes(points, Dimensions, CodebookDimensions, random);
        var inputBias = Gaussians(CodebookDimensions, 0.01f, random);
        var z = Project(axes, points, Dimensions);
        for (var i = 0; i < z.Length; i += CodebookDimensions)
        {
            TensorPrimitives.Add(z.AsSpan(i, CodebookDimensions), inputBias, z.AsSpan(i, CodebookDimensions));
        }

        var codewords = StageTrainer.Codebook(z, CodebookDimensions, Size, Iterations, cosine: true, random);
        var outputWeight = Transpose(axes, Dimensions);
        var outputBias = Gaussians(Dimensions, 0.01f, random);
        arrays.AddRange([axes, inputBias, codewords, outputWeight, outputBias]);
        var outputs = Project(outputWeight, codewords, CodebookDimensions);
        for (var i = 0; i < outputs.Length; i += Dimensions)
        {
            TensorPrimitives.Add(outputs.AsSpan(i, Dimensions), outputBias, outputs.AsSpan(i, Dimensions));
        }

        Subtract(residuals, outputs, StageTrainer.Assign(z, codewords, CodebookDimensions, cosine: true), stride);
    }

    private float[] Pool(float[] residuals, int stride)
    {
        if (stride == 1)
        {
            return residuals;
        }

        var pooled = new float[residuals.Length / stride];
        for (var i = 0; i < residuals.Length; i += Dimensions)
        {
            var target = pooled.AsSpan(i / Dimensions / stride * Dimensions, Dimensions);
            TensorPrimitives.MultiplyAdd(residuals.AsSpan(i, Dimensions), 1f / stride, target, target);
        }

        return pooled;
    }

    private void Subtract(float[] residuals, float[] outputs, int[] codes, int stride)
    {
        for (var t = 0; t * Dimensions < residuals.Length; t++)
        {
            var residual = residuals.AsSpan(t * Dimensions, Dimensions);
            TensorPrimitives.Subtract(residual, outputs.AsSpan(codes[t / stride] * Dimensions, Dimensions), residual);
        }
    }

    private static float[] Project(float[] weight, float[] points, int inputs)
    {
        var outputs = weight.Length / inputs;
        var projected = new float[points.Length / inputs * outputs];
        Parallel.For(0, points.Length / inputs, i =>
        {
            for (var o = 0; o < outputs; o++)
            {
                projected[i * outputs + o] = TensorPrimitives.Dot(weight.AsSpan(o * inputs, inputs), points.AsSpan(i * inputs, inputs));
            }
        });
        return projected;
    }

    private static float[] Transpose(float[] rows, int width)
    {
        var height = rows.Length / width;
        var transposed = new float[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            transposed[i % width * height + i / width] = rows[i];
        }

        return transposed;
    }

    private static float[] Gaussians(int count, float deviation, Random random)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = deviation * FrameSource.Gaussian(random);
        }

        return values;
    }
}
