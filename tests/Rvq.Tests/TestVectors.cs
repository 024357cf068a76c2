namespace Rvq.Tests;

/// <summary>Seeded vectors that are hard on a search: what a kernel may get wrong, by name.</summary>
internal static class TestVectors
{
    public static readonly string[] Kinds =
    [
        "random", "clustered", "duplicates", "near-ties", "ulp-ties", "zeros", "lattice", "offset-1", "offset-10", "offset-1000",
        "offset-1e6", "scale-1e-30", "scale-1e-20", "scale-1e18", "scale-1e30", "denormal", "mixed-scales", "one-huge-codeword",
        "max-values",
    ];

    /// <summary>Codewords [size, dimensions] and frames [count, dimensions] of a kind.</summary>
    public static (float[] Codewords, float[] Frames) Create(string kind, int size, int dimensions, int count, int seed)
    {
        var random = new Random(seed);
        var codewords = Normal(random, size * dimensions);
        var frames = Normal(random, count * dimensions);
        switch (kind)
        {
            case "clustered":
                for (var i = 0; i < frames.Length; i++)
                {
                    frames[i] = (0.05f * frames[i]) + codewords[(i / dimensions * 7 % size * dimensions) + (i % dimensions)];
                }

                break;
            case "duplicates":
                for (var k = 1; k < size; k++)
                {
                    codewords.AsSpan(random.Next(k) * dimensions, dimensions).CopyTo(codewords.AsSpan(k * dimensions));
                }

                break;
            case "near-ties":
                // Frames half way between two codewords, and codewords in pairs that differ by little.
                for (var k = 1; k < size; k += 2)
                {
                    for (var d = 0; d < dimensions; d++)
                    {
                        codewords[(k * dimensions) + d] = codewords[((k - 1) * dimensions) + d] * (1 + (1e-6f * random.Next(-1, 2)));
                    }
                }

                for (var t = 0; t < count; t++)
                {
                    var (a, b) = (random.Next(size), random.Next(size));
                    for (var d = 0; d < dimensions; d++)
                    {
                        frames[(t * dimensions) + d] = 0.5f * (codewords[(a * dimensions) + d] + codewords[(b * dimensions) + d]);
                    }
                }

                break;
            case "ulp-ties":
                for (var k = 1; k < size; k++)
                {
                    codewords.AsSpan(0, dimensions).CopyTo(codewords.AsSpan(k * dimensions));
                    ref var value = ref codewords[(k * dimensions) + random.Next(dimensions)];
                    value = random.Next(2) == 0 ? MathF.BitIncrement(value) : MathF.BitDecrement(value);
                }

                break;
            case "zeros":
                Array.Clear(codewords, 0, size / 2 * dimensions);
                Array.Clear(frames, 0, count / 2 * dimensions);
                break;
            case "lattice":
                // Small integers: exact ties everywhere, also in float32.
                Map(codewords, value => MathF.Round(value));
                Map(frames, value => MathF.Round(value * 2) / 2);
                break;
            case "offset-1" or "offset-10" or "offset-1000" or "offset-1e6":
                var offset = kind switch { "offset-1" => 1f, "offset-10" => 10f, "offset-1000" => 1000f, _ => 1e6f };
                Map(codewords, value => value + offset);
                Map(frames, value => value + offset);
                break;
            case "scale-1e-30" or "scale-1e-20" or "scale-1e18" or "scale-1e30" or "denormal":
                var scale = kind switch
                {
                    "scale-1e-30" => 1e-30f,
                    "scale-1e-20" => 1e-20f,
                    "scale-1e18" => 1e18f,
                    "scale-1e30" => 1e30f,
                    _ => 1e-43f,
                };
                Map(codewords, value => value * scale);
                Map(frames, value => value * scale);
                break;
            case "mixed-scales":
                Map(codewords, value => value * MathF.Pow(10, random.Next(-20, 20)));
                Map(frames, value => value * MathF.Pow(10, random.Next(-20, 20)));
                break;
            case "one-huge-codeword":
                codewords.AsSpan((size - 1) * dimensions).Fill(1e15f);
                break;
            case "max-values":
                Map(codewords, value => value < 0 ? float.MinValue : float.MaxValue);
                Map(frames, value => value < 0 ? float.MinValue : float.MaxValue);
                break;
        }

        return (codewords, frames);
    }

    public static float[] Normal(Random random, int length, double scale = 1)
    {
        var values = new float[length];
        Map(values, _ => (float)(scale * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));
        return values;
    }

    /// <summary>A plain model whose stages are of a kind, each codebook drawn anew, and frames for it.</summary>
    public static (RvqModel Model, float[] Frames) CreateModel(string kind, int size, int dimensions, int stages, int count, int seed)
    {
        var codebooks = new Codebook[stages];
        for (var m = 0; m < stages; m++)
        {
            codebooks[m] = new Codebook(Create(kind, size, dimensions, 1, seed + m).Codewords, dimensions);
        }

        return (new RvqModel(codebooks), Create(kind, size, dimensions, count, seed).Frames);
    }

    private static void Map(float[] values, Func<float, float> map)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = map(values[i]);
        }
    }
}
