using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The extensions (partial stack, codeword) of one frame that may be among the best, each with bounds of its score, in lexicographic order; and
/// the choice among them by the definition of <see cref="BeamEncoder"/>, which only scores what the bounds leave open.
/// </summary>
internal sealed unsafe class BeamShortlist(int width, int largest)
{
    private readonly AlignedBuffer<int> _parents = new(largest);
    private readonly AlignedBuffer<int> _codes = new(largest);
    private readonly AlignedBuffer<double> _lower = new(largest);
    private readonly AlignedBuffer<double> _upper = new(largest);
    private readonly BeamLimit _limit = new(width + 1);
    private int _count;

    /// <summary>An upper bound of the score that the last kept extension has, found so far.</summary>
    public double Limit { get; set; }

    /// <summary>Begins with a frame.</summary>
    public void Begin(in BeamStep step)
    {
        _count = 0;
        _limit.Reset(step.Kept);
        Limit = double.PositiveInfinity;
    }

    /// <summary>Adds an extension whose score is between two bounds.</summary>
    public void Add(int parent, int code, double lower, double upper)
    {
        _parents.Pointer[_count] = parent;
        _codes.Pointer[_count] = code;
        _lower.Pointer[_count] = lower;
        _upper.Pointer[_count++] = upper;
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

    /// <summary>
    /// Writes the kept extensions of the frame, in lexicographic order. Let B be their number. An extension that is certainly below all but B of the
    /// extensions is kept whatever its score; so is each where there are no more than B.
    /// </summary>
    public void Decide<TDouble>(in BeamStep step, int frame)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var cut = Filter(_limit.Value, step.Kept);
        var beam = step.Beam;
        var greedy = Greedy<TDouble>(step, frame, beam.Greedy(step.Stage)[frame]);
        var open = step.Kept;
        for (var i = 0; i < _count; i++)
        {
            open -= _upper.Pointer[i] < cut ? 1 : 0;
        }

        var ties = Rescore<TDouble>(step, frame, cut, open);
        var limit = open == 0 ? double.NegativeInfinity : _limit.Value;
        var parents = beam.Parents(step.Stage) + ((nint)frame * beam.Width);
        var codes = beam.Codes(step.Stage) + ((nint)frame * beam.Width);
        var kept = 0;
        beam.Greedy(step.Stage + 1)[frame] = -1;
        for (var i = 0; i < _count; i++)
        {
            if (_upper.Pointer[i] < cut || _lower.Pointer[i] < limit || (_lower.Pointer[i] == limit && ties-- > 0))
            {
                beam.Greedy(step.Stage + 1)[frame] = i == greedy ? kept : beam.Greedy(step.Stage + 1)[frame];
                parents[kept] = _parents.Pointer[i];
                codes[kept++] = _codes.Pointer[i];
            }
        }
    }

    /// <summary>Drops the extensions that cannot be among the best and returns the smallest score that one of the others can have which is not kept.</summary>
    private double Filter(double limit, int kept)
    {
        var count = 0;
        _limit.Reset(kept + 1);
        for (var i = 0; i < _count; i++)
        {
            if (_lower.Pointer[i] <= limit)
            {
                _parents.Pointer[count] = _parents.Pointer[i];
                _codes.Pointer[count] = _codes.Pointer[i];
                _lower.Pointer[count] = _lower.Pointer[i];
                _upper.Pointer[count++] = _upper.Pointer[i];
                _limit.Add(_lower.Pointer[i]);
            }
        }

        _count = count;
        return _limit.Value;
    }

    /// <summary>
    /// The extension that extends the greedy stack greedily, or −1 where it is not on the list. If it is kept it is, because no other extension of the greedy
    /// stack has a smaller score; if it is not, none of them is kept.
    /// </summary>
    private int Greedy<TDouble>(in BeamStep step, int frame, int parent)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var (limit, first, contenders) = (double.PositiveInfinity, -1, 0);
        for (var i = 0; i < _count; i++)
        {
            if (_parents.Pointer[i] == parent)
            {
                limit = Math.Min(limit, _upper.Pointer[i]);
            }
        }

        for (var i = 0; i < _count; i++)
        {
            if (_parents.Pointer[i] == parent && _lower.Pointer[i] <= limit)
            {
                first = first < 0 ? i : first;
                contenders++;
            }
        }

        if (contenders < 2)
        {
            return first;
        }

        var (greedy, nearest) = (-1, double.PositiveInfinity);
        for (var i = first; i < _count; i++)
        {
            if (_parents.Pointer[i] == parent && _lower.Pointer[i] <= limit)
            {
                var score = Score<TDouble>(step, frame, i);
                if (greedy < 0 || score < nearest)
                {
                    greedy = i;
                    nearest = score < double.PositiveInfinity ? score : double.PositiveInfinity;
                }
            }
        }

        return greedy;
    }

    /// <summary>Scores by the definition what the bounds leave open, and returns how many of those with the last kept score are kept.</summary>
    [MethodImpl(Jit.Kernel)]
    private int Rescore<TDouble>(in BeamStep step, int frame, double cut, int open)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        if (open == 0)
        {
            return 0;
        }

        var halfNorms = step.HalfNorms(frame);
        _limit.Reset(open);
        for (var i = 0; i < _count; i++)
        {
            if (!(_upper.Pointer[i] < cut))
            {
                var score = halfNorms[_parents.Pointer[i]] + Score<TDouble>(step, frame, i);
                score = score < double.PositiveInfinity ? score : double.PositiveInfinity;
                _lower.Pointer[i] = score;
                _limit.Add(score);
            }
        }

        return open - _limit.CountBelow();
    }

    private double Score<TDouble>(in BeamStep step, int frame, int i)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var table = step.Table;
        var vector = step.Residuals(frame) + ((nint)_parents.Pointer[i] * table.Stride);
        return table.HalfNorms[_codes.Pointer[i]] - Definition.Dot<TDouble>(vector, table.Row(_codes.Pointer[i]), table.Stride);
    }
}
