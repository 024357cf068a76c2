using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>What a kernel's approximate scores of one frame are, and what the definition's are.</summary>
/// <param name="Scores">The approximate scores, less the codeword's part of the spread where there is one.</param>
/// <param name="Definition">The definition's scores.</param>
/// <param name="Allowances">2A·w of each codeword; zeros for float32.</param>
/// <param name="Margin">How far beyond the smallest score (and its allowance) a codeword may still be the code.</param>
internal sealed record Proposal(double[] Scores, double[] Definition, double[] Allowances, double Margin)
{
    /// <summary>
    /// The largest (a_k − a_j − 2A·w_j) − (s_k − s_j) over all codewords: what the margin must cover, lest the code be left out. The definition's scores
    /// and the kernel's may differ by what all codewords share, so only differences count.
    /// </summary>
    public double ErrorSpread()
    {
        double largest = double.NegativeInfinity, smallest = double.PositiveInfinity;
        var origin = Array.FindIndex(Scores, double.IsFinite);
        for (var k = 0; k < Scores.Length; k++)
        {
            // A repeated codeword is left out by an infinite score.
            if (double.IsFinite(Scores[k]))
            {
                var error = (Scores[k] - Scores[origin]) - (Definition[k] - Definition[origin]);
                largest = Math.Max(largest, error);
                smallest = Math.Min(smallest, error + Allowances[k]);
            }
        }

        return largest - smallest;
    }
}

/// <summary>Runs the kernels that propose, on frames centered as the search centers them.</summary>
internal static unsafe class Proposals
{
    private const int Panel = PanelLayout.PanelSize;

    public static List<Proposal> InFloat<T>(string kind, int size, int dimensions, int count)
        where T : struct, IFloatLanes<T>
    {
        var (table, codebook, frames) = Create(kind, size, dimensions, count);
        var panels = table.FloatPanels;
        var vectors = Centered(table, frames, panels.Center);
        var (scores, minima) = Room(panels.PanelCount, count);
        FloatScores<T>.Score(
            panels.Panels, panels.HalfNorms, panels.PanelCount, dimensions, vectors.Pointer, table.Stride, count, scores.Pointer, minima.Pointer);
        var proposals = new List<Proposal>();
        for (var t = 0; t < count; t++)
        {
            proposals.Add(new Proposal(
                Row(scores, t, panels.PanelCount, size), Definition(codebook, frames.AsSpan(t * dimensions, dimensions)), new double[size],
                panels.Bound.Margin(RowArithmetic.SquaredNorm(vectors.Pointer + (t * table.Stride), table.Stride))));
        }

        return proposals;
    }

    public static List<Proposal> InBytes<T>(string kind, int size, int dimensions, int count)
        where T : struct, IByteDot
        => InBits<T>(kind, size, dimensions, count, table => (table.BytePanels.Bound, (nint)table.BytePanels.Weights), (table, bytes, scales, scores, minima) =>
            ByteScores<T>.Score(table.BytePanels, (sbyte*)bytes, (ResidualScale*)scales, count, (float*)scores, (float*)minima));

    public static List<Proposal> InSixBits<T>(string kind, int size, int dimensions, int count)
        where T : struct, IByteDot
        => InBits<T>(kind, size, dimensions, count, table => (table.SixBitPanels.Bound, (nint)table.SixBitPanels.Bytes.Scales), (table, bytes, scales, scores, minima) =>
        {
            var residual = new AlignedBuffer<sbyte>(table.SixBitPanels.Groups * SixBitPanels.Dimensions);
            for (var t = 0; t < count; t++)
            {
                new Span<sbyte>((sbyte*)bytes + (t * table.Stride), table.Stride).CopyTo(residual.Span);
                SixBitScores<T>.Score(
                    table.SixBitPanels, residual.Pointer, (ResidualScale*)scales + t, (float*)scores + (t * table.PanelCount * Panel), (float*)minima);
            }
        });

    private static List<Proposal> InBits<T>(
        string kind, int size, int dimensions, int count, Func<SearchTable, (ByteErrorBound Bound, nint Weights)> panels, Action<SearchTable, nint, nint, nint, nint> score)
        where T : struct, IByteDot
    {
        var (table, codebook, frames) = Create(kind, size, dimensions, count);
        var vectors = Centered(table, frames, table.BytePanels.Center);
        var (scores, minima) = Room(table.PanelCount, count);
        var bytes = new AlignedBuffer<sbyte>((count + 1) * table.Stride);
        var scales = new AlignedBuffer<ResidualScale>(count);
        var margins = new double[count];
        var (bound, weights) = panels(table);
        for (var t = 0; t < count; t++)
        {
            var (scale, sum, peak, norm, error) = ResidualBytes.Quantize(
                vectors.Pointer + (t * table.Stride), table.Stride, T.Levels, bytes.Pointer + (t * table.Stride));
            (var spread, margins[t]) = bound.For(peak, norm, error);
            scales.Pointer[t] = new ResidualScale(scale, spread, -BytePanels.Offset * sum);
        }

        score(table, (nint)bytes.Pointer, (nint)scales.Pointer, (nint)scores.Pointer, (nint)minima.Pointer);
        var proposals = new List<Proposal>();
        for (var t = 0; t < count; t++)
        {
            var allowances = new double[size];
            for (var k = 0; k < size; k++)
            {
                allowances[k] = 2.0 * scales.Pointer[t].Spread * ((float*)weights)[k];
            }

            proposals.Add(new Proposal(
                Row(scores, t, table.PanelCount, size), Definition(codebook, frames.AsSpan(t * dimensions, dimensions)), allowances, margins[t]));
        }

        return proposals;
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
            scores[k] = (0.5 * Oracle.Dot(codebook[k], codebook[k])) - Oracle.Dot(frame, codebook[k]);
        }

        return scores;
    }
}
