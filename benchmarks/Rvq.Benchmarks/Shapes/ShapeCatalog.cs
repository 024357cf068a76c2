namespace Rvq.Benchmarks.Shapes;

/// <summary>The shapes by name. A synthetic one is trained once and kept in .artifacts/bench-cache; Lyra is the real checkpoint.</summary>
internal static class ShapeCatalog
{
    private const int Seed = 20261124;

    private static readonly Dictionary<string, Shape> Loaded = [];

    private static readonly (string Name, double FrameRate, StackRecipe[] Stacks)[] Synthetic =
    [
        ("encodec-128x1024x8", 75, [new(128, 128, 1024, Strides(8))]),
        ("encodec-128x1024x32", 75, [new(128, 128, 1024, Strides(32))]),
        ("mimi-256x2048x8", 12.5, [new(256, 256, 2048, Strides(8))]),
        ("mimi-projected", 12.5, [new(512, 256, 2048, Strides(1)), new(512, 256, 2048, Strides(7))]),
        ("dac-projected", 44100.0 / 512, [new(1024, 1024, 1024, Strides(9)) { CodebookDimensions = 8 }]),
        ("dac-8x1024x9", 44100.0 / 512, [new(8, 8, 1024, Strides(9)) { TrainingFrames = 8192 }]),
        ("snac-24khz", 24000.0 / 512, [new(768, 768, 4096, [4, 2, 1]) { CodebookDimensions = 8, TrainingFrames = 32768 }]),
        ("soundstream-64x16x46", 50, [new(64, 64, 16, Strides(46))]),
        ("speechtokenizer-1024x1024x8", 50, [new(1024, 1024, 1024, Strides(8)) { Iterations = 0, TrainingFrames = 4096 }]),
    ];

    /// <summary>All names; Lyra's only where its data is at hand.</summary>
    public static IEnumerable<string> Names
        => [.. Synthetic.Select(shape => shape.Name), .. Lyra.IsAtHand ? [Lyra.Name] : Array.Empty<string>()];

    public static double FrameRate(string name)
        => name == Lyra.Name ? Lyra.FrameRate : Synthetic.Single(shape => shape.Name == name).FrameRate;

    /// <summary>As <see cref="Shape.Round"/>, without making the shape.</summary>
    public static int RoundToBlocks(string name, int frameCount)
    {
        var block = name == Lyra.Name ? 1 : Synthetic.Single(shape => shape.Name == name).Stacks.Max(stack => stack.Strides.Max());
        return (frameCount + block - 1) / block * block;
    }

    public static Shape Get(string name)
    {
        if (!Loaded.TryGetValue(name, out var shape))
        {
            Loaded[name] = shape = name == Lyra.Name ? Lyra.Load() : Build(name);
        }

        return shape;
    }

    private static Shape Build(string name)
    {
        var (_, frameRate, stacks) = Synthetic.Single(shape => shape.Name == name);
        var source = new FrameSource(stacks[0].FrameDimensions, Seed);
        var arrays = new Queue<float[]>(ArrayCache.GetOrAdd($"{name}-v2", () =>
        {
            Console.Error.WriteLine($"training {name} once …");
            return [.. stacks.SelectMany(
                (stack, i) => stack.Train(stage => source.Frames(stack.TrainingFrames, Seed + 1000 + (100 * i) + stage), Seed + i))];
        }));
        var model = new RvqModel(Array.ConvertAll(stacks, stack => stack.Build(arrays)));
        return new Shape(name, frameRate, model, source.Frames(Shape.FrameCount, Seed + 2));
    }

    private static int[] Strides(int stageCount) => [.. Enumerable.Repeat(1, stageCount)];
}
