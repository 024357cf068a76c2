namespace Rvq.Search;

/// <summary>Families of partial stacks whose ancestors are scored together in one batch.</summary>
internal sealed unsafe class BeamFamilies
{
    // Scoring an ancestor costs as much as adding one row of products for every twelve dimensions.
    private const double RowsPerDimension = 1.0 / 12;

    private readonly int _maxLeaves;
    private readonly int _depth;
    private readonly BeamFamily[] _families = new BeamFamily[SearchScratch.MaxFrames];
    private readonly AlignedBuffer<BeamNode> _nodes;
    private readonly AlignedBuffer<int> _counts;
    private readonly AlignedBuffer<int> _stacks;
    private readonly AlignedBuffer<float> _ancestors;
    private readonly AlignedBuffer<double> _halfNorms = new(SearchScratch.MaxFrames);
    private readonly AlignedBuffer<BeamBound> _bounds;
    private readonly AlignedBuffer<(double Offset, double Error)> _offsets;
    private readonly AlignedBuffer<float> _lanes;
    private readonly AlignedBuffer<float> _scores;
    private readonly AlignedBuffer<float> _minima;
    private readonly AlignedBuffer<BeamScores> _leaves;
    private readonly AlignedBuffer<sbyte> _zeros;
    private readonly AlignedBuffer<BeamSpot> _spots;
    private readonly AlignedBuffer<nint> _queued;
    private nint _rowBytes;
    private int _queuedCount;
    private readonly long _scoreLength;

    public BeamFamilies(int width, int depth, long stride, int panelCount)
    {
        _maxLeaves = Math.Min(width + 1, SearchScratch.MaxFrames);
        _depth = depth;
        _nodes = new AlignedBuffer<BeamNode>((long)SearchScratch.MaxFrames * depth * _maxLeaves);
        _counts = new AlignedBuffer<int>((long)SearchScratch.MaxFrames * depth);
        _stacks = new AlignedBuffer<int>((depth + 1L) * _maxLeaves);
        _ancestors = new AlignedBuffer<float>(SearchScratch.MaxFrames * stride);
        _bounds = new AlignedBuffer<BeamBound>(2L * _maxLeaves);
        _offsets = new AlignedBuffer<(double Offset, double Error)>(_maxLeaves);
        _lanes = new AlignedBuffer<float>((long)_maxLeaves * PanelLayout.PanelSize);
        _scoreLength = depth < 2 ? 0 : (long)_maxLeaves * panelCount * PanelLayout.PanelSize;
        _scores = new AlignedBuffer<float>(2 * _scoreLength);
        _minima = new AlignedBuffer<float>((long)_maxLeaves * PanelLayout.GroupCount(panelCount) * PanelLayout.PanelSize);
        _leaves = new AlignedBuffer<BeamScores>(_maxLeaves);
        _zeros = new AlignedBuffer<sbyte>(panelCount * PanelLayout.PanelSize);
        _spots = new AlignedBuffer<BeamSpot>(((long)_maxLeaves * PanelLayout.GroupCount(panelCount)) + 1);
        _queued = new AlignedBuffer<nint>((long)_maxLeaves * depth);
    }

    /// <summary>The number of families.</summary>
    public int Count { get; private set; }

    /// <summary>The number of ancestors of all families.</summary>
    public int AncestorCount { get; private set; }

    /// <summary>The residuals of the ancestors, [AncestorCount, stride].</summary>
    public float* Ancestors => _ancestors.Pointer;

    /// <summary>½⟨r, r⟩ of the ancestors' residuals.</summary>
    public double* HalfNorms => _halfNorms.Pointer;

    /// <summary>Room for o and E' of each leaf of a family.</summary>
    public (double Offset, double Error)* Offsets => _offsets.Pointer;

    /// <summary>Room for the group minima of each leaf of a family.</summary>
    public float* Minima => _minima.Pointer;

    /// <summary>Room for what the scores of each leaf of a family are computed from.</summary>
    public BeamScores* Leaves => _leaves.Pointer;

    /// <summary>A row of products that are zero.</summary>
    public sbyte* Zeros => _zeros.Pointer;

    /// <summary>Room for a vector of scores of each leaf of a family.</summary>
    public float* Lanes => _lanes.Pointer;

    /// <summary>Room for all groups of all leaves of a family, and one more.</summary>
    public BeamSpot* Spots => _spots.Pointer;

    public ref readonly BeamFamily this[int index] => ref _families[index];

    /// <summary>
    /// The partial stacks <paramref name="back"/> levels above the family's leaves, in lexicographic order; 0 for the leaves.
    /// </summary>
    public ReadOnlySpan<BeamNode> Nodes(int family, int back)
        => new(_nodes.Pointer + (((nint)family * _depth) + back) * _maxLeaves, _counts.Pointer[((nint)family * _depth) + back]);

    /// <summary>
    /// Room for the scores <paramref name="back"/> ≥ 1 levels above a family's leaves, [panels × 16] of each partial stack.
    /// </summary>
    public float* Scores(int back) => _scores.Pointer + (back % 2 * _scoreLength);

    /// <summary>Room for the bounds of the partial stacks <paramref name="back"/> levels above a family's leaves.</summary>
    public BeamBound* Bounds(int back) => _bounds.Pointer + (back % 2 * _maxLeaves);

    public void Clear() => (Count, AncestorCount) = (0, 0);

    /// <summary>Queues the rows of products of a family to be prefetched; none where there is no such family.</summary>
    public void QueueRows(in BeamStep step, int index)
    {
        _queuedCount = 0;
        for (var back = index < Count ? this[index].Depth - 1 : -1; back >= 0; back--)
        {
            var products = step.Products[back];
            _rowBytes = products.RowBytes;
            foreach (var node in Nodes(index, back))
            {
                _queued.Pointer[_queuedCount++] = (nint)products.Row(node.Code);
            }
        }
    }

    /// <summary>Pops the next row to prefetch; <paramref name="otherwise"/> if none is left.</summary>
    public sbyte* NextToPrefetch(sbyte* otherwise) => _queuedCount > 0 ? (sbyte*)_queued.Pointer[--_queuedCount] : otherwise;

    /// <summary>Prefetches the rows that are left in the queue.</summary>
    public void PrefetchQueued()
    {
        while (_queuedCount > 0)
        {
            CacheLines.Prefetch(NextToPrefetch(null), _rowBytes);
        }
    }

    /// <summary>
    /// Adds some partial stacks of a frame as a family, unless its ancestors exceed <paramref name="room"/> for those of all families.
    /// </summary>
    public bool TryAdd(in BeamStep step, int frame, int first, int count, int room)
    {
        if (AncestorCount == room)
        {
            return false;
        }

        var depth = Trace(step, frame, first, count, out var ancestors);
        if (AncestorCount + ancestors > room)
        {
            return false;
        }

        var stride = step.Table.Stride;
        var level = step.Stage - depth;
        var stacks = _stacks.Pointer + ((nint)depth * _maxLeaves);
        for (var i = 0; i < ancestors; i++)
        {
            var stack = ((nint)frame * (step.Beam.Count(level) + 1)) + stacks[i];
            var ancestor = new Span<float>(Ancestors + ((nint)(AncestorCount + i) * stride), stride);
            new Span<float>(step.Beam.Residuals(level) + (stack * stride), stride).CopyTo(ancestor);
            HalfNorms[AncestorCount + i] = step.Beam.HalfNorms(level)[stack];
        }

        _families[Count++] = new BeamFamily(frame, first, count, depth, AncestorCount, ancestors);
        AncestorCount += ancestors;
        return true;
    }

    /// <summary>
    /// Finds the level whose partial stacks make the cheapest ancestors, and writes the nodes below it. The leaves are in lexicographic
    /// order, and so are the partial stacks that they extend: each is the last one found or a new one. Only the greedy stack, which may
    /// come last, can extend an earlier one.
    /// </summary>
    private int Trace(in BeamStep step, int frame, int first, int count, out int ancestors)
    {
        var perAncestor = step.Table.Dimensions * RowsPerDimension;
        var stacks = _stacks.Pointer;
        for (var i = 0; i < count; i++)
        {
            stacks[i] = first + i;
        }

        ancestors = count;
        var (depth, least, rows) = (0, count * perAncestor, 0);
        for (var back = 0; back < step.Products.Length && count > 1; back++)
        {
            var nodes = _nodes.Pointer + ((((nint)Count * _depth) + back) * _maxLeaves);
            int* parents = step.Beam.Parents(step.Stage - 1 - back, frame), codes = step.Beam.Codes(step.Stage - 1 - back, frame);
            var above = stacks + _maxLeaves;
            var distinct = 0;
            for (var i = 0; i < count; i++)
            {
                var parent = parents[stacks[i]];
                var at = distinct - 1;
                while (at >= 0 && above[at] > parent)
                {
                    at--;
                }

                if (at < 0 || above[at] != parent)
                {
                    at = distinct++;
                    above[at] = parent;
                }

                nodes[i] = new BeamNode(at, codes[stacks[i]]);
            }

            _counts.Pointer[((nint)Count * _depth) + back] = count;
            rows += count;
            stacks = above;
            count = distinct;
            if ((count * perAncestor) + rows < least)
            {
                (depth, least, ancestors) = (back + 1, (count * perAncestor) + rows, count);
            }
        }

        return depth;
    }
}
