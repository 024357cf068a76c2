namespace Rvq.Search;

/// <summary>
/// The best stacks of codes of each block of a pass and their errors, best first. Of a model with one stack of codebooks, these are the
/// candidates of its beam (<see cref="BeamEncoder"/>), by error and then in lexicographic order. With several stacks of codebooks, each
/// one's candidates are joined with the best of the stacks before it and the errors are added; of equal sums, the one with the better
/// earlier part comes first.
/// </summary>
internal sealed unsafe class BestStacks
{
    private readonly int _wanted;
    private readonly int _rowLength;
    private readonly int[] _found;
    private readonly int[] _joinedCodes;
    private readonly double[] _joinedErrors;
    private readonly int[] _candidateCodes;
    private readonly Candidate[] _candidates;
    private readonly Pair[] _pairs;

    /// <summary>
    /// Room for the <paramref name="wanted"/> best stacks of each block of a pass, from at most <paramref name="candidates"/> of a beam.
    /// </summary>
    public BestStacks(RvqModel model, int blocks, int wanted, int candidates)
    {
        (_wanted, _rowLength) = (wanted, model.CodesPerBlock);
        Codes = new AlignedBuffer<int>((long)blocks * wanted * _rowLength);
        Errors = new double[blocks * wanted];
        _found = new int[blocks];
        _joinedCodes = new int[wanted * _rowLength];
        _joinedErrors = new double[wanted];
        _candidateCodes = new int[candidates * _rowLength];
        _candidates = new Candidate[candidates];
        var pairs = 0L;
        for (var i = 1; i <= wanted; i++)
        {
            pairs += wanted / i;
        }

        _pairs = new Pair[pairs];
    }

    /// <summary>[blocks, wanted, CodesPerBlock].</summary>
    public AlignedBuffer<int> Codes { get; }

    /// <summary>[blocks, wanted].</summary>
    public double[] Errors { get; }

    /// <summary>Begins with a pass.</summary>
    public void Begin()
    {
        Array.Fill(_found, 1);
        Array.Clear(Errors);
    }

    /// <summary>
    /// Joins a beam's candidates for one of its frames with the best of the stacks before, which have <paramref name="column"/> codes.
    /// </summary>
    public void Join(BeamScratch beam, int beamFrame, int frame, int column, int stages)
    {
        var candidates = Rank(beam, beamFrame, stages);
        var errors = Errors.AsSpan(frame * _wanted, _wanted);
        var codes = Codes.Span.Slice(frame * _wanted * _rowLength, _wanted * _rowLength);
        var pairs = 0;
        for (var i = 0; i < _found[frame]; i++)
        {
            // Pair (i, j), counted from 0, comes after the (i + 1)(j + 1) − 1 others whose parts are both as good or better.
            for (var j = 0; j < candidates && (i + 1L) * (j + 1) <= _wanted; j++)
            {
                _pairs[pairs++] = new Pair(errors[i] + _candidates[j].Error, i, j);
            }
        }

        _pairs.AsSpan(0, pairs).Sort();
        var found = _found[frame] = Math.Min(pairs, _wanted);
        for (var p = 0; p < found; p++)
        {
            var (sum, earlier, later) = _pairs[p];
            var row = _joinedCodes.AsSpan(p * _rowLength, column + stages);
            codes.Slice(earlier * _rowLength, column).CopyTo(row);
            _candidateCodes.AsSpan(_candidates[later].Index * _rowLength, stages).CopyTo(row[column..]);
            _joinedErrors[p] = sum;
        }

        _joinedCodes.AsSpan(0, found * _rowLength).CopyTo(codes);
        _joinedErrors.AsSpan(0, found).CopyTo(errors);
    }

    /// <summary>
    /// Sorts a beam's kept stacks, which are in lexicographic order, and the greedy one where it is none of them; returns their number.
    /// </summary>
    private int Rank(BeamScratch beam, int frame, int stages)
    {
        var kept = beam.Count(stages);
        var halfNorms = beam.HalfNorms(stages) + ((nint)frame * (kept + 1));
        var count = beam.Greedy(stages)[frame] == kept ? kept + 1 : kept;
        var before = 0;
        for (var i = count - 1; i >= 0; i--)
        {
            beam.Trace(stages - 1, frame, i, StackCodes(i, stages));
        }

        for (; count > kept && before < kept && StackCodes(before, stages).SequenceCompareTo(StackCodes(kept, stages)) < 0; before++)
        {
        }

        for (var i = 0; i < count; i++)
        {
            _candidates[i] = new Candidate(BeamEncoder.Error(halfNorms[i]), i == kept ? 2 * before : (2 * i) + 1, i);
        }

        _candidates.AsSpan(0, count).Sort();
        return count;
    }

    private Span<int> StackCodes(int index, int stages) => _candidateCodes.AsSpan(index * _rowLength, stages);

    /// <summary>One of the stacks of a beam: its error, its place in lexicographic order, its place among the beam's.</summary>
    private readonly record struct Candidate(double Error, int Order, int Index) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other) => Error == other.Error ? Order.CompareTo(other.Order) : Error.CompareTo(other.Error);
    }

    private readonly record struct Pair(double Sum, int Earlier, int Later) : IComparable<Pair>
    {
        public int CompareTo(Pair other)
            => Sum != other.Sum ? Sum.CompareTo(other.Sum)
                : Earlier != other.Earlier ? Earlier.CompareTo(other.Earlier)
                : Later.CompareTo(other.Later);
    }
}
