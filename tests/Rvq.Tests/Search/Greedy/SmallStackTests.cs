using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>The kernel for stacks of small codebooks: codes, the bound that it carries from stage to stage, and what it touches.</summary>
public sealed unsafe class SmallStackTests
{
    private static readonly int[] Dimensions = [1, 2, 3, 7, 8, 9, 16, 24, 33, 63, 64, 65];

    [Theory]
    [MemberData(nameof(TestKernels.NamesAndKinds), MemberType = typeof(TestKernels))]
    public void Encode_ManyStages_EqualsOracle(string name, string kind)
    {
        var kernel = TestKernels.Get(name);
        foreach (var dimensions in Dimensions)
        {
            foreach (var size in new[] { 1, 5, 15, 16 })
            {
                var (model, frames) = Shrinking(kind, size, dimensions, stages: 14, count: 5);
                Assert.Equal(Oracle.Encode(model, frames), TestKernels.Quantizer(model, kernel).Encode(frames));
                Assert.Equal(Oracle.Encode(model.Take(3), frames), TestKernels.Quantizer(model.Take(3), kernel).Encode(frames));
            }
        }
    }

    [Fact]
    public void Quantize_Lanes128_StaysInsideAndBoundsWhatIsLeft() => StaysInside<FloatLanes128, DoubleLanes128>();

    [Fact]
    public void Quantize_Lanes256_StaysInsideAndBoundsWhatIsLeft() => StaysInside<FloatLanes256, DoubleLanes256>();

    [Fact]
    public void Quantize_Lanes512_StaysInsideAndBoundsWhatIsLeft() => StaysInside<FloatLanes512, DoubleLanes512>();

    [Fact]
    public void Of_LargeCosineProjectedOrStridedStages_IsNull()
    {
        var (small, large) = (Codebook(16), Codebook(17));
        var projection = TestModels.Projection(new Random(1), 4, 4, false);
        Assert.NotNull(SmallStackTables.Of([new Stage(small), new Stage(Codebook(3))]));
        Assert.Null(SmallStackTables.Of([new Stage(small), new Stage(large)]));
        Assert.Null(SmallStackTables.Of([new Stage(small), new Stage(small, metric: SearchMetric.Cosine)]));
        Assert.Null(SmallStackTables.Of([new Stage(small, input: projection)]));
        Assert.Null(SmallStackTables.Of([new Stage(small, output: projection)]));
        Assert.Null(SmallStackTables.Of([new Stage(small, stride: 2)]));

        var mixed = new RvqModel(small, small, large);
        Assert.Null(mixed.Stacks[0].Tables.SmallStack);
        Assert.NotNull(mixed.Take(2).Stacks[0].Tables.SmallStack);

        static Codebook Codebook(int size) => new(TestVectors.Normal(new Random(size), size * 4), 4);
    }

    private static void StaysInside<T, TDouble>()
        where T : struct, IFloatLanes<T>
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        TestKernels.SkipUnlessSupported<T>();
        foreach (var atEnd in GuardCases.Ends)
        {
            foreach (var kind in new[] { "random", "near-ties", "offset-1", "mixed-scales" })
            {
                foreach (var dimensions in Dimensions)
                {
                    Guarded<T, TDouble>(kind, dimensions, atEnd);
                }
            }
        }
    }

    private static void Guarded<T, TDouble>(string kind, int dimensions, bool atEnd)
        where T : struct, IFloatLanes<T>
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var (count, stages) = (5, 12);
        var (model, frames) = Shrinking(kind, 16, dimensions, stages, count);
        var small = SmallStackTables.Of(model.Stages)!;
        var stride = Definition.PaddedLength(model.Dimensions);
        var buffers = new List<IDisposable>();
        using var guarded = new GuardedBuffer<SmallStage>(stages, atEnd);
        for (var m = 0; m < stages; m++)
        {
            ref var stage = ref guarded.Span[m];
            stage = small.Stages[m];
            stage.Panels = Guard(stage.Panels, stride * 16);
            stage.HalfNorms = Guard(stage.HalfNorms, 16);
            stage.Rows = Guard(stage.Rows, stride * stage.Size);
            stage.ExactHalfNorms = Guard(stage.ExactHalfNorms, stage.Size);
        }

        using var residuals = new GuardedBuffer<float>(GuardCases.Padded(frames, dimensions), atEnd);
        using var codes = new GuardedBuffer<int>(((count - 1) * 20) + stages, atEnd);
        using var squaredNorms = new GuardedBuffer<float>(count, atEnd);
        SmallStackCodes<T>.Quantize<TDouble>(
            guarded.Pointer, stages, residuals.Pointer, stride, count, codes.Pointer, 20, squaredNorms.Pointer);
        var expected = Oracle.Encode(model, frames);
        for (var t = 0; t < count; t++)
        {
            var own = expected.AsSpan(t * stages, stages);
            Assert.Equal(own.ToArray(), codes.Span.Slice(t * 20, stages).ToArray());
            var left = frames.AsSpan(t * dimensions, dimensions).ToArray();
            for (var m = 0; m < stages; m++)
            {
                left = [.. left.Zip(model.Stages[m].Codebook[own[m]].ToArray(), (r, c) => r - c)];
            }

            Assert.Equal(left, residuals.Span.Slice(t * stride, dimensions).ToArray());
            var squaredNorm = left.Sum(value => (double)value * value);
            var bound = squaredNorms.Span[t];
            Assert.True(bound >= squaredNorm, $"{kind}, D = {dimensions}: {squaredNorm} is beyond {bound}");
            Assert.True(kind != "random" || dimensions < 8 || bound <= 1.01 * squaredNorm, $"D = {dimensions}: {bound} for {squaredNorm}");
        }

        buffers.ForEach(buffer => buffer.Dispose());

        TValue* Guard<TValue>(TValue* values, int length)
            where TValue : unmanaged
        {
            var buffer = new GuardedBuffer<TValue>(new ReadOnlySpan<TValue>(values, length), atEnd);
            buffers.Add(buffer);
            return buffer.Pointer;
        }
    }

    /// <summary>A model of stages that get smaller, as those of a codec do.</summary>
    private static (RvqModel Model, float[] Frames) Shrinking(string kind, int size, int dimensions, int stages, int count)
    {
        var codebooks = new Codebook[stages];
        for (var m = 0; m < stages; m++)
        {
            var scale = MathF.Pow(0.7f, m);
            var (codewords, _) = TestVectors.Create(kind, size, dimensions, 1, size + m);
            codebooks[m] = new Codebook(Array.ConvertAll(codewords, value => scale * value), dimensions);
        }

        return (new RvqModel(codebooks), TestVectors.Create(kind, size, dimensions, count, size).Frames);
    }
}
