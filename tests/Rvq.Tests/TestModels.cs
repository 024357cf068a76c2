namespace Rvq.Tests;

/// <summary>Small models of every structure there is.</summary>
internal static class TestModels
{
    public static IEnumerable<(RvqModel Model, string Name)> All()
    {
        var random = new Random(1);
        yield return (new RvqModel(Codebook(random, 30, 12), Codebook(random, 5, 12), Codebook(random, 64, 12)), "plain with other sizes");
        yield return (new RvqModel(Dac(random, 24, [8, 8, 8, 8], 40, [1, 1, 1, 1])), "DAC");
        yield return (new RvqModel(Dac(random, 11, [3, 5, 1, 9], 33, [1, 1, 1, 1])), "DAC with other dimensions");
        yield return (new RvqModel(Dac(random, 19, [8, 8, 8], 50, [4, 2, 1])), "SNAC");
        yield return (new RvqModel(Dac(random, 13, [4, 4, 4, 4], 20, [1, 3, 2, 1])), "strides in any order");
        yield return (
            new RvqModel(
                Projected(random, 21, 7, bias: false, 20),
                new ResidualStack(
                    [PlainStage(random, 31, 10), PlainStage(random, 31, 10)],
                    Projection(random, 21, 10, false),
                    Projection(random, 10, 21, true))),
            "Mimi");
        yield return (
            new RvqModel(
                new ResidualStack([PlainStage(random, 12, 6)]),
                new ResidualStack([.. Dac(random, 6, [6, 4], 17, [2, 1]).Stages])),
            "plain and strided");
        yield return (
            new RvqModel(
                new ResidualStack(
                    [
                        new Stage(Codebook(random, 9, 6), metric: SearchMetric.Cosine),
                        new Stage(Codebook(random, 9, 6), output: Projection(random, 6, 6, true)),
                        new Stage(Codebook(random, 9, 6), input: Projection(random, 6, 6, true)),
                    ],
                    Projection(random, 40, 6, true),
                    Projection(random, 6, 40, true))),
            "projections of every kind");
        foreach (var metric in new[] { SearchMetric.Cosine, SearchMetric.InnerProduct, SearchMetric.NormalizedEuclidean })
        {
            var stages = Enumerable.Range(0, 3).Select(_ => new Stage(Codebook(random, 25, 9), metric: metric));
            yield return (new RvqModel(new ResidualStack([.. stages])), metric.ToString());
        }

        yield return (
            new RvqModel(new ResidualStack([.. Enum.GetValues<SearchMetric>().Select((metric, m) => new Stage(
                Codebook(random, 40, 8), Projection(random, 12, 8, true), Projection(random, 8, 12, true), metric, m == 0 ? 2 : 1))])),
            "projections and every metric");
    }

    /// <summary>Plain stages of other dimensions than the frames', with projections around them.</summary>
    public static ResidualStack Projected(Random random, int dimensions, int inner, bool bias, params int[] sizes)
        => new(
            [.. sizes.Select(size => PlainStage(random, size, inner))], Projection(random, dimensions, inner, bias),
            Projection(random, inner, dimensions, bias));

    public static ResidualStack Dac(Random random, int dimensions, int[] codeDimensions, int size, int[] strides)
        => new([.. codeDimensions.Select((d, m) => new Stage(
            Codebook(random, size, d),
            Projection(random, dimensions, d, true),
            Projection(random, d, dimensions, true),
            SearchMetric.Cosine,
            strides[m]))]);

    public static Codebook Codebook(Random random, int size, int dimensions)
        => new(TestVectors.Normal(random, size * dimensions), dimensions);

    public static Projection Projection(Random random, int inputs, int outputs, bool bias)
    {
        var weight = TestVectors.Normal(random, inputs * outputs, 1 / Math.Sqrt(inputs));
        return new Projection(weight, inputs, bias ? TestVectors.Normal(random, outputs, 0.3) : default);
    }

    private static Stage PlainStage(Random random, int size, int dimensions) => new(Codebook(random, size, dimensions));
}
