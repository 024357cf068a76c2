using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>
/// The extensions (partial stack, codeword) of one frame that may be among the best, in lexicographic order; and the choice among them by the
/// definition of <see cref="BeamEncoder"/>.
/// </summary>
internal sealed unsafe class BeamShortlist(int width, int largest)
{
    private readonly AlignedBuffer<int> _parents = new(largest);
    private readonly AlignedBuffer<int> _codes = new(largest);
    private readonly AlignedBuffer<double> _scores = new(largest);
    private readonly AlignedBuffer<nint> _vectors = new(largest);
    private readonly AlignedBuffer<nint> _rows = new(largest);
    private readonly BeamLimit _limit = new(width);

    /// <summary>Which partial stacks are extended, room for all extensions.</summary>
    public int* Parents => _parents.Pointer;

    /// <summary>With which codewords, likewise.</summary>
    public int* Codes => _codes.Pointer;

    /// <summary>The number of extensions.</summary>
    public int Count { get; set; }

    /// <summary>An upper bound of the score that the last kept extension has, found so far.</summary>
    public double Limit { get; set; }

    /// <summary>Begins with a frame.</summary>
    public void Begin() => (Count, Limit) = (0, double.PositiveInfinity);

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
        if (Sse.IsSupported)
        {
            for (var i = 0; i < Count; i++)
            {
                var row = table.Row(Codes[i]);
                for (var at = 0; at < table.Stride; at += CodewordProducts.Line / sizeof(float))
                {
                    Sse.Prefetch1(row + at);
                }
            }
        }
    }

    /// <summary>Writes the kept extensions of the frame, in lexicographic order.</summary>
    [MethodImpl(Jit.Kernel)]
    public void Decide<TDouble>(in BeamStep step, int frame)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var greedy = Rescore<TDouble>(step, frame);
        var (limit, ties) = (_limit.Value, step.Kept - _limit.CountBelow());
        var beam = step.Beam;
        var parents = beam.Parents(step.Stage) + ((nint)frame * beam.Width);
        var codes = beam.Codes(step.Stage) + ((nint)frame * beam.Width);
        var (kept, nextGreedy) = (0, -1);
        for (var i = 0; i < Count; i++)
        {
            var score = _scores.Pointer[i];
            if (score < limit || (score == limit && ties-- > 0))
            {
                nextGreedy = i == greedy ? kept : nextGreedy;
                parents[kept] = Parents[i];
                codes[kept++] = Codes[i];
            }
        }

        beam.Greedy(step.Stage + 1)[frame] = nextGreedy;
    }

    /// <summary>
    /// Scores all extensions by the definition, and returns the one that extends the greedy stack greedily: if it is kept it is on the list,
    /// because no other extension of the greedy stack has a smaller score; if none of them is on the list, −1.
    /// </summary>
    private int Rescore<TDouble>(in BeamStep step, int frame)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var table = step.Table;
        var (vectors, halfNorms) = ((nint)step.Residuals(frame), (nint)step.HalfNorms(frame));
        for (var i = 0; i < Count; i++)
        {
            _vectors.Pointer[i] = vectors + ((nint)Parents[i] * table.Stride * sizeof(float));
            _rows.Pointer[i] = (nint)table.Row(Codes[i]);
        }

        var scores = _scores.Pointer;
        Definition.Dots<TDouble>((float**)_vectors.Pointer, (float**)_rows.Pointer, Count, table.Stride, scores);
        var greedyParent = step.Beam.Greedy(step.Stage)[frame];
        var (greedy, nearest) = (-1, double.PositiveInfinity);
        _limit.Reset(step.Kept);
        for (var i = 0; i < Count; i++)
        {
            var score = table.HalfNorms[Codes[i]] - scores[i];
            if (Parents[i] == greedyParent && (greedy < 0 || score < nearest))
            {
                greedy = i;
                nearest = score < double.PositiveInfinity ? score : double.PositiveInfinity;
            }

            score += ((double*)halfNorms)[Parents[i]];
            score = score < double.PositiveInfinity ? score : double.PositiveInfinity;
            scores[i] = score;
            _limit.Add(score);
        }

        return greedy;
    }
}
