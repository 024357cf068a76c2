using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// From the approximate scores of a family's common ancestors to those of its partial stacks (BOUNDS.md, B6), and from these to the
/// extensions that may be among the best of a beam.
/// <para>
/// For a partial stack with residual r, o = ½⟨r, r⟩ + κ, the score of its extension by codeword k is at least o + v − E' and at most
/// o + v + 2A · w + E': v is the approximate score, A · w the codeword's share of the spread, E' the error besides. The n-th smallest upper
/// bound of distinct extensions is a limit: no extension with a lower bound above it is among the best n. The smallest upper bounds in each
/// lane of the panels are of distinct extensions, and their n-th smallest takes few steps.
/// </para>
/// <para>
/// Bounds are wide, but scores are seldom far from the middle of theirs, o + v + A · w. So where all partial stacks of a frame are in one
/// family, a guess comes first: the list reaches only a little beyond the n-th smallest middle, which halves its length. If the definition
/// then finds n scores within reach, they are the best n, as all extensions within reach are on the list. If not, the n-th smallest score
/// that it found is a limit, and the list is collected again up to that.
/// </para>
/// </summary>
internal static unsafe class BeamCandidates<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Group = PanelLayout.PanelsPerGroup;

    // X of an ancestor in units of c₀(‖r‖ + c₀). BOUNDS.md, B6.
    private const double AncestorMagnitude = 5;

    // Of u · X: what extending a partial stack by one code rounds. BOUNDS.md, B6.
    private const double ExtensionRoundings = 3;

    // By what share of the spread a guess reaches beyond the n-th smallest middle.
    private const double Slack = 0.02;

    // Of u · X: what the sums of an upper bound round, of which 3 are proven. BOUNDS.md, B6.
    private const double ScanRoundings = 4;

    // Of u: the last sum of an upper bound rounds by half as much.
    private const double LastRounding = 2;

    /// <summary>
    /// Adds the extensions of a family to the list that are within its reach, which is first lowered to the limit found here (or guessed).
    /// Without a guess, that includes all that may be kept, and the codewords with which the greedy stack may be extended greedily are
    /// collected too; for a greedy stack beside the kept ones, always.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static void Add<TDouble>(
        in BeamStep step, BeamFamilies families, int index, BeamShortlist list, bool guess, in Proposal proposal)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        ref readonly var family = ref families[index];
        var bounds = Bounds(step, families, index, proposal);
        Descend(step, families, index, proposal.Scores + ((nint)family.FirstAncestor * step.Table.PanelCount * Panel));

        // The greedy stack beside the kept ones only has the greedy extension.
        var kept = Math.Min(family.Count, step.Count - family.First);
        ScanLeaves<TDouble>(step, families, index, bounds, guess ? kept : 0, proposal);
        var limit = (double)NthSmallest(families.Lanes, kept, step.Kept);
        limit += LastRoundingOf(limit) + (guess ? Slack * bounds[0].Spread : 0);
        list.Reach = Math.Min(list.Reach, limit);
        var greedy = step.Greedy(family.Frame) - family.First;
        if (greedy >= 0 && greedy < family.Count && bounds[greedy].IsKnown)
        {
            AddGreedy(step, families, index, greedy, bounds[greedy], guess && greedy < kept, list, proposal);
        }

        AddKept(step, families, index, kept, bounds, list);
    }

    /// <summary>
    /// Writes o, E' and the smallest upper bound of each lane of every leaf of a family; of the first <paramref name="guessed"/>, the
    /// smallest middles instead.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    private static void ScanLeaves<TDouble>(
        in BeamStep step, BeamFamilies families, int index, BeamBound* bounds, int guessed, in Proposal proposal)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        ref readonly var family = ref families[index];
        for (var leaf = 0; leaf < family.Count; leaf++)
        {
            var (lanes, bound) = (T.Create(float.PositiveInfinity), bounds[leaf]);
            if (bound.IsKnown)
            {
                families.Offsets[leaf] = Offset<TDouble>(step, family, leaf, bound, proposal.Center);
                var spread = leaf < guessed ? bound.Spread : 2 * bound.Spread;
                lanes = Scan(families, leaf, spread, bound, step.Table.PanelCount, proposal.Weights);
            }

            T.Store(lanes, families.Lanes + (leaf * Panel));
        }
    }

    /// <summary>
    /// Collects the codewords whose lower bound is at most the smallest upper bound of the greedy stack's extensions; not where a guess
    /// finds one of these within reach, because then the greedy extension is on the list of extensions.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    private static void AddGreedy(
        in BeamStep step, BeamFamilies families, int index, int leaf, in BeamBound bound, bool isGuess, BeamShortlist list,
        in Proposal proposal)
    {
        var panelCount = step.Table.PanelCount;
        var lanes = T.Load(families.Lanes + (leaf * Panel));
        if (isGuess && !(T.MinAcross(lanes) > list.Reach))
        {
            return;
        }

        lanes = isGuess ? Scan(families, leaf, 2 * bound.Spread, bound, panelCount, proposal.Weights) : lanes;
        var smallest = (double)T.MinAcross(lanes);
        var (offset, error) = families.Offsets[leaf];
        families.Leaves[leaf].Limit = RoundUp(smallest + LastRoundingOf(smallest) - offset + error);
        list.GreedyCount = Collect(
            families.Leaves + leaf, 1, Minima(families, leaf, panelCount), panelCount, families.Spots, families[index].First + leaf,
            list.Parents + list.Count, list.GreedyCodes);
    }

    /// <summary>Adds the extensions within reach of the kept partial stacks; all of one whose bounds are not known.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static void AddKept(in BeamStep step, BeamFamilies families, int index, int kept, BeamBound* bounds, BeamShortlist list)
    {
        var (panelCount, firstParent) = (step.Table.PanelCount, families[index].First);
        for (var leaf = 0; leaf < kept;)
        {
            if (!bounds[leaf].IsKnown)
            {
                list.AddAll(firstParent + leaf++, step.Table);
                continue;
            }

            var first = leaf;
            for (; leaf < kept && bounds[leaf].IsKnown; leaf++)
            {
                var (offset, error) = families.Offsets[leaf];
                families.Leaves[leaf].Limit = RoundUp(list.Reach - offset + error);
            }

            list.Count += Collect(
                families.Leaves + first, leaf - first, Minima(families, first, panelCount), panelCount, families.Spots, firstParent + first,
                list.Parents + list.Count, list.Codes + list.Count);
        }
    }

    /// <summary>
    /// Writes the group minima of a leaf, and returns the smallest upper bounds of its extensions' scores in each lane for a spread of 2A,
    /// or the smallest middles for A; but for the rounding of the last sum, for which see <see cref="LastRoundingOf"/>.
    /// </summary>
    private static T Scan(BeamFamilies families, int leaf, float spread, in BeamBound bound, int panelCount, float* weights)
    {
        ref readonly var scores = ref families.Leaves[leaf];
        var (offset, error) = families.Offsets[leaf];
        var scan = Scan(scores, weights, spread, panelCount, Minima(families, leaf, panelCount), families.NextToPrefetch(scores.Row));
        return T.Add(scan, T.Create(MathF.BitIncrement((float)(offset + error + (ScanRoundings * Rounding.Unit * bound.Magnitude)))));
    }

    /// <summary>At least what a sum has lost when it was rounded to float32.</summary>
    private static double LastRoundingOf(double sum) => Math.Abs(sum) * (LastRounding * Rounding.Unit);

    private static float* Minima(BeamFamilies families, int leaf, int panelCount)
        => families.Minima + ((nint)leaf * PanelLayout.GroupCount(panelCount) * Panel);

    /// <summary>E, X and A of the leaves of a family.</summary>
    private static BeamBound* Bounds(in BeamStep step, BeamFamilies families, int index, in Proposal proposal)
    {
        ref readonly var family = ref families[index];
        var bounds = families.Bounds(family.Depth);
        for (var i = 0; i < family.AncestorCount; i++)
        {
            bounds[i] = Bound(step.Table, families.HalfNorms[family.FirstAncestor + i], family.FirstAncestor + i, proposal);
        }

        for (var back = family.Depth - 1; back >= 0; back--)
        {
            var products = step.Products[back];
            var nodes = families.Nodes(index, back);
            var nextBounds = families.Bounds(back);
            for (var i = 0; i < nodes.Length; i++)
            {
                nextBounds[i] = Extend(bounds[nodes[i].Parent], products.Growth, products.Error(nodes[i].Code));
            }

            bounds = nextBounds;
        }

        return bounds;
    }

    /// <summary>
    /// Computes the scores of all levels between a family's ancestors and its leaves, each from the level above and rows of products. Those
    /// of the leaves are not stored: they are computed where they are read, from the sources noted here.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    private static void Descend(in BeamStep step, BeamFamilies families, int index, float* scores)
    {
        var depth = families[index].Depth;
        var panelCount = step.Table.PanelCount;
        nint stride = panelCount * Panel;
        var leaves = families.Leaves;
        for (var i = 0; depth == 0 && i < families[index].Count; i++)
        {
            leaves[i] = new(scores + (i * stride), families.Zeros, 0);
        }

        for (var back = depth - 1; back >= 0; back--)
        {
            var products = step.Products[back];
            var next = families.Scores(back);
            var nodes = families.Nodes(index, back);
            for (var i = 0; i < nodes.Length; i++)
            {
                leaves[i] = new(scores + (nodes[i].Parent * stride), products.Row(nodes[i].Code), products.Scale(nodes[i].Code));
                if (back > 0)
                {
                    AddRow(leaves[i], panelCount, next + (i * stride), families.NextToPrefetch(leaves[i].Row));
                }
            }

            scores = next;
        }
    }

    /// <summary>E, X and A of an ancestor; E infinite where the kernel's bound does not cover it.</summary>
    private static BeamBound Bound(SearchTable table, double halfNorm, int row, in Proposal proposal)
    {
        var spread = proposal.Spread(row);
        var error = 0.5 * proposal.Margins[row];
        var norm = CodewordProducts.Padded(table.LargestNorm);
        return new(error, (AncestorMagnitude * norm * (Math.Sqrt(2 * halfNorm) + norm)) + (2.0 * spread) + error, spread);
    }

    private static BeamBound Extend(in BeamBound bound, double growth, double error)
    {
        var magnitude = bound.Magnitude + growth;
        return new(bound.Error + error + (ExtensionRoundings * Rounding.Unit * magnitude), magnitude, bound.Spread);
    }

    /// <summary>o and E' of a leaf; (n/2 + 256) d (‖r‖² + C₀²) of E' covers what rounds in binary64. BOUNDS.md, B6.</summary>
    private static (double Offset, double Error) Offset<TDouble>(
        in BeamStep step, in BeamFamily family, int leaf, in BeamBound bound, float* center)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var table = step.Table;
        var halfNorm = step.HalfNorms(family.Frame)[family.First + leaf];
        var rounding = ((0.5 * table.Dimensions) + 256) * Rounding.DoubleUnit * ((2 * halfNorm) + (table.LargestNorm * table.LargestNorm));
        var vector = step.Residuals(family.Frame) + ((nint)(family.First + leaf) * table.Stride);
        return (halfNorm + Candidates<T>.Shared<TDouble>(vector, center, table.Stride), bound.Error + rounding);
    }

    /// <summary>v for the codewords of a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load(float* source, sbyte* row, T scale) => T.MultiplyAdd(T.Widen(row), scale, T.Load(source));

    /// <summary>
    /// Writes the scores of all panels. Reads and writes panelCount panels; prefetches a row of the same length.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static void AddRow(in BeamScores scores, int panelCount, float* target, sbyte* prefetch)
    {
        float* source = scores.Source;
        sbyte* row = scores.Row;
        var scale = T.Create(scores.Scale);
        for (; panelCount >= Group; panelCount -= Group, source += Group * Panel, row += Group * Panel, prefetch += Group * Panel)
        {
            CacheLines.Prefetch(prefetch);
            T.Store(Load(source, row, scale), target);
            T.Store(Load(source + Panel, row + Panel, scale), target + Panel);
            T.Store(Load(source + (2 * Panel), row + (2 * Panel), scale), target + (2 * Panel));
            T.Store(Load(source + (3 * Panel), row + (3 * Panel), scale), target + (3 * Panel));
            target += Group * Panel;
        }

        CacheLines.Prefetch(prefetch);
        for (nint i = 0; i < panelCount * Panel; i += Panel)
        {
            T.Store(Load(source + i, row + i, scale), target + i);
        }
    }

    /// <summary>
    /// Writes the minimum of v over each group's panels, lane by lane, and returns the smallest v + spread · w of each lane; v where there
    /// are no weights. Reads panelCount panels of everything and writes a vector for each of their groups; prefetches a row of the same
    /// length.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static T Scan(in BeamScores scores, float* weights, float spread, int panelCount, float* minima, sbyte* prefetch)
    {
        float* source = scores.Source;
        sbyte* row = scores.Row;
        T scale = T.Create(scores.Scale), factor = T.Create(spread), smallest = T.Create(float.PositiveInfinity);
        for (; panelCount >= Group; panelCount -= Group, source += Group * Panel, row += Group * Panel, prefetch += Group * Panel)
        {
            CacheLines.Prefetch(prefetch);
            T a = Load(source, row, scale), b = Load(source + Panel, row + Panel, scale);
            T c = Load(source + (2 * Panel), row + (2 * Panel), scale), d = Load(source + (3 * Panel), row + (3 * Panel), scale);
            T.Store(T.Min(T.Min(a, b), T.Min(c, d)), minima);
            minima += Panel;
            if (weights != null)
            {
                a = T.MultiplyAdd(factor, weights, a);
                b = T.MultiplyAdd(factor, weights + Panel, b);
                c = T.MultiplyAdd(factor, weights + (2 * Panel), c);
                d = T.MultiplyAdd(factor, weights + (3 * Panel), d);
                weights += Group * Panel;
            }

            smallest = T.Min(smallest, T.Min(T.Min(a, b), T.Min(c, d)));
        }

        CacheLines.Prefetch(prefetch);
        var last = T.Create(float.PositiveInfinity);
        for (nint i = 0; i < panelCount * Panel; i += Panel)
        {
            var value = Load(source + i, row + i, scale);
            last = T.Min(last, value);
            smallest = T.Min(smallest, weights == null ? value : T.MultiplyAdd(factor, weights + i, value));
        }

        if (panelCount > 0)
        {
            T.Store(last, minima);
        }

        return smallest;
    }

    /// <summary>
    /// The n-th smallest of the distinct values in some vectors, which is at least the n-th smallest value; infinity where there are fewer
    /// than n.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    private static float NthSmallest(float* vectors, int count, int n)
    {
        var last = float.NegativeInfinity;
        for (; n > 0 && last < float.PositiveInfinity; n--)
        {
            var all = T.Create(last);
            var next = T.Above(T.Load(vectors), all);
            for (var i = 1; i < count; i++)
            {
                next = T.Min(next, T.Above(T.Load(vectors + (i * Panel)), all));
            }

            last = T.MinAcross(next);
        }

        return last;
    }

    /// <summary>
    /// A float32 not below the value, but finite: padding and repeated codewords, whose scores are infinite, are never within it.
    /// </summary>
    private static float RoundUp(double value) => MathF.Min(MathF.BitIncrement((float)value), float.MaxValue);

    /// <summary>
    /// Writes the extensions of some leaves whose scores are within the leaves' limits, in lexicographic order, and returns their number.
    /// Reads panelCount panels of scores and a vector of minima for each group; spots has room for all groups and one more.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static int Collect(
        BeamScores* leaves, int leafCount, float* minima, int panelCount, BeamSpot* spots, int firstParent, int* parents, int* codes)
    {
        // Without branches, as a mispredicted one at every group would cost more than all else here: each group is noted, and overwritten
        // by the next one if it has no candidate.
        var groupCount = PanelLayout.GroupCount(panelCount);
        nint spotCount = 0;
        for (var i = 0; i < leafCount; i++)
        {
            var limit = T.Create(leaves[i].Limit);
            for (var group = 0; group < groupCount; group++, minima += Panel)
            {
                spots[spotCount] = new BeamSpot(i, group);
                spotCount += T.AtMost(T.Load(minima), limit) != 0 ? 1 : 0;
            }
        }

        nint count = 0;
        for (nint i = 0; i < spotCount; i++)
        {
            var (leaf, panel) = (spots[i].Leaf, spots[i].Group * Group);
            var first = (nint)panel * Panel;
            var scores = leaves + leaf;
            var (scale, limit) = (T.Create(scores->Scale), T.Create(scores->Limit));
            var hits = Hits(scores->Source + first, scores->Row + first, scale, Math.Min(Group, panelCount - panel), limit);
            for (; hits != 0; hits &= hits - 1)
            {
                parents[count] = firstParent + leaf;
                codes[count++] = (int)first + BitOperations.TrailingZeroCount(hits);
            }
        }

        return (int)count;
    }

    /// <summary>A bit for each score of a group that is within the limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hits(float* source, sbyte* row, T scale, int panelCount, T limit)
    {
        if (panelCount == Group)
        {
            return T.AtMost(Load(source, row, scale), limit)
                | ((ulong)T.AtMost(Load(source + Panel, row + Panel, scale), limit) << Panel)
                | ((ulong)T.AtMost(Load(source + (2 * Panel), row + (2 * Panel), scale), limit) << (2 * Panel))
                | ((ulong)T.AtMost(Load(source + (3 * Panel), row + (3 * Panel), scale), limit) << (3 * Panel));
        }

        ulong hits = 0;
        for (nint i = (panelCount - 1) * Panel; i >= 0; i -= Panel)
        {
            hits = (hits << Panel) | T.AtMost(Load(source + i, row + i, scale), limit);
        }

        return hits;
    }
}
