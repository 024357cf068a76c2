using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>A code where the smallest score is further below all others than the margin, −1 elsewhere; between guard pages.</summary>
public sealed unsafe class CertainCodesTests
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Count = 15;
    private const double Margin = 0.5;

    [Fact]
    public void Find_Lanes128_StaysInside() => StaysInside<FloatLanes128>();

    [Fact]
    public void Find_Lanes256_StaysInside() => StaysInside<FloatLanes256>();

    [Fact]
    public void Find_Lanes512_StaysInside() => StaysInside<FloatLanes512>();

    [Fact]
    public void Find_Lanes128NumbersInScores_AreCovered() => CoversNumbers<FloatLanes128>();

    [Fact]
    public void Find_Lanes256NumbersInScores_AreCovered() => CoversNumbers<FloatLanes256>();

    [Fact]
    public void Find_Lanes512NumbersInScores_AreCovered() => CoversNumbers<FloatLanes512>();

    /// <summary>
    /// Two scores exactly a margin apart, in any panels: the numbers of 64 panels in the six lowest bits of scores move them by up to 2⁻¹⁷,
    /// and must not make one of them certain; a gap larger than the margin by eight times that is certain.
    /// </summary>
    private static void CoversNumbers<T>()
        where T : struct, IFloatLanes<T>
    {
        TestKernels.SkipUnlessSupported<T>();
        const int panelCount = 64;
        var random = new Random(1);
        var panels = new AlignedBuffer<float>(panelCount * Panel);
        var halfNorms = new AlignedBuffer<float>(panelCount * Panel);
        var vector = stackalloc float[Definition.Lanes];
        new Span<float>(vector, Definition.Lanes).Clear();
        for (var i = 0; i < 4000; i++)
        {
            halfNorms.Span.Fill(CertainCodes<T>.MaxHalfNorm);
            var (first, second) = (random.Next(panelCount * Panel), random.Next(panelCount * Panel));
            var smallest = (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-3, 4));
            var margin = i % 3 == 0 ? 0 : Math.Abs(smallest) * Math.Pow(10, -random.Next(2, 8));
            var next = (float)(smallest + margin);
            while (next > smallest + margin)
            {
                next = MathF.BitDecrement(next);
            }

            var gap = i % 2 == 0 ? 0 : MathF.ScaleB(Math.Abs(next), -14) + 1e-30f;
            halfNorms.Span[second] = next + gap;
            halfNorms.Span[first] = smallest;
            int code;
            CertainCodes<T>.Find(panels.Pointer, halfNorms.Pointer, panelCount, 1, vector, Definition.Lanes, &margin, 1, &code, 1);
            Assert.Equal(first == second || gap > 0 ? first : -1, code);
        }

        GC.KeepAlive(panels);
        GC.KeepAlive(halfNorms);
    }

    private static void StaysInside<T>()
        where T : struct, IFloatLanes<T>
    {
        TestKernels.SkipUnlessSupported<T>();
        var (certain, open) = (0, 0);
        foreach (var (atEnd, size, dimensions) in GuardCases.Codebooks())
        {
            var (codewords, frames) = TestVectors.Create("random", size, dimensions, Count, size);
            var source = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean).FloatPanels;
            using var panels = new GuardedBuffer<float>(source.Panels, source.PanelCount * dimensions * Panel, atEnd);
            using var halfNorms = new GuardedBuffer<float>(source.HalfNorms, source.PanelCount * Panel, atEnd);
            for (var i = 0; i < halfNorms.Length; i++)
            {
                halfNorms.Span[i] = Math.Min(halfNorms.Span[i], CertainCodes<T>.MaxHalfNorm);
            }

            using var vectors = new GuardedBuffer<float>(GuardCases.Padded(frames, dimensions), atEnd);
            using var margins = new GuardedBuffer<double>(Count, atEnd);
            using var codes = new GuardedBuffer<int>(((Count - 1) * 3) + 1, atEnd);
            margins.Span.Fill(Margin);
            margins.Span[^1] = double.PositiveInfinity;
            CertainCodes<T>.Find(
                panels.Pointer, halfNorms.Pointer, source.PanelCount, dimensions, vectors.Pointer, Definition.PaddedLength(dimensions),
                margins.Pointer, Count, codes.Pointer, 3);
            Assert.Equal(-1, codes.Span[^1]);
            for (var t = 0; t < Count - 1; t++)
            {
                var scores = Scores(panels.Span, halfNorms.Span[..size], frames.AsSpan(t * dimensions, dimensions));
                var smallest = scores.Min();
                var gap = size == 1 ? double.PositiveInfinity : scores.Order().ElementAt(1) - smallest;
                if (Math.Abs(gap - Margin) > 1e-3)
                {
                    Assert.Equal(gap > Margin ? Array.IndexOf(scores, smallest) : -1, codes.Span[t * 3]);
                    certain += gap > Margin ? 1 : 0;
                    open += gap < Margin ? 1 : 0;
                }
            }

            GC.KeepAlive(source);
        }

        Assert.True(certain > 1000 && open > 1000, $"{certain} and {open} say little");
    }

    private static double[] Scores(ReadOnlySpan<float> panels, ReadOnlySpan<float> halfNorms, ReadOnlySpan<float> frame)
    {
        var scores = new double[halfNorms.Length];
        for (var k = 0; k < scores.Length; k++)
        {
            scores[k] = halfNorms[k];
            for (var d = 0; d < frame.Length; d++)
            {
                scores[k] += (double)panels[(((k / Panel * frame.Length) + d) * Panel) + (k % Panel)] * frame[d];
            }
        }

        return scores;
    }
}
