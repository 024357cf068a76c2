using System.Runtime.Intrinsics.X86;
using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>
/// Every access of the kernels is inside the shapes that they document: each buffer lies right before or right behind a page that cannot be touched.
/// What they compute is held to plain loops, so that nothing is left out either.
/// </summary>
public sealed unsafe class KernelGuardPageTests
{
    private const int Panel = PanelLayout.PanelSize;

    private static readonly int[] Sizes = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 130];

    private static readonly bool[] Ends = [false, true];

    [Fact]
    public void FloatScore_Lanes128_StaysInside() => FloatScore<FloatLanes128>();

    [Fact]
    public void FloatScore_Lanes256_StaysInside() => FloatScore<FloatLanes256>();

    [Fact]
    public void FloatScore_Lanes512_StaysInside() => FloatScore<FloatLanes512>();

    [Fact]
    public void CertainFind_Lanes128_StaysInside() => CertainFind<FloatLanes128>();

    [Fact]
    public void CertainFind_Lanes256_StaysInside() => CertainFind<FloatLanes256>();

    [Fact]
    public void CertainFind_Lanes512_StaysInside() => CertainFind<FloatLanes512>();

    [Fact]
    public void BeamScan_Lanes128_StaysInside() => BeamScan<FloatLanes128>();

    [Fact]
    public void BeamScan_Lanes256_StaysInside() => BeamScan<FloatLanes256>();

    [Fact]
    public void BeamScan_Lanes512_StaysInside() => BeamScan<FloatLanes512>();

    [Fact]
    public void ByteScore_Avx2_StaysInside() => ByteScore<Avx2Dot>();

    [Fact]
    public void ByteScore_Vnni_StaysInside() => ByteScore<VnniDot>();

    [Fact]
    public void SixBitScore_Avx2_StaysInside() => SixBitScore<Avx2Dot>();

    [Fact]
    public void SixBitScore_Vnni_StaysInside() => SixBitScore<VnniDot>();

    [Fact]
    public void Dot_AnyLanes_StaysInside()
    {
        Definitions<DoubleLanesScalar>();
        Definitions<DoubleLanes128>();
        Definitions<DoubleLanes256>();
        Definitions<DoubleLanes512>();
    }

    [Fact]
    public void ResidualBytes_AnyLength_StaysInside()
    {
        Assert.SkipUnless(Avx.IsSupported, "Eight-bit residuals need AVX.");
        foreach (var atEnd in Ends)
        {
            foreach (var length in Sizes.Select(Definition.PaddedLength))
            {
                using var residual = new GuardedBuffer<float>(TestVectors.Normal(new Random(length), length), atEnd);
                using var bytes = new GuardedBuffer<sbyte>(length, atEnd);
                foreach (var levels in new[] { 63, 127 })
                {
                    var (scale, sum, peak, _, _) = ResidualBytes.Quantize(residual.Pointer, length, levels, bytes.Pointer);
                    Assert.Equal(bytes.Span.ToArray().Sum(value => value), sum);
                    Assert.Equal(residual.Span.ToArray().Max(Math.Abs), peak);
                    for (var i = 0; i < length; i++)
                    {
                        Assert.InRange(bytes.Span[i], -levels, levels);
                        Assert.InRange(residual.Span[i] - (scale * bytes.Span[i]), -0.501f * scale, 0.501f * scale);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Rows_AnyLength_StayInside(string name)
    {
        var arithmetic = TestKernels.Get(name).Rows;
        foreach (var atEnd in Ends)
        {
            foreach (var length in Sizes.Select(Definition.PaddedLength))
            {
                using var left = new GuardedBuffer<float>(TestVectors.Normal(new Random(1), length), atEnd);
                using var right = new GuardedBuffer<float>(TestVectors.Normal(new Random(2), length), atEnd);
                using var result = new GuardedBuffer<float>(length, atEnd);
                using var code = new GuardedBuffer<int>([0], atEnd);
                left.Span.CopyTo(result.Span);
                arithmetic.Subtract(right.Pointer, code.Pointer, 1, result.Pointer, 1, length);
                Assert.Equal(left.Span.ToArray().Zip(right.Span.ToArray(), (a, b) => a - b), result.Span.ToArray());
                arithmetic.Add(left.Pointer, right.Pointer, result.Pointer, length);
                Assert.Equal(left.Span.ToArray().Zip(right.Span.ToArray(), (a, b) => a + b), result.Span.ToArray());
                var norm = left.Span.ToArray().Sum(value => (double)value * value);
                Assert.Equal(1, RowArithmetic.SquaredNorm(left.Pointer, length) / norm, 1e-5);
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void SumAll_AnyLength_StaysInside(string name)
    {
        var arithmetic = TestKernels.Get(name).Rows;
        const int Frames = 5;
        foreach (var atEnd in Ends)
        {
            foreach (var length in Sizes.Select(Definition.PaddedLength))
            {
                foreach (var (count, step) in new[] { (1, 1), (2, 2), (3, 5), (9, 9) })
                {
                    using var values = new GuardedBuffer<float>(TestVectors.Normal(new Random(length), Frames * length), atEnd);
                    using var rows = new GuardedBuffer<nint>(((Frames - 1) * step) + count, atEnd);
                    for (var i = 0; i < rows.Length; i++)
                    {
                        rows.Span[i] = (nint)(values.Pointer + (i * 3 % Frames * length));
                    }

                    using var sums = new GuardedBuffer<float>(Frames * length, atEnd);
                    arithmetic.SumAll((float**)rows.Pointer, step, Frames, count, sums.Pointer, length);
                    for (var i = 0; i < sums.Length; i++)
                    {
                        var (frame, at) = Math.DivRem(i, length);
                        var terms = Enumerable.Range(frame * step, count).Select(n => values.Span[(n * 3 % Frames * length) + at]);
                        Assert.Equal(terms.Aggregate((a, b) => a + b), sums.Span[i]);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Quantize_AnySize_StaysInside(string name)
    {
        var kernel = TestKernels.Get(name);
        foreach (var atEnd in Ends)
        {
            foreach (var size in Sizes)
            {
                foreach (var dimensions in new[] { 1, 7, 8, 9, 33, 65 })
                {
                    const int Count = 15;
                    var (codewords, frames) = TestVectors.Create("random", size, dimensions, Count, size);
                    var codebook = new Codebook(codewords, dimensions);
                    var table = new SearchTable(codebook, SearchMetric.Euclidean);
                    using var rows = new GuardedBuffer<float>(codebook.PaddedRows.Span[..(size * codebook.RowStride)], atEnd);
                    using var vectors = new GuardedBuffer<float>(Padded(frames, dimensions), atEnd);
                    using var codes = new GuardedBuffer<int>(((Count - 1) * 3) + 1, atEnd);
                    kernel.Search(table).Find(vectors.Pointer, Count, codes.Pointer, 3, new SearchScratch([new Stage(codebook)]));
                    kernel.Rows.Subtract(rows.Pointer, codes.Pointer, 3, vectors.Pointer, Count, table.Stride);
                    for (var t = 0; t < Count; t++)
                    {
                        var frame = frames.AsSpan(t * dimensions, dimensions).ToArray();
                        var code = Oracle.Nearest(codebook, frame);
                        Assert.Equal(code, codes.Span[t * 3]);
                        Assert.Equal(frame.Zip(codebook[code].ToArray(), (r, c) => r - c), vectors.Span.Slice(t * table.Stride, dimensions).ToArray());
                    }
                }
            }
        }
    }

    private static void FloatScore<T>()
        where T : struct, IFloatLanes<T>
    {
        Assert.SkipUnless(TestKernels.IsSupported<T>(), $"{typeof(T).Name} is not accelerated on this machine or by its settings.");
        foreach (var atEnd in Ends)
        {
            foreach (var size in Sizes)
            {
                foreach (var dimensions in Sizes)
                {
                    foreach (var count in new[] { 1, 15 })
                    {
                        var (codewords, frames) = TestVectors.Create("random", size, dimensions, count, size);
                        var source = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean).FloatPanels;
                        var panelCount = source.PanelCount;
                        using var panels = new GuardedBuffer<float>(new ReadOnlySpan<float>(source.Panels, panelCount * dimensions * Panel), atEnd);
                        using var halfNorms = new GuardedBuffer<float>(new ReadOnlySpan<float>(source.HalfNorms, panelCount * Panel), atEnd);
                        using var vectors = new GuardedBuffer<float>(Padded(frames, dimensions), atEnd);
                        using var scores = new GuardedBuffer<float>(count * panelCount * Panel, atEnd);
                        using var minima = new GuardedBuffer<float>(count * PanelLayout.GroupCount(panelCount) * Panel, atEnd);
                        FloatScores<T>.Score(
                            panels.Pointer, halfNorms.Pointer, panelCount, dimensions, vectors.Pointer, Definition.PaddedLength(dimensions), count,
                            scores.Pointer, minima.Pointer);
                        for (var i = 0; i < scores.Length; i++)
                        {
                            var (t, k) = Math.DivRem(i, panelCount * Panel);
                            double score = halfNorms.Span[k];
                            for (var d = 0; d < dimensions; d++)
                            {
                                score += (double)panels.Span[(((k / Panel * dimensions) + d) * Panel) + (k % Panel)] * frames[(t * dimensions) + d];
                            }

                            AssertClose(score, scores.Span[i]);
                        }

                        AssertMinima(scores.Span, minima.Span, panelCount, count);
                    }
                }
            }
        }
    }

    private static void CertainFind<T>()
        where T : struct, IFloatLanes<T>
    {
        Assert.SkipUnless(TestKernels.IsSupported<T>(), $"{typeof(T).Name} is not accelerated on this machine or by its settings.");
        const int Count = 15;
        const double Margin = 0.5;
        var (certain, open) = (0, 0);
        foreach (var atEnd in Ends)
        {
            foreach (var size in Sizes)
            {
                foreach (var dimensions in Sizes)
                {
                    var (codewords, frames) = TestVectors.Create("random", size, dimensions, Count, size);
                    var source = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean).FloatPanels;
                    using var panels = new GuardedBuffer<float>(new ReadOnlySpan<float>(source.Panels, source.PanelCount * dimensions * Panel), atEnd);
                    using var halfNorms = new GuardedBuffer<float>(new ReadOnlySpan<float>(source.HalfNorms, source.PanelCount * Panel), atEnd);
                    using var vectors = new GuardedBuffer<float>(Padded(frames, dimensions), atEnd);
                    using var margins = new GuardedBuffer<double>(Count, atEnd);
                    using var codes = new GuardedBuffer<int>(((Count - 1) * 3) + 1, atEnd);
                    margins.Span.Fill(Margin);
                    margins.Span[^1] = double.PositiveInfinity;
                    CertainCodes<T>.Find(
                        panels.Pointer, halfNorms.Pointer, source.PanelCount, dimensions, vectors.Pointer, Definition.PaddedLength(dimensions), margins.Pointer,
                        Count, codes.Pointer, 3);
                    Assert.Equal(-1, codes.Span[^1]);
                    for (var t = 0; t < Count - 1; t++)
                    {
                        var scores = Enumerable.Range(0, size).Select(k => halfNorms.Span[k] + Enumerable.Range(0, dimensions).Sum(
                            d => (double)panels.Span[(((k / Panel * dimensions) + d) * Panel) + (k % Panel)] * frames[(t * dimensions) + d])).ToArray();
                        var smallest = scores.Min();
                        var gap = scores.Order().ElementAtOrDefault(1) - smallest;
                        if (size == 1 || gap > Margin + 1e-3)
                        {
                            Assert.Equal(Array.IndexOf(scores, smallest), codes.Span[t * 3]);
                            certain++;
                        }
                        else if (gap < Margin - 1e-3)
                        {
                            Assert.Equal(-1, codes.Span[t * 3]);
                            open++;
                        }
                    }
                }
            }
        }

        Assert.True(certain > 1000 && open > 1000, $"{certain} and {open} say little");
    }

    private static void BeamScan<T>()
        where T : struct, IFloatLanes<T>
    {
        Assert.SkipUnless(TestKernels.IsSupported<T>(), $"{typeof(T).Name} is not on this machine or switched off.");
        foreach (var atEnd in Ends)
        {
            foreach (var panelCount in new[] { 1, 2, 3, 4, 5, 8, 11, 260 })
            {
                var length = panelCount * Panel;
                var random = new Random(panelCount);
                using var source = new GuardedBuffer<float>(TestVectors.Normal(random, length), atEnd);
                using var row = new GuardedBuffer<sbyte>(length, atEnd);
                using var weights = new GuardedBuffer<float>(length, atEnd);
                using var target = new GuardedBuffer<float>(length, atEnd);
                using var minima = new GuardedBuffer<float>(PanelLayout.GroupCount(panelCount) * Panel, atEnd);
                for (var i = 0; i < length; i++)
                {
                    row.Span[i] = (sbyte)random.Next(-127, 128);
                    weights.Span[i] = random.NextSingle();
                }

                var from = new BeamScores(source.Pointer, row.Pointer, 0.125f);
                BeamCandidates<T>.AddRow(from, panelCount, target.Pointer, row.Pointer);
                var scores = target.Span.ToArray();
                for (var i = 0; i < length; i++)
                {
                    AssertClose(source.Span[i] + (0.125 * row.Span[i]), scores[i]);
                }

                foreach (var pointer in new[] { (nint)weights.Pointer, 0 })
                {
                    var lanes = new float[Panel];
                    fixed (float* lane = lanes)
                    {
                        T.Store(BeamCandidates<T>.Scan(from, (float*)pointer, 2, panelCount, minima.Pointer, row.Pointer), lane);
                    }

                    AssertMinima(scores, minima.Span, panelCount, 1);
                    for (var lane = 0; lane < Panel; lane++)
                    {
                        AssertClose(
                            Enumerable.Range(0, panelCount).Min(p => scores[(p * Panel) + lane] + (pointer == 0 ? 0 : 2.0 * weights.Span[(p * Panel) + lane])), lanes[lane]);
                    }
                }

                foreach (var limit in new[] { scores.Min(), scores.Order().ElementAt(length / 2), scores.Max() })
                {
                    from.Limit = limit;
                    int[] expected = [.. Enumerable.Range(0, length).Where(k => scores[k] <= limit)];
                    using var leaves = new GuardedBuffer<BeamScores>(1, atEnd);
                    using var spots = new GuardedBuffer<BeamSpot>(PanelLayout.GroupCount(panelCount) + 1, atEnd);
                    using var parents = new GuardedBuffer<int>(expected.Length, atEnd);
                    using var codes = new GuardedBuffer<int>(expected.Length, atEnd);
                    *leaves.Pointer = from;
                    Assert.Equal(
                        expected.Length,
                        BeamCandidates<T>.Collect(leaves.Pointer, 1, minima.Pointer, panelCount, spots.Pointer, 7, parents.Pointer, codes.Pointer));
                    Assert.Equal(expected, codes.Span.ToArray());
                    Assert.All(parents.Span.ToArray(), parent => Assert.Equal(7, parent));
                }
            }
        }
    }

    private static void SixBitScore<T>()
        where T : struct, IByteDot
    {
        Assert.SkipUnless(T.IsSupported, $"{typeof(T).Name} is not on this machine or switched off.");
        foreach (var atEnd in Ends)
        {
            foreach (var size in Sizes)
            {
                foreach (var dimensions in Sizes)
                {
                    var codewords = TestVectors.Normal(new Random(size), size * dimensions);
                    var panels = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean).SixBitPanels;
                    var (panelCount, random) = (panels.Bytes.PanelCount, new Random(dimensions));
                    using var residual = new GuardedBuffer<sbyte>(panels.Groups * 16, atEnd);
                    using var scale = new GuardedBuffer<ResidualScale>(1, atEnd);
                    using var scores = new GuardedBuffer<float>(panelCount * Panel, atEnd);
                    using var minima = new GuardedBuffer<float>(PanelLayout.GroupCount(panelCount) * Panel, atEnd);
                    for (var i = 0; i < residual.Length; i++)
                    {
                        residual.Span[i] = (sbyte)random.Next(-T.Levels, T.Levels + 1);
                    }

                    scale.Span[0] = new ResidualScale(random.NextSingle() / T.Levels, random.NextSingle(), random.Next(-1000, 1000));
                    SixBitScores<T>.Score(panels, residual.Pointer, scale.Pointer, scores.Pointer, minima.Pointer);
                    for (var k = 0; k < scores.Length; k++)
                    {
                        var sum = scale.Span[0].Start;
                        for (var d = 0; d < residual.Length; d++)
                        {
                            var group = panels.Panels + (((((k / Panel * panels.Groups) + (d / 16)) * 3 * Panel) + (k % Panel)) * 4) + (d % 4);
                            var step = d / 4 % 4;
                            sum += residual.Span[d] * (step < 3 ? group[step * 64] : ((group[0] & 3) << 6) | ((group[64] & 3) << 4) | ((group[128] & 3) << 2));
                        }

                        var (step0, spread, weight) = ((double)scale.Span[0].Step, (double)scale.Span[0].Spread, panels.Bytes.Scales[k]);
                        AssertClose(panels.Bytes.HalfNorms[k] + (step0 * weight * sum) - (spread * weight), scores.Span[k]);
                    }

                    AssertMinima(scores.Span, minima.Span, panelCount, 1);
                    GC.KeepAlive(panels);
                }
            }
        }
    }

    private static void ByteScore<T>()
        where T : struct, IByteDot
    {
        Assert.SkipUnless(T.IsSupported, $"{typeof(T).Name} is not on this machine or switched off.");
        foreach (var atEnd in Ends)
        {
            foreach (var size in Sizes)
            {
                foreach (var dimensions in Sizes)
                {
                    foreach (var count in new[] { 1, 15 })
                    {
                        var codewords = TestVectors.Normal(new Random(size), size * dimensions);
                        var panels = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean).BytePanels;
                        var (panelCount, stride, random) = (panels.PanelCount, panels.Steps * BytePanels.Dimensions, new Random(dimensions));
                        using var residuals = new GuardedBuffer<sbyte>(count * stride, atEnd);
                        using var scales = new GuardedBuffer<ResidualScale>(count, atEnd);
                        using var scores = new GuardedBuffer<float>(count * panelCount * Panel, atEnd);
                        using var minima = new GuardedBuffer<float>(count * PanelLayout.GroupCount(panelCount) * Panel, atEnd);
                        for (var i = 0; i < residuals.Length; i++)
                        {
                            residuals.Span[i] = (sbyte)random.Next(-T.Levels, T.Levels + 1);
                        }

                        for (var t = 0; t < count; t++)
                        {
                            var sum = residuals.Span.Slice(t * stride, stride).ToArray().Sum(value => value);
                            scales.Span[t] = new ResidualScale(random.NextSingle() / T.Levels, random.NextSingle(), -BytePanels.Offset * sum);
                        }

                        ByteScores<T>.Score(panels, residuals.Pointer, scales.Pointer, count, scores.Pointer, minima.Pointer);
                        for (var i = 0; i < scores.Length; i++)
                        {
                            var (t, k) = Math.DivRem(i, panelCount * Panel);
                            var sum = 0;
                            for (var d = 0; d < stride; d++)
                            {
                                var at = (((((k / Panel * panels.Steps) + (d / 4)) * Panel) + (k % Panel)) * 4) + (d % 4);
                                sum += (panels.Panels[at] - BytePanels.Offset) * residuals.Span[(t * stride) + d];
                            }

                            var scale = scales.Span[t];
                            AssertClose(
                                panels.HalfNorms[k] + ((double)scale.Step * panels.Scales[k] * sum) - ((double)scale.Spread * panels.Weights[k]), scores.Span[i]);
                        }

                        AssertMinima(scores.Span, minima.Span, panelCount, count);
                        GC.KeepAlive(panels);
                    }
                }
            }
        }
    }

    private static void Definitions<T>()
        where T : struct, IDoubleLanes<T>
    {
        foreach (var atEnd in Ends)
        {
            foreach (var size in Sizes)
            {
                foreach (var padded in Sizes.Select(Definition.PaddedLength).Distinct())
                {
                    var random = new Random(size + padded);
                    using var vector = new GuardedBuffer<float>(TestVectors.Normal(random, padded), atEnd);
                    using var rows = new GuardedBuffer<float>(TestVectors.Normal(random, size * padded), atEnd);
                    using var halfNorms = new GuardedBuffer<double>(size, atEnd);
                    var scores = new double[size];
                    for (var k = 0; k < size; k++)
                    {
                        var row = rows.Span.Slice(k * padded, padded);
                        halfNorms.Span[k] = 0.5 * Oracle.Dot(row, row);
                        scores[k] = halfNorms.Span[k] - Oracle.Dot(vector.Span, row);
                        Assert.Equal(Oracle.Dot(vector.Span, row), Definition.Dot<T>(vector.Pointer, rows.Pointer + (k * padded), padded));
                    }

                    Assert.Equal(
                        Array.IndexOf(scores, scores.Min()),
                        Definition.Nearest<T>(vector.Pointer, rows.Pointer, halfNorms.Pointer, padded, null, size));
                    int[] odd = [.. Enumerable.Range(0, size).Where(k => k % 2 == (size + 1) % 2)];
                    using var candidates = new GuardedBuffer<int>(odd, atEnd);
                    Assert.Equal(
                        odd.MinBy(k => scores[k]),
                        Definition.Nearest<T>(vector.Pointer, rows.Pointer, halfNorms.Pointer, padded, candidates.Pointer, odd.Length));
                }
            }
        }
    }

    /// <summary>Relative to magnitudes of some hundred at most.</summary>
    private static void AssertClose(double expected, float actual)
        => Assert.True(double.IsPositiveInfinity(expected) ? float.IsPositiveInfinity(actual) : Math.Abs(expected - actual) < 1e-3, $"{actual} is not {expected}");

    private static void AssertMinima(ReadOnlySpan<float> scores, ReadOnlySpan<float> minima, int panelCount, int count)
    {
        var groups = PanelLayout.GroupCount(panelCount);
        for (var i = 0; i < count * groups * Panel; i++)
        {
            var (frame, group, lane) = (i / Panel / groups, i / Panel % groups, i % Panel);
            var expected = float.PositiveInfinity;
            for (var panel = group * PanelLayout.PanelsPerGroup; panel < Math.Min((group + 1) * PanelLayout.PanelsPerGroup, panelCount); panel++)
            {
                expected = Math.Min(expected, scores[(((frame * panelCount) + panel) * Panel) + lane]);
            }

            Assert.Equal(expected, minima[i]);
        }
    }

    private static float[] Padded(float[] rows, int length)
    {
        var stride = Definition.PaddedLength(length);
        var padded = new float[rows.Length / length * stride];
        for (var i = 0; i < rows.Length; i++)
        {
            padded[(i / length * stride) + (i % length)] = rows[i];
        }

        return padded;
    }
}
