using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The extensions (partial stack, codeword) of one frame that may be among the best, in lexicographic order, and the choice among them by
/// the definition of <see cref="BeamEncoder"/>.
/// </summary>
/// <param name="width">The most partial stacks that are kept.</param>
/// <param name="maxCount">The most extensions of a frame.</param>
/// <param name="maxSize">The size of the largest codebook.</param>
internal sealed unsafe class BeamShortlist(int width, int maxCount, int maxSize)
{
    private readonly AlignedBuffer<int> _parents = new((long)maxCount + maxSize);
    private readonly AlignedBuffer<int> _codes = new(maxCount);
    private readonly AlignedBuffer<double> _scores = new(maxCount);
    private readonly AlignedBuffer<nint> _vectors = new(maxCount);
    private readonly AlignedBuffer<nint> _rows = new(maxCount);
    private readonly BeamLimit _limit = new(width);
    private readonly AlignedBuffer<int> _greedyCodes = new(maxSize);
    private int _greedy;

    /// <summary>The partial stacks that are extended; room for all extensions of a frame and those of one more partial stack.</summary>
    public int* Parents => _parents.Pointer;

    /// <summary>The codes that they are extended by; room for all extensions of a frame.</summary>
    public int* Codes => _codes.Pointer;

    /// <summary>The number of extensions.</summary>
    public int Count { get; set; }

    /// <summary>All extensions with scores up to this are on the list.</summary>
    public double Reach { get; set; }

    /// <summary>The codewords that may be the greedy stack's next code, ascending.</summary>
    public int* GreedyCodes => _greedyCodes.Pointer;

    /// <summary>The number of <see cref="GreedyCodes"/>, or −1 if any codeword may be it.</summary>
    public int GreedyCount { get; set; }

    /// <summary>Begins with a frame.</summary>
    public void Begin() => Begin(double.PositiveInfinity);

    /// <summary>Begins with the same frame again after <see cref="Score"/>, whose n-th smallest score is a limit for the best n.</summary>
    public void BeginAgain() => Begin(_limit.Value);

    /// <summary>Adds all extensions of a partial stack, for want of bounds.</summary>
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
    /// Scores all extensions by the definition, and returns whether the list holds all that are kept, and the greedy extension of the
    /// greedy stack or the codewords that it may have. It does where n scores are within reach, as any smaller one would be on the list
    /// too; and it holds the greedy extension where any extension of the greedy stack is within reach, as none of these has a smaller
    /// score.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public bool Score<TDouble>(in BeamStep step, int frame)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var (table, count, greedyParent) = (step.Table, Count, step.Greedy(frame));
        int* parents = Parents, codes = Codes;
        nint* vectors = _vectors.Pointer, rows = _rows.Pointer;
        var (residuals, rowBytes, firstRow) = ((nint)step.Residuals(frame), (nint)table.Stride * sizeof(float), (nint)table.Rows);
        for (nint i = 0; i < count; i++)
        {
            vectors[i] = residuals + (parents[i] * rowBytes);
            rows[i] = firstRow + (codes[i] * rowBytes);
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

    /// <summary>Writes the kept extensions of the frame, in lexicographic order, and then the greedy one unless it is among them.</summary>
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
            // Without a branch: an extension that is not kept is overwritten by the next one.
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
