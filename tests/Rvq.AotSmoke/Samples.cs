namespace Rvq.AotSmoke;

/// <summary>
/// Numbers and models of every kind from a generator of integers: each value is an integer below 2¹⁸ times a power of two, so that no
/// machine can round it differently.
/// </summary>
internal sealed class Samples(ulong seed)
{
    private ulong _state = seed;

    /// <summary>splitmix64.</summary>
    public ulong Next()
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>Values whose distribution is a bell's: the sum of four 16-bit numbers, about ±<paramref name="scale"/>.</summary>
    public float[] Values(int count, float scale = 1)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            var bits = Next();
            var sum = (int)(bits & 0xFFFF) + (int)((bits >> 16) & 0xFFFF) + (int)((bits >> 32) & 0xFFFF) + (int)(bits >> 48);
            values[i] = (sum - (2 * 65535)) * (scale / 65536);
        }

        return values;
    }

    /// <summary>Frames of all kinds: ordinary ones, repeated ones, zeros, tiny, huge and far-off ones, and exact codewords.</summary>
    public float[] Frames(int count, int dimensions, Codebook? codebook = null)
    {
        var frames = Values(count * dimensions);
        for (var t = 0; t < count; t++)
        {
            var frame = frames.AsSpan(t * dimensions, dimensions);
            switch (t % 16)
            {
                case 3: frame.Clear(); break;
                case 5: Scale(frame, 1.1754944E-38f); break; // 2⁻¹²⁶: most values are denormals
                case 7: Scale(frame, 1.2676506E+30f); break; // 2¹⁰⁰
                case 9: Add(frame, 1 << 20); break;
                case 11: frames.AsSpan((t - 1) * dimensions, dimensions).CopyTo(frame); break;
                case 13 when codebook?.Dimensions == dimensions: codebook[t % codebook.Size].CopyTo(frame); break;
            }
        }

        return frames;
    }

    /// <summary>Codebooks whose values get smaller from stage to stage, with repeated, zero and nearly equal codewords.</summary>
    public Codebook Codebook(int size, int dimensions, float scale = 1)
    {
        var codewords = Values(size * dimensions, scale);
        if (size >= 16)
        {
            codewords.AsSpan(3 * dimensions, dimensions).CopyTo(codewords.AsSpan(11 * dimensions)); // equal: the lower code wins
            codewords.AsSpan(2 * dimensions, dimensions).CopyTo(codewords.AsSpan(14 * dimensions));
            codewords[14 * dimensions] = MathF.BitIncrement(codewords[14 * dimensions]); // a near tie
            codewords.AsSpan(9 * dimensions, dimensions).Clear();
        }

        return new Codebook(codewords, dimensions);
    }

    public Projection Projection(int inputs, int outputs, bool bias)
        => new(Values(inputs * outputs, 1f / 8), inputs, bias ? Values(outputs, 1f / 4) : []);

    /// <summary>A plain stack: EnCodec, SoundStream, VQ-VAE.</summary>
    public RvqModel Plain(int count, int size, int dimensions)
        => new([.. Enumerable.Range(0, count).Select(stage => Codebook(size, dimensions, 1f / (1 << Math.Min(stage, 20))))]);

    /// <summary>Stages that project each residual and search by cosine, at given rates: DAC (all 1) and SNAC.</summary>
    public RvqModel Projecting(int dimensions, int inner, int size, params ReadOnlySpan<int> strides)
    {
        var stages = new Stage[strides.Length];
        for (var i = 0; i < stages.Length; i++)
        {
            stages[i] = new Stage(
                Codebook(size, inner),
                Projection(dimensions, inner, bias: true),
                Projection(inner, dimensions, bias: true),
                SearchMetric.Cosine,
                strides[i]);
        }

        return new RvqModel(new ResidualStack(stages));
    }

    /// <summary>Two stacks with projections around them: Mimi.</summary>
    public RvqModel Split(int dimensions, int inner, int size, int acoustic)
    {
        ResidualStack Stack(int count) => new(
            [.. Enumerable.Range(0, count).Select(stage => new Stage(Codebook(size, inner, 1f / (1 << stage))))],
            Projection(dimensions, inner, bias: false),
            Projection(inner, dimensions, bias: false));
        return new RvqModel(Stack(1), Stack(acoustic));
    }

    private static void Scale(Span<float> values, float factor)
    {
        foreach (ref var value in values)
        {
            value *= factor;
        }
    }

    private static void Add(Span<float> values, float offset)
    {
        foreach (ref var value in values)
        {
            value += offset;
        }
    }
}
