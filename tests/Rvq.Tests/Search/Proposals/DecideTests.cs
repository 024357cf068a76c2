using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>
/// Made-up scores show whom the definition is asked about: only the codewords within the margin. Codes alone would not show that it is
/// asked about all, which is right but slow.
/// </summary>
public sealed unsafe class DecideTests
{
    private const int Panel = PanelLayout.PanelSize;

    [Fact]
    public void Decide_Lanes128_AsksAboutTheCodewordsWithinTheMargin() => AsksWithinTheMargin<FloatLanes128, DoubleLanes128>();

    [Fact]
    public void Decide_Lanes256_AsksAboutTheCodewordsWithinTheMargin() => AsksWithinTheMargin<FloatLanes256, DoubleLanes256>();

    [Fact]
    public void Decide_Lanes512_AsksAboutTheCodewordsWithinTheMargin() => AsksWithinTheMargin<FloatLanes512, DoubleLanes512>();

    private static void AsksWithinTheMargin<T, TDouble>()
        where T : struct, IFloatLanes<T>
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        TestKernels.SkipUnlessSupported<T>();

        // The last has more than 64 groups of panels.
        foreach (var size in new[] { 5, 70, 300, 4200 })
        {
            const int Dimensions = 8;
            var random = new Random(size);
            var codebook = new Codebook(TestVectors.Normal(random, size * Dimensions), Dimensions);
            var table = new SearchTable(codebook, SearchMetric.Euclidean);
            var vector = new AlignedBuffer<float>(table.Stride);
            TestVectors.Normal(random, Dimensions).CopyTo(vector.Span);
            foreach (var count in new[] { 1, 2, 4 })
            {
                var near = Enumerable.Range(0, count).Select(_ => random.Next(size)).ToArray();
                var expected = near.Distinct().Order().MinBy(code => Oracle.Score(codebook, code, vector.Span[..Dimensions]));
                Assert.Equal(expected, Decide<T, TDouble>(table, vector.Pointer, near));
            }

            Assert.Equal(size - 1, Decide<T, TDouble>(table, vector.Pointer, [size - 1]));
            GC.KeepAlive(vector);
        }
    }

    /// <summary>The code where these codewords have a score of 1 and all others one of 2, with a margin of a half.</summary>
    private static int Decide<T, TDouble>(SearchTable table, float* vector, int[] near)
        where T : struct, IFloatLanes<T>
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var scores = new AlignedBuffer<float>(table.PanelCount * Panel);
        var minima = new AlignedBuffer<float>(PanelLayout.GroupCount(table.PanelCount) * Panel);
        var room = new AlignedBuffer<int>(2 * table.Size);
        scores.Span.Fill(float.PositiveInfinity);
        scores.Span[..table.Size].Fill(2);
        Array.ForEach(near, code => scores.Span[code] = 1);
        minima.Span.Fill(float.PositiveInfinity);
        for (var i = 0; i < table.Size; i++)
        {
            ref var least = ref minima.Span[(i / Panel / PanelLayout.PanelsPerGroup * Panel) + (i % Panel)];
            least = Math.Min(least, scores.Span[i]);
        }

        var (margin, code) = (0.5, -1);
        var proposal = new Proposal { Scores = scores.Pointer, Minima = minima.Pointer, Margins = &margin };
        Candidates<T>.Decide<TDouble>(table, proposal, vector, 1, &code, 1, room.Pointer);
        GC.KeepAlive(scores);
        GC.KeepAlive(minima);
        GC.KeepAlive(room);
        return code;
    }
}
