using System.Numerics.Tensors;

namespace Rvq.Benchmarks.Shapes;

/// <summary>
/// Frames as an encoder gives them, roughly: a few dozen clusters that last for some frames, correlated noise in time (AR(1)), and
/// variances that decay over dimensions which a rotation then mixes. White noise would have no near codeword, and none that is nearer.
/// </summary>
internal sealed class FrameSource
{
    private const int Clusters = 48;
    private const float Correlation = 0.8f;
    private const double StayProbability = 0.85;

    private readonly int _dimensions;
    private readonly float[] _deviations;
    private readonly float[][] _centres;
    private readonly float[][] _reflections;

    public FrameSource(int dimensions, int seed)
    {
        var random = new Random(seed);
        _dimensions = dimensions;
        _deviations = [.. Enumerable.Range(0, dimensions).Select(d => 0.05f + MathF.Pow(1 + d, -0.6f))];
        _centres = [.. Enumerable.Range(0, Clusters).Select(_ => Noise(random))];
        _reflections = [.. Enumerable.Range(0, 6).Select(_ => Unit(random, dimensions))];
    }

    /// <summary>The next stretch of frames for a seed, [count, D]; different seeds are different utterances of the same speaker.</summary>
    public float[] Frames(int count, int seed)
    {
        var random = new Random(seed);
        var frames = new float[count * _dimensions];
        var drift = Noise(random);
        var centre = _centres[0];
        var innovation = MathF.Sqrt(1 - Correlation * Correlation);
        for (var t = 0; t < count; t++)
        {
            if (random.NextDouble() >= StayProbability)
            {
                centre = _centres[random.Next(Clusters)];
            }

            TensorPrimitives.Multiply(drift, Correlation, drift);
            TensorPrimitives.MultiplyAdd(Noise(random), innovation, drift, drift);
            var frame = frames.AsSpan(t * _dimensions, _dimensions);
            TensorPrimitives.Add(centre, drift, frame);
            foreach (var v in _reflections)
            {
                TensorPrimitives.MultiplyAdd(v, -2 * TensorPrimitives.Dot(v, frame), frame, frame);
            }
        }

        return frames;
    }

    public static float Gaussian(Random random)
        => MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(MathF.Tau * random.NextSingle());

    private float[] Noise(Random random) => Array.ConvertAll(_deviations, deviation => deviation * Gaussian(random));

    private static float[] Unit(Random random, int dimensions)
    {
        var v = new float[dimensions];
        for (var d = 0; d < dimensions; d++)
        {
            v[d] = Gaussian(random);
        }

        TensorPrimitives.Divide(v, TensorPrimitives.Norm(v), v);
        return v;
    }
}
