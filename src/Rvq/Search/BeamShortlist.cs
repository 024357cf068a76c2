using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The extensions (partial stack, codeword) of one frame that may be among the best, in lexicographic order; and the choice among them by the
/// definition of <see cref="BeamEncoder"/>.
/// </summary>
internal sealed unsafe class BeamShortlist(int width, int largest, int largestCodebook)
{
    private readonly AlignedBuffer<int> _parents = new(largest);
    private readonly AlignedBuffer<int> _codes = new(largest);
    private readonly AlignedBuffer<double> _scores = new(largest);
    private readonly AlignedBuffer<nint> _vectors = new(largest);
    private readonly AlignedBuffer<nint> _rows = new(largest);
    private readonly BeamLimit _limit = new(width);
    private readonly AlignedBuffer<int> _greedyCodes = new(largestCodebook);

    /// <summary>Which partial stacks are extended, room for all extensions.</summary>
    public int* Parents => _parents.Pointer;

    /// <summary>With which codewords, likewise.</summary>
    public int* Codes => _codes.Pointer;

    /// <summary>The number of extensions.</summary>
    public int Count { get; set; }

    /// <summary>An upper bound of the score that the last kept extension has, found so far.</summary>
    public double Limit { get; set; }

    /// <summary>The codewords with which the greedy stack may be extended greedily, ascending.</summary>
    public int* GreedyCodes => _greedyCodes.Pointer;

    /// <summary>The number of these, or −1 for all.</summary>
    public int GreedyCount { get; set; }

    /// <summary>Begins with a frame.</summary>
    public void Begin() => (Count, Limit, GreedyCount) = (0, double.PositiveInfinity, -1);

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

    /// <summary>Has the codewords on their way from memory.</summary>
    [MethodImpl(Jit.Kernel)]
    public void Prefetch(SearchTable table)
    {
        for (var i = 0; i < Count; i++)
        {
            CacheLines.Prefetch(table.Row(Codes[i]), (nint)table.Stride * sizeof(float));
        }
    }

    /// <summary>Writes the kept extensions of the frame, in lexicographic order, and after them the greedy one where it is none of them.</summary>
    [MethodImpl(Jit.Kernel)]
    public void Decide<TDouble>(in BeamStep step, int frame)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var (beam, table, wanted, greedyParent) = (step.Beam, step.Table, step.Kept, step.Greedy(frame));
        var greedy = Rescore<TDouble>(step, frame, greedyParent);
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
            nextGreedy = isKept && i == greedy ? kept : nextGreedy;
            kept += isKept ? 1 : 0;
        }

        if (nextGreedy == wanted)
        {
            var vector = step.Residuals(frame) + ((nint)greedyParent * table.Stride);
            parents[wanted] = greedyParent;
            codes[wanted] = GreedyCount == 1 ? *GreedyCodes
                : GreedyCount < 0 ? Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, null, table.Size)
                : Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, GreedyCodes, GreedyCount);
        }

        beam.Greedy(step.Stage + 1)[frame] = nextGreedy;
        step.Subtract<TDouble>(frame);
    }

    /// <summary>
    /// Scores all extensions by the definition, and returns the one that extends the greedy stack greedily: if it is kept it is on the list,
    /// because no other extension of the greedy stack has a smaller score; if none of them is on the list, −1.
    /// </summary>
    [MethodImpl(Jit.Kernel)]
    private int Rescore<TDouble>(in BeamStep step, int frame, int greedyParent)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var (table, count) = (step.Table, Count);
        int* parents = Parents, codes = Codes;
        nint* vectors = _vectors.Pointer, rows = _rows.Pointer;
        var (residuals, stride) = ((nint)step.Residuals(frame), (nint)table.Stride * sizeof(float));
        for (var i = 0; i < count; i++)
        {
            vectors[i] = residuals + (parents[i] * stride);
            rows[i] = (nint)table.Rows + (codes[i] * stride);
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

        return greedy;
    }
}
