using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The extensions (partial stack, codeword) of one frame that may be among the best, each with bounds of its score, in lexicographic order; and
/// the choice among them by the definition of <see cref="BeamEncoder"/>.
/// </summary>
internal sealed unsafe class BeamShortlist(int width, int largest)
{
    private readonly AlignedBuffer<double> _halfNorms = new(width);
    private readonly AlignedBuffer<int> _parents = new(largest);
    private readonly AlignedBuffer<int> _codes = new(largest);
    private readonly AlignedBuffer<double> _scores = new(largest);
    private readonly BeamLimit _limit = new(width);
    private int _count;

    /// <summary>½⟨r, r⟩ of each partial stack's residual by the definition.</summary>
    public double* HalfNorms => _halfNorms.Pointer;

    /// <summary>An upper bound of the score that the last kept extension has, found so far.</summary>
    public BeamLimit Limit { get; } = new(width);

    /// <summary>Offset and half margin of each partial stack, for whoever finds the candidates.</summary>
    public AlignedBuffer<(double Offset, double Error)> Bounds { get; } = new(width);

    /// <summary>Begins with a frame.</summary>
    [MethodImpl(Jit.Kernel)]
    public void Begin<TDouble>(in BeamStep step, int frame)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        _count = 0;
        _limit.Reset(step.Kept);
        Limit.Reset(step.Kept);
        var vector = step.Residuals(frame);
        for (var parent = 0; parent < step.Count; parent++, vector += step.Table.Stride)
        {
            HalfNorms[parent] = 0.5 * Definition.Dot<TDouble>(vector, vector, step.Table.Stride);
        }
    }

    /// <summary>Adds an extension whose score is between two bounds.</summary>
    public void Add(int parent, int code, double lower, double upper)
    {
        _parents.Pointer[_count] = parent;
        _codes.Pointer[_count] = code;
        _scores.Pointer[_count++] = lower;
        _limit.Add(upper);
    }

    /// <summary>Adds all extensions of a partial stack, nothing being known of their scores.</summary>
    public void AddAll(int parent, SearchTable table)
    {
        for (var code = 0; code < table.Size; code++)
        {
            if (!table.IsRepeat(code))
            {
                Add(parent, code, double.NegativeInfinity, double.PositiveInfinity);
            }
        }
    }

    /// <summary>Writes the kept extensions of the frame, in lexicographic order.</summary>
    public void Decide<TDouble>(in BeamStep step, int frame)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        Filter(_limit.Value);
        var greedy = Rescore<TDouble>(step, frame);
        var (limit, ties) = (_limit.Value, step.Kept - _limit.CountBelow());
        var parents = step.Parents + ((nint)frame * step.Width);
        var codes = step.Codes + ((nint)frame * step.Width);
        var kept = 0;
        step.NextGreedy[frame] = -1;
        for (var i = 0; i < _count; i++)
        {
            var score = _scores.Pointer[i];
            if (score < limit || (score == limit && ties-- > 0))
            {
                step.NextGreedy[frame] = i == greedy ? kept : step.NextGreedy[frame];
                parents[kept] = _parents.Pointer[i];
                codes[kept++] = _codes.Pointer[i];
            }
        }
    }

    /// <summary>Drops the extensions that cannot be among the best.</summary>
    private void Filter(double limit)
    {
        var count = 0;
        for (var i = 0; i < _count; i++)
        {
            if (_scores.Pointer[i] <= limit)
            {
                _parents.Pointer[count] = _parents.Pointer[i];
                _codes.Pointer[count++] = _codes.Pointer[i];
            }
        }

        _count = count;
    }

    /// <summary>
    /// Scores all extensions by the definition, and returns the one that extends the greedy stack greedily: if it is kept it is on the list,
    /// because no other extension of the greedy stack has a smaller score; if none of them is on the list, −1.
    /// </summary>
    [MethodImpl(Jit.Kernel)]
    private int Rescore<TDouble>(in BeamStep step, int frame)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var table = step.Table;
        var vectors = step.Residuals(frame);
        var (greedy, nearest) = (-1, double.PositiveInfinity);
        _limit.Reset(step.Kept);
        for (var i = 0; i < _count; i++)
        {
            var (parent, code) = (_parents.Pointer[i], _codes.Pointer[i]);
            var score = table.HalfNorms[code] - Definition.Dot<TDouble>(vectors + ((nint)parent * table.Stride), table.Row(code), table.Stride);
            if (parent == step.Greedy[frame] && (greedy < 0 || score < nearest))
            {
                greedy = i;
                nearest = score < double.PositiveInfinity ? score : double.PositiveInfinity;
            }

            score += HalfNorms[parent];
            score = score < double.PositiveInfinity ? score : double.PositiveInfinity;
            _scores.Pointer[i] = score;
            _limit.Add(score);
        }

        return greedy;
    }
}
