using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>
/// What a beam keeps after every stage, and the greedy stack beside it, where approximate scores mislead: the list of extensions reaches
/// only as far as these make likely, and has to be collected again where the definition finds otherwise.
/// </summary>
public class BeamReachTests
{
    private const int D = 32;

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Extend_ScoresThatMislead_KeepsWhatTheOracleKeeps(string name)
    {
        var kernel = TestKernels.Get(name);
        // The last one: with Avx2, codewords that may extend the greedy stack greedily lie beyond the middle of the best one's bounds.
        foreach (var seed in Enumerable.Range(0, 80).Append(939))
        {
            var random = new Random(seed);
            var (model, frames) = HalfSteps(random);
            AssertEqualsOracle(kernel, model, frames, random.Next(2, 7), $"seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.NamesAndKinds), MemberType = typeof(TestKernels))]
    public void Extend_AnyKind_KeepsWhatTheOracleKeeps(string name, string kind)
    {
        var kernel = TestKernels.Get(name);
        foreach (var (size, dimensions, width) in new[] { (70, 33, 4), (64, 40, 14), (65, 32, 60), (40, 9, 3) })
        {
            var (model, frames) = TestVectors.CreateModel(kind, size, dimensions, 4, 5, seed: width);
            AssertEqualsOracle(kernel, model, frames, width, $"{kind}, K = {size}, D = {dimensions}");
        }
    }

    /// <summary>
    /// Frames whose values, but for the largest, lie half way between two steps of eight bits, and are rounded in the direction of one
    /// vector of signs; and codewords of one norm, exact in eight bits, that lie along that vector or against it, but for a few signs:
    /// their scores are off by nearly as much as the bound allows, and by more than they differ.
    /// </summary>
    private static (RvqModel Model, float[] Frames) HalfSteps(Random random)
    {
        const float step = 0.125f;
        var (size, stages, count) = (random.Next(32, 50), random.Next(2, 5), 3);
        var levels = random.Next(2) == 0 ? 63 : 127;
        var peak = random.Next(D);
        int[] signs = [.. Enumerable.Range(0, D).Select(_ => random.Next(2) == 0 ? 1 : -1)];
        var frames = new float[count * D];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = i % D == peak ? levels * step : (random.Next(-2, 2) + 0.5f - (1e-3f * signs[i % D])) * step;
        }

        // Every codeword has its opposite, so that they have no center.
        var codebooks = new Codebook[stages];
        for (var m = 0; m < stages; m++)
        {
            var length = step / (1 << random.Next(1, 5));
            var rows = new float[2 * size * D];
            for (var k = 0; k < size; k++)
            {
                var flips = random.Next(6);
                for (var i = 0; i < D; i++)
                {
                    rows[(k * D) + i] = i == peak ? 0 : random.Next(D) < flips ? -length * signs[i] : length * signs[i];
                    rows[((size + k) * D) + i] = -rows[(k * D) + i];
                }
            }

            codebooks[m] = new Codebook(rows, D);
        }

        return (new RvqModel(codebooks), frames);
    }

    private static unsafe void AssertEqualsOracle(Kernel kernel, RvqModel model, float[] frames, int width, string what)
    {
        var stack = model.Stacks[0];
        var stages = stack.Stages;
        var codebooks = stages.ToArray().Select(stage => stage.Codebook).ToArray();
        var (dimensions, stride) = (model.Dimensions, stages[0].SearchTable.Stride);
        var count = frames.Length / dimensions;
        var (beam, search) = (new BeamScratch(model, width, count), new SearchScratch(model.Stages));
        Assert.True(beam.MaxFrames >= count);
        beam.Begin(stages, width);
        for (var frame = 0; frame < count; frame++)
        {
            var residual = beam.Residuals(0) + (frame * 2 * stride);
            frames.AsSpan(frame * dimensions, dimensions).CopyTo(new Span<float>(residual, dimensions));
            beam.HalfNorms(0)[frame * 2] = 0.5 * WidestSums.Dot(residual, residual, stride);
            beam.Greedy(0)[frame] = 0;
        }

        for (var m = 0; m < stages.Length; m++)
        {
            var (table, products) = (stages[m].SearchTable, stack.Tables.Products.Before(m));
            var step = new BeamStep { Beam = beam, Table = table, Products = products, Stage = m, Frames = count };
            kernel.BeamExtender(table).Extend(step, search);
            for (var frame = 0; frame < count; frame++)
            {
                var vector = frames.AsSpan(frame * dimensions, dimensions).ToArray();
                var codes = new int[m + 1];
                var where = $"{kernel.Name}, {what}, width {width}, stage {m}, frame {frame}";
                var kept = Oracle.Extend([.. codebooks.Take(m + 1)], vector, width);
                Assert.Equal(kept.Length, beam.Count(m + 1));
                for (var i = 0; i < kept.Length; i++)
                {
                    beam.Trace(m, frame, i, codes);
                    CodesAssert.Equal(kept[i], codes, $"{where}, partial stack {i}");
                }

                var greedy = Oracle.Encode(new RvqModel([.. codebooks.Take(m + 1)]), vector);
                beam.Trace(m, frame, beam.Greedy(m + 1)[frame], codes);
                CodesAssert.Equal(greedy, codes, $"{where}, the greedy stack");
            }
        }

        GC.KeepAlive(beam);
        GC.KeepAlive(search);
        GC.KeepAlive(model);
    }
}
