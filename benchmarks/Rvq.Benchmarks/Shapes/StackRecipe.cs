using System.Numerics.Tensors;

namespace Rvq.Benchmarks.Shapes;

/// <summary>The sizes of one stack of a synthetic shape, and how much training it is worth.</summary>
internal sealed record StackRecipe(int FrameDimensions, int Dimensions, int Size, int[] Strides)
{
    /// <summary>The dimensions of the codebooks where each stage has projections of its own and searches by cosine; 0 for none.</summary>
    public int CodebookDimensions { get; init; }

    public int Iterations { get; init; } = 2;

    public int TrainingFrames { get; init; } = 8192;

    private bool HasStackProjections => FrameDimensions != Dimensions;

    /// <summary>
    /// Trains the stack's arrays: the stack's projections, then for each stage input weight and bias, codebook, output weight and bias.
    /// Every stage sees frames that no stage before it has seen: on their own training frames, residuals shrink to nothing.
    /// </summary>
    public List<float[]> Train(Func<int, float[]> freshFrames, int seed)
    {
        var random = new Random(seed);
        var arrays = new List<float[]>();
        float[]? input = null;
        if (HasStackProjections)
        {
            input = Gaussians(Dimensions * FrameDimensions, 1 / MathF.Sqrt(FrameDimensions), random);
            arrays.AddRange([input, Gaussians(FrameDimensions * Dimensions, 1 / MathF.Sqrt(FrameDimensions), random)]);
        }

        var stages = new List<Stage>();
        foreach (var stride in Strides)
        {
            var frames = freshFrames(stages.Count);
            var residuals = input is null ? frames : Project(input, frames, FrameDimensions);
            if (stages.Count > 0)
            {
                var model = new RvqModel(new ResidualStack([.. stages]));
                var taken = new Dequantizer(model).Decode(new Quantizer(model).Encode(residuals));
                TensorPrimitives.Subtract(residuals, taken, residuals);
            }

            var trained = TrainStage(Pool(residuals, stride), random);
            arrays.AddRange(trained);
            stages.Add(BuildStage(new Queue<float[]>(trained), stride));
        }

        return arrays;
    }

    /// <summary>Puts the arrays of <see cref="Train"/> into a stack, taking them from the queue.</summary>
    public ResidualStack Build(Queue<float[]> arrays)
    {
        var (input, output) = HasStackProjections
            ? (new Projection(arrays.Dequeue(), FrameDimensions), new Projection(arrays.Dequeue(), Dimensions))
            : ((Projection?)null, (Projection?)null);
        return new ResidualStack(Array.ConvertAll(Strides, stride => BuildStage(arrays, stride)), input, output);
    }

    private Stage BuildStage(Queue<float[]> arrays, int stride)
    {
        if (CodebookDimensions == 0)
        {
            return new Stage(new Codebook(arrays.Dequeue(), Dimensions), stride: stride);
        }

        var input = new Projection(arrays.Dequeue(), Dimensions, arrays.Dequeue());
        var codebook = new Codebook(arrays.Dequeue(), CodebookDimensions);
        var output = new Projection(arrays.Dequeue(), CodebookDimensions, arrays.Dequeue());
        return new Stage(codebook, input, output, SearchMetric.Cosine, stride);
    }

    private List<float[]> TrainStage(float[] points, Random random)
    {
        if (CodebookDimensions == 0)
        {
            return [StageTrainer.Codebook(points, Dimensions, Size, Iterations, cosine: false, random)];
        }

        var axes = StageTrainer.MainAxes(points, Dimensions, CodebookDimensions, random);
        var inputBias = Gaussians(CodebookDimensions, 0.01f, random);
        var z = Project(axes, points, Dimensions);
        for (var i = 0; i < z.Length; i += CodebookDimensions)
        {
            TensorPrimitives.Add(z.AsSpan(i, CodebookDimensions), inputBias, z.AsSpan(i, CodebookDimensions));
        }

        var codewords = StageTrainer.Codebook(z, CodebookDimensions, Size, Iterations, cosine: true, random);
        return [axes, inputBias, codewords, Transpose(axes, Dimensions), Gaussians(Dimensions, 0.01f, random)];
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
