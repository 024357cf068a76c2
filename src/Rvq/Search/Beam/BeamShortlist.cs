using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The extensions (partial stack, codeword) of one frame that may be among the best, in lexicographic order; and the choice among them by the
/// definition of <see cref="BeamEncoder"/>.
/// </summary>
internal sealed unsafe class BeamShortlist(int width, int largest, int largestCodebook)
{
    private readonly AlignedBuffer<int> _parents = new((long)largest + largestCodebook);
    private readonly AlignedBuffer<int> _codes = new(largest);
    private readonly AlignedBuffer<double> _scores = new(largest);
    private readonly AlignedBuffer<nint> _vectors = new(largest);
    private readonly AlignedBuffer<nint> _rows = new(largest);
    private readonly BeamLimit _limit = new(width);
    private readonly AlignedBuffer<int> _greedyCodes = new(largestCodebook);
    private int _greedy;

    /// <summary>Which partial stacks are extended, room for all extensions and those of one more.</summary>
    public int* Parents => _parents.Pointer;

    /// <summary>With which codewords, room for all extensions.</summary>
    public int* Codes => _codes.Pointer;

    /// <summary>The number of extensions.</summary>
    public int Count { get; set; }

    /// <summary>Extensions with scores above this may not be on the list.</summary>
    public double Reach { get; set; }

    /// <summary>The codewords with which the greedy stack may be extended greedily, ascending.</summary>
    public int* GreedyCodes => _greedyCodes.Pointer;

    /// <summary>The number of these, or −1 for all.</summary>
    public int GreedyCount { get; set; }

    /// <summary>Begins with a frame.</summary>
    public void Begin() => Begin(double.PositiveInfinity);

    /// <summary>Begins with the frame again, after scoring, which has found a score that the last kept extension has at most.</summary>
    public void BeginAgain() => Begin(_limit.Value);

    /// <summary>Adds all extensions of a partial stack, nothing being known of their scores.</summary>
    public void AddAll(int parent, SearchTable table)
    {
        for (var code = 0; code < table.Size; code++)
        {
            if (!table.IsRepeat(code))
            {
                Parents[Count] = parent;
                Codes[Count++] = code;
            }
        }
    }

    /// <summary>
    /// Scores all extensions by the definition, and returns whether those that are kept, and the one that extends the greedy stack greedily, are known now. They are
    /// where enough scores are within the reach of the list: all that are as small are on it. So is the greedy extension if any of the greedy stack's
    /// is within reach, because none of these has a smaller score.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public bool Score<TDouble>(in BeamStep step, int frame)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var (table, count, greedyParent) = (step.Table, Count, step.Greedy(frame));
        int* parents = Parents, codes = Codes;
        nint* vectors = _vectors.Pointer, rows = _rows.Pointer;
        var (residuals, stride, firstRow) = ((nint)step.Residuals(frame), (nint)table.Stride * sizeof(float), (nint)table.Rows);
        for (nint i = 0; i < count; i++)
        {
            vectors[i] = residuals + (parents[i] * stride);
            rows[i] = firstRow + (codes[i] * stride);
        }

        var scores = _scores.Pointer;
        Definition.Dots<TDouble>((float**)vectors, (float**)rows, count, table.Stride, scores);
        double* halfNorms = table.HalfNorms, offsets = step.HalfNorms(frame);
        var (greedy, nearest) = (-1, double.PositiveInfinity);
        _limit.Reset(step.Kept);
        for (var i = 0; i < count; i++)
        {
            var score = halfNorms[codes[i]] - scores[i];
            if (parents[i] == greedyParent && (greedy < 0 || score < nearest))
            {
                greedy = i;
                nearest = score < double.PositiveInfinity ? score : double.PositiveInfinity;
            }

            score += offsets[parents[i]];
            score = score < double.PositiveInfinity ? score : double.PositiveInfinity;
            scores[i] = score;
            _limit.Add(score);
        }

        _greedy = greedy >= 0 && scores[greedy] <= Reach ? greedy : -1;
        return _limit.Value <= Reach && (_greedy >= 0 || GreedyCount >= 0);
    }

    /// <summary>Writes the kept extensions of the frame, in lexicographic order, and after them the greedy one where it is none of them.</summary>
    [MethodImpl(InnerLoop.Options)]
    public void Decide<TFused, TDouble>(in BeamStep step, int frame)
        where TFused : struct, IFusedLanes<TFused>
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var (beam, table, wanted, greedyParent) = (step.Beam, step.Table, step.Kept, step.Greedy(frame));
        var scores = _scores.Pointer;
        var (limit, ties) = (_limit.Value, wanted - _limit.CountBelow());
        int* parents = beam.Parents(step.Stage, frame), codes = beam.Codes(step.Stage, frame);
        var (kept, nextGreedy) = (0, wanted);
        for (var i = 0; kept < wanted; i++)
        {
            // What is not kept is overwritten by what is.
            parents[kept] = Parents[i];
            codes[kept] = Codes[i];
            var isKept = scores[i] < limit || (scores[i] == limit && ties-- > 0);
            nextGreedy = isKept && i == _greedy ? kept : nextGreedy;
            kept += isKept ? 1 : 0;
        }

        if (nextGreedy == wanted)
        {
            var vector = step.Residuals(frame) + ((nint)greedyParent * table.Stride);
            parents[wanted] = greedyParent;
            codes[wanted] = _greedy >= 0 ? Codes[_greedy]
                : GreedyCount == 1 ? *GreedyCodes
                : GreedyCount < 0 ? Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, null, table.Size)
                : Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, GreedyCodes, GreedyCount);
        }

        beam.Greedy(step.Stage + 1)[frame] = nextGreedy;
        step.Subtract<TFused, TDouble>(frame);
    }

    private void Begin(double reach) => (Count, Reach, GreedyCount) = (0, reach, -1);
}
