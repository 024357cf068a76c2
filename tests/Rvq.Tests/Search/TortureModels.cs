namespace Rvq.Tests.Search;

/// <summary>Seeded random models and frames that no one would train: scales, offsets, ties and projections mixed at random.</summary>
internal sealed partial class TortureModels(int seed)
{
    // RVQ_TORTURE=first,count tries as many models as are wanted.
    private static readonly string? Wanted = Environment.GetEnvironmentVariable("RVQ_TORTURE");

    private readonly Random _random = new(seed);

    /// <summary>Every step-th of so many seeds, or of those that are wanted.</summary>
    public static IEnumerable<int> Seeds(int count, int step)
    {
        int[] range = Wanted is null ? [0, count] : Array.ConvertAll(Wanted.Split(','), int.Parse);
        return Enumerable.Range(range[0], range[1]).Where(seed => (seed - range[0]) % step == 0);
    }

    /// <summary>Each stack as "inputs>size×dimensions, metric, projections/stride …".</summary>
    public static string Describe(RvqModel model)
        => string.Join(" | ", model.Stacks.ToArray().Select(stack =>
            $"{stack.InputProjection?.Inputs}>{string.Join(' ', stack.Stages.ToArray().Select(Describe))}"));

    /// <summary>A model and frames for it.</summary>
    public (RvqModel Model, float[] Frames) Create()
    {
        var projected = _random.Next(3) == 0;
        var model = projected ? Projected() : Plain();
        return (model, Frames(model, model.FramesPerBlock * (1 + _random.Next(projected ? 4 : 14))));
    }

    /// <summary>Many small stages, whose scales fall, rise or jump, and frames that tie at any of them.</summary>
    public (RvqModel Model, float[] Frames) CreateSmallStack()
    {
        var dimensions = Pick(1 + _random.Next(9), 1 + _random.Next(70));
        var codebooks = new Codebook[2 + _random.Next(30)];
        var (spread, step, jump, scale) = (Spread(), Pick(0, -0.05, -0.3, -2, 0.3, 2), Pick(0, 0, 1, 30), Pick(0, 0, -30, 17, 25));
        for (var m = 0; m < codebooks.Length; m++)
        {
            var power = Math.Pow(10, Math.Clamp(scale + (m * step) + (jump * ((2 * _random.NextDouble()) - 1)), -46, 37));
            var rows = Codebook(1 + _random.Next(16), dimensions, Math.Min(spread, 4), 0);
            codebooks[m] = new Codebook(Finite(rows.Size * dimensions, i => rows[i / dimensions][i % dimensions] * power), dimensions);
        }

        var model = new RvqModel(codebooks);
        return (model, DeepFrames(model, 1 + _random.Next(70)));
    }

    /// <summary>Codewords of few dimensions, and more frames than a tile takes.</summary>
    public (RvqModel Model, float[] Frames) CreateFewDimensions()
    {
        var (dimensions, spread, offset) = (1 + _random.Next(17), Spread(), Offset());
        var metric = Pick(SearchMetric.Euclidean, SearchMetric.Euclidean, Metric());
        var stages = new Stage[1 + _random.Next(3)];
        for (var m = 0; m < stages.Length; m++)
        {
            stages[m] = new Stage(Codebook(Pick(1 + _random.Next(20), 17 + _random.Next(283)), dimensions, spread, offset), metric: metric);
        }

        var model = new RvqModel(new ResidualStack(stages));
        return (model, DeepFrames(model, 1 + _random.Next(60)));
    }

    /// <summary>Projections of frames too long for one part, with and without strides, in one stack or two.</summary>
    public (RvqModel Model, float[] Frames) CreateWide()
    {
        var dimensions = 8 * (1 + _random.Next(50)) - Pick(0, 0, _random.Next(8));
        var (strided, stacks) = (_random.Next(3) == 0, new ResidualStack[1 + _random.Next(2)]);
        for (var s = 0; s < stacks.Length; s++)
        {
            var plain = s > 0 && _random.Next(2) == 0;
            var stages = new Stage[1 + _random.Next(4)];
            for (var m = 0; m < stages.Length; m++)
            {
                var length = plain ? dimensions : Pick(1 + _random.Next(20), 8, 8, 32 + _random.Next(16));
                var size = Pick(1 + _random.Next(16), 1 + _random.Next(60), 64 + _random.Next(60));
                var codebook = Codebook(size, length, _random.Next(3), 0);
                stages[m] = plain
                    ? new Stage(codebook)
                    : new Stage(
                        codebook, Projection(dimensions, length), Projection(length, dimensions), Metric(), strided ? Pick(1, 2, 4) : 1);
            }

            stacks[s] = new ResidualStack(stages);
        }

        var model = new RvqModel(stacks);
        var blocks = 1 + _random.Next(28 / model.FramesPerBlock);
        var frames = Finite(model.FramesPerBlock * blocks * dimensions, _ => Normal());
        var power = Power(Pick(0, 0, 4, 30));
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = Finite(frames[i] * power);
        }

        Spoil(frames);
        return (model, frames);
    }

    private RvqModel Plain()
    {
        var dimensions = Pick(1 + _random.Next(9), 1 + _random.Next(40), 32 + _random.Next(269));
        var codebooks = new Codebook[1 + _random.Next(3)];
        var (spread, offset) = (Spread(), Offset());
        for (var m = 0; m < codebooks.Length; m++)
        {
            codebooks[m] = Codebook(Pick(1 + _random.Next(16), 1 + _random.Next(70), 64 + _random.Next(237)), dimensions, spread, offset);
        }

        if (_random.Next(4) > 0)
        {
            return new RvqModel(codebooks);
        }

        var stages = codebooks.Select(codebook => new Stage(codebook, metric: Metric())).ToArray();
        return new RvqModel(new ResidualStack(stages));
    }

    private RvqModel Projected()
    {
        var dimensions = Pick(1 + _random.Next(9), 1 + _random.Next(50));
        var stacks = new ResidualStack[1 + _random.Next(2)];
        for (var s = 0; s < stacks.Length; s++)
        {
            var inner = _random.Next(2) == 0 ? dimensions : 1 + _random.Next(20);
            var (allProject, strided) = (_random.Next(3) > 0, _random.Next(3) == 0);
            var stages = new Stage[1 + _random.Next(3)];
            for (var m = 0; m < stages.Length; m++)
            {
                var project = allProject || _random.Next(2) == 0;
                var length = project ? Pick(1 + _random.Next(9), 1 + _random.Next(20)) : inner;
                stages[m] = new Stage(
                    Codebook(Pick(1 + _random.Next(16), 1 + _random.Next(150)), length, _random.Next(3), 0),
                    project ? Projection(inner, length) : null,
                    project || _random.Next(2) == 0 ? Projection(length, inner) : null,
                    Metric(),
                    strided ? 1 + _random.Next(3) : 1);
            }

            stacks[s] = inner == dimensions && _random.Next(2) == 0
                ? new ResidualStack(stages)
                : new ResidualStack(stages, Projection(dimensions, inner), Projection(inner, dimensions));
        }

        return new RvqModel(stacks);
    }

    private static string Describe(Stage stage)
    {
        var projections = (stage.InputProjection is null ? "" : "i") + (stage.OutputProjection is null ? "" : "o");
        return $"{stage.Codebook.Size}x{stage.Codebook.Dimensions}{"ecpn"[(int)stage.Metric]}{projections}/{stage.Stride}";
    }
}
