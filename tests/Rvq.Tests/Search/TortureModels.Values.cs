namespace Rvq.Tests.Search;

/// <summary>What torture models are made of.</summary>
internal sealed partial class TortureModels
{
    private SearchMetric Metric()
        => Pick(
            SearchMetric.Euclidean, SearchMetric.Euclidean, SearchMetric.Cosine, SearchMetric.Cosine, SearchMetric.InnerProduct,
            SearchMetric.NormalizedEuclidean);

    private Projection Projection(int inputs, int outputs)
    {
        var (spread, bias) = (Pick(0, 0, 2, 12, 30), Pick(0, 1, 1e5, 1e25));
        var weight = Finite(inputs * outputs, _ => Normal() * Power(spread));
        return new Projection(weight, inputs, bias == 0 ? default : Finite(outputs, _ => Normal() * bias));
    }

    private Codebook Codebook(int size, int dimensions, double spread, double offset)
    {
        var kind = _random.Next(6);
        var byDimension = Finite(dimensions, _ => Power(spread));
        var byCodeword = Finite(size, _ => Power(_random.Next(2) == 0 ? 0 : spread));
        var values = Finite(size * dimensions, i => kind switch
        {
            0 => Math.Round(2 * Normal()) + offset,
            1 => _random.Next(-3, 4) * (double)float.Epsilon,
            _ => (Normal() * byDimension[i % dimensions] * byCodeword[i / dimensions]) + offset,
        });
        for (var k = 1; k < size && kind >= 3; k++)
        {
            var row = values.AsSpan(k * dimensions, dimensions);
            var other = values.AsSpan((kind == 3 ? 0 : _random.Next(k)) * dimensions, dimensions);
            switch (_random.Next(kind == 3 ? 3 : 8))
            {
                case 0:
                    // The same values in another order: all but equal in norm, and equal where the definition rounds the same.
                    other.CopyTo(row);
                    _random.Shuffle(row);
                    break;
                case 1:
                    for (var i = 0; i < dimensions; i++)
                    {
                        row[i] = _random.Next(2) == 0 ? other[i] : -other[i];
                    }

                    break;
                case 2:
                    other.CopyTo(row);
                    ref var value = ref row[_random.Next(dimensions)];
                    value = value == float.MaxValue ? value : MathF.BitIncrement(value);
                    break;
                case 3:
                    other.CopyTo(row);
                    break;
            }
        }

        Spoil(values);
        return new Codebook(values, dimensions);
    }

    private float[] Frames(RvqModel model, int count)
    {
        var dimensions = model.Dimensions;
        var frames = new float[count * dimensions];
        for (var t = 0; t < count; t++)
        {
            var frame = frames.AsSpan(t * dimensions, dimensions);
            var kind = _random.Next(8);
            var noise = kind < 4 ? 0 : Power(Pick(0, 8, 30));
            var plain = model.Stages.ToArray().Where(stage => stage.Codebook.Dimensions == dimensions).ToArray();
            for (var i = 0; i < dimensions; i++)
            {
                frame[i] = Finite(noise * Normal());
            }

            for (var stage = 0; stage < plain.Length && kind < 6; stage++)
            {
                var codebook = plain[stage].Codebook;
                ReadOnlySpan<float> a = codebook[_random.Next(codebook.Size)];
                ReadOnlySpan<float> b = kind % 2 == 0 ? codebook[_random.Next(codebook.Size)] : a;
                for (var i = 0; i < dimensions; i++)
                {
                    frame[i] = Finite(frame[i] + (0.5 * a[i]) + (0.5 * b[i]));
                }
            }
        }

        Spoil(frames);
        return frames;
    }

    /// <summary>Sums of codewords, halfway between two of them from one stage on.</summary>
    private float[] DeepFrames(RvqModel model, int count)
    {
        var dimensions = model.Dimensions;
        var frames = new float[count * dimensions];
        for (var t = 0; t < count; t++)
        {
            var (tie, noise) = (_random.Next(model.Stages.Length + 1), _random.Next(3) > 0 ? 0 : Power(Pick(0, 8, 30)));
            for (var m = 0; m < model.Stages.Length; m++)
            {
                var codebook = model.Stages[m].Codebook;
                var a = _random.Next(codebook.Size);
                var b = m == tie ? _random.Next(codebook.Size) : a;
                for (var i = 0; i < dimensions && (m <= tie || _random.Next(2) == 0); i++)
                {
                    ref var value = ref frames[(t * dimensions) + i];
                    value = Finite(value + (0.5 * codebook[a][i]) + (0.5 * codebook[b][i]) + (noise * Normal()));
                }
            }
        }

        Spoil(frames);
        return frames;
    }

    /// <summary>Seldom: single values that are zeros of either sign, subnormal or as large as there are.</summary>
    private void Spoil(float[] values)
    {
        for (var n = _random.Next(4) == 0 ? 1 + _random.Next(3) : 0; n > 0; n--)
        {
            values[_random.Next(values.Length)] = Pick(
                0f, -0f, float.Epsilon, -1e-40f, 1.2e-38f, 1e-20f, 2e9f, 1e18f, -2e19f, 1e30f, float.MaxValue, float.MinValue);
        }
    }

    private double Spread() => Pick(0, 0, 1, 4, 18, 38);

    private double Offset() => Pick(0, 0, 0, 1, -300, 1e4, 1e10, -1e17, 1e30, 3e38);

    private double Power(double spread) => Math.Pow(10, spread * ((2 * _random.NextDouble()) - 1));

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private T Pick<T>(params ReadOnlySpan<T> choices) => choices[_random.Next(choices.Length)];

    private static float[] Finite(int length, Func<int, double> create) => [.. Enumerable.Range(0, length).Select(i => Finite(create(i)))];

    private static float Finite(double value) => (float)Math.Clamp(value, float.MinValue, float.MaxValue);
}
