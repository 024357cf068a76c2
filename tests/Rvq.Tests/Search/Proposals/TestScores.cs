using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Approximate scores by the loops that kernels propose codes with, on frames centered as the search centers them.</summary>
internal static unsafe class TestScores
{
    private const int Panel = PanelLayout.PanelSize;

    public static List<ScoredFrame> InFloat<T>(string kind, int size, int dimensions, int count)
        where T : struct, IFloatLanes<T>
    {
        var (table, codebook, frames) = Create(kind, size, dimensions, count);
        var panels = table.FloatPanels;
        var vectors = Centered(table, frames, panels.Center);
        var (scores, minima) = Room(panels.PanelCount, count);
        FloatScores<T>.Score(
            panels.Panels, panels.HalfNorms, panels.PanelCount, dimensions, vectors.Pointer, table.Stride, count, scores.Pointer,
            minima.Pointer);
        var scored = new List<ScoredFrame>();
        for (var t = 0; t < count; t++)
        {
            var margin = panels.Bound.Margin(RowArithmetic.SquaredNorm(vectors.Pointer + (t * table.Stride), table.Stride));
            var exact = Definition(codebook, frames.AsSpan(t * dimensions, dimensions));
            scored.Add(new ScoredFrame(Row(scores, t, panels.PanelCount, size), exact, new double[size], margin));
        }

        return scored;
    }

    public static List<ScoredFrame> InBytes<T>(string kind, int size, int dimensions, int count)
        where T : struct, IByteLanes<T>
        => InBits<T>(
            kind, size, dimensions, count, table => (table.BytePanels(T.Form).Bound, (nint)table.BytePanels(T.Form).Weights),
            (table, bytes, scales, scores, minima) =>
                ByteScores<T>.Score(
                    table.BytePanels(T.Form), (sbyte*)bytes, (ResidualScale*)scales, count, (float*)scores, (float*)minima));

    public static List<ScoredFrame> InSixBits<T>(string kind, int size, int dimensions, int count)
        where T : struct, IByteLanes<T>
        => InBits<T>(
            kind, size, dimensions, count, table => (table.SixBitPanels(T.Form).Bound, (nint)table.SixBitPanels(T.Form).Bytes.Scales),
            (table, bytes, scales, scores, minima) =>
            {
                var panels = table.SixBitPanels(T.Form);
                var residual = new AlignedBuffer<sbyte>(panels.Groups * SixBitPanels.Dimensions);
                for (var t = 0; t < count; t++)
                {
                    new Span<sbyte>((sbyte*)bytes + (t * table.Stride), table.Stride).CopyTo(residual.Span);
                    var own = (float*)scores + (t * table.PanelCount * Panel);
                    SixBitScores<T>.Score(panels, residual.Pointer, (ResidualScale*)scales + t, own, (float*)minima);
                }
            });

    /// <summary>
    /// Fills a residual with bytes as far from zero as the lanes take them: ±127, or, where four products are added in 16 bits, four that
    /// add up to ±128. The signs of such fours are random.
    /// </summary>
    public static void FillWithExtremes<T>(Span<sbyte> residual, Random random)
        where T : struct, IByteLanes<T>
    {
        foreach (var first in Enumerable.Range(0, residual.Length / 8).SelectMany(i => new[] { 8 * i, (8 * i) + 2 }))
        {
            var cuts = Enumerable.Range(0, 3).Select(_ => random.Next(2, 127)).Append(0).Append(128).Order().ToArray();
            var sign = (2 * random.Next(2)) - 1;
            foreach (var (i, at) in new[] { first, first + 1, first + 4, first + 5 }.Index())
            {
                residual[at] = (sbyte)(sign * (T.AddsIn16Bits ? cuts[i + 1] - cuts[i] : 127));
            }
        }
    }

    private static List<ScoredFrame> InBits<T>(
        string kind, int size, int dimensions, int count, Func<SearchTable, (ByteErrorBound Bound, nint Weights)> panels,
        Action<SearchTable, nint, nint, nint, nint> score)
        where T : struct, IByteLanes<T>
    {
        var (table, codebook, frames) = Create(kind, size, dimensions, count);
        var vectors = Centered(table, frames, table.BytePanels(T.Form).Center);
        var (scores, minima) = Room(table.PanelCount, count);
        var bytes = new AlignedBuffer<sbyte>((count + 1) * table.Stride);
        var scales = new AlignedBuffer<ResidualScale>(count);
        var margins = new double[count];
        var (bound, weights) = panels(table);
        for (var t = 0; t < count; t++)
        {
            var (scale, sum, peak, norm, error) = ResidualBytes<T, FloatLanes128>.Quantize(
                vectors.Pointer + (t * table.Stride), table.Stride, bytes.Pointer + (t * table.Stride));
            (var spread, margins[t]) = bound.For(peak, norm, error);
            scales.Pointer[t] = new ResidualScale(scale, spread, -table.BytePanels(T.Form).Offset * sum);
        }

        score(table, (nint)bytes.Pointer, (nint)scales.Pointer, (nint)scores.Pointer, (nint)minima.Pointer);
        var scored = new List<ScoredFrame>();
        for (var t = 0; t < count; t++)
        {
            var allowances = new double[size];
            for (var k = 0; k < size; k++)
            {
                allowances[k] = 2.0 * scales.Pointer[t].Spread * ((float*)weights)[k];
            }

            var exact = Definition(codebook, frames.AsSpan(t * dimensions, dimensions));
            scored.Add(new ScoredFrame(Row(scores, t, table.PanelCount, size), exact, allowances, margins[t]));
        }

        return scored;
    }

    private static (SearchTable Table, Codebook Codebook, float[] Frames) Create(string kind, int size, int dimensions, int count)
    {
        var (codewords, frames) = TestVectors.Create(kind, size, dimensions, count, size + dimensions);
        var codebook = new Codebook(codewords, dimensions);
        return (new SearchTable(codebook, SearchMetric.Euclidean), codebook, frames);
    }

    private static AlignedBuffer<float> Centered(SearchTable table, float[] frames, float* center)
    {
        var count = frames.Length / table.Dimensions;
        var vectors = new AlignedBuffer<float>(count * table.Stride);
        for (var i = 0; i < frames.Length; i++)
        {
            var (t, d) = Math.DivRem(i, table.Dimensions);
            vectors.Pointer[(t * table.Stride) + d] = frames[i] - (center == null ? 0 : center[d]);
        }

        return vectors;
    }

    private static (AlignedBuffer<float> Scores, AlignedBuffer<float> Minima) Room(int panelCount, int count)
        => (new(count * panelCount * Panel), new(count * PanelLayout.GroupCount(panelCount) * Panel));

    private static double[] Row(AlignedBuffer<float> scores, int frame, int panelCount, int size)
        => Array.ConvertAll(scores.Span.Slice(frame * panelCount * Panel, size).ToArray(), score => (double)score);

    private static double[] Definition(Codebook codebook, ReadOnlySpan<float> frame)
    {
        var scores = new double[codebook.Size];
        for (var k = 0; k < scores.Length; k++)
        {
            scores[k] = Oracle.Score(codebook, k, frame);
        }

        return scores;
    }
}
