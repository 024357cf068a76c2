using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// From the approximate scores of common ancestors to those of the partial stacks, and from these to the extensions that may be among the best of a beam.
/// <para>
/// Let z_k = c_k − μ, κ = ½⟨μ, μ⟩ − ⟨r, μ⟩ and S(r, k) = ½‖z_k‖² − ⟨r − μ, z_k⟩ = ½‖c_k‖² − ⟨r, c_k⟩ − κ. For what the kernel stores of an ancestor a,
/// v(a, k), <see cref="ErrorBound"/> and <see cref="ByteErrorBound"/> say: v(a, k) − E_a ≤ S(r_a, k) ≤ v(a, k) + 2A·w_k + E_a, E_a being half the margin and
/// A·w_k the codeword's share of the spread (zero for float32).
/// </para>
/// <para>
/// Let q extend p by codeword c_j: r_q = fl(r_p − c_j) = r_p − c_j + e with |e_i| ≤ u|r_q,i|, u = 2⁻²⁴, as a float32 difference is exact where it is subnormal. So
/// S(r_q, k) = S(r_p, k) + ⟨c_j, z_k⟩ − ⟨e, z_k⟩. The kernel has v(q, k) = fl(v(p, k) + t_j q_jk) with one rounding or two, and <see cref="CodewordProducts"/>
/// says |⟨c_j, z_k⟩ − t_j q_jk| ≤ δ_j; so S(r_q, k) is at most δ_j + u·127t_j + u|v(q, k)| + u‖r_q‖C farther from what v(q, k) says than S(r_p, k) is from what
/// v(p, k) says, with C = max‖z_k‖. (t_j is zero or at least 2⁻⁹⁷, so that no product is subnormal.)
/// </para>
/// <para>
/// Let c₀ = max‖c_k‖ + 2⁻¹⁰⁰, so that C ≤ 2.01c₀ and ‖μ‖ ≤ 1.01c₀. Then X_a = 5c₀(‖r_a‖ + c₀) + 2A + E_a bounds |v(a, k)| ≤ ½C² + (‖r_a‖ + ‖μ‖)C + 2A·w_k + E_a (w_k ≤ 1 in eight bits) as well as
/// ‖r_a‖C, with 0.9c₀² to spare; and where X_p bounds these for p, X_q = X_p + 2.3c₀·max‖c_j‖ does for q: 127t_j exceeds C‖c_j‖ by no more than the float32
/// error of the products, 0.025(c₀² + c₀‖c_j‖) for the at most 10⁵ dimensions that it is known for, four steps of which fit what was spared. So
/// E_q = E_p + δ_j + 3u·X_q. Codebooks with norms above 10¹⁸ have no products, so that nothing overflows.
/// </para>
/// <para>
/// With o = ½⟨r, r⟩ + κ, the score of an extension lies between o + v − E' and o + v + 2A·w + E', where E' = E + G and G covers what rounds in
/// binary64: ½⟨r, r⟩, κ, the definition's score and its last sum, and the sums here; with R = ‖r‖², ‖μ‖ ≤ C₀ = max‖c‖, and a sum of n terms within
/// (n/8 + 8)2⁻⁵³, all of them together are below (n/2 + 256)·2⁻⁵³·(R + C₀²), or what exceeds that is far below u·X.
/// </para>
/// <para>
/// The n-th smallest upper bound of distinct extensions is an upper bound of the n-th smallest score: extensions with a lower bound above it are out. The
/// smallest upper bounds in each lane of the panels are of distinct extensions, and their n-th smallest takes few steps.
/// </para>
/// <para>
/// But the bounds are wide, while scores are seldom far from the middle of theirs: so where all partial stacks of a frame are in one family, a little more than the
/// n-th smallest middle is what the list reaches to at first, with half as many extensions. All whose score is within its reach are on the list, so if the
/// definition finds n there that are, no other is better; if not, the n-th smallest of the scores it found is a limit for the list that is then collected.
/// </para>
/// </summary>
internal static unsafe class BeamCandidates<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Group = PanelLayout.PanelsPerGroup;
    private const double Unit = 1.0 / (1 << 24);
    private const double DoubleUnit = 1.0 / (1L << 53);

    // By how much of the spread a guess is beyond the n-th smallest middle.
    private const double Slack = 0.02;

    /// <summary>
    /// Adds candidates among the extensions of a family to the list: all within its reach, which is lowered to what is found here. If that is not a
    /// guess, adds all that may be kept, and all codewords with which the greedy stack may be extended greedily; for a greedy stack beside the kept ones, always.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static void Add<TDouble>(in BeamStep step, BeamFamilies families, int index, BeamShortlist list, bool guess, in Proposal proposal)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        ref readonly var family = ref families[index];
        var table = step.Table;
        var bounds = Bounds(step, families, index, proposal);
        var panelCount = table.PanelCount;
        Descend(step, families, index, proposal.Scores + ((nint)family.FirstAncestor * panelCount * Panel));
        nint minimaStride = PanelLayout.GroupCount(panelCount) * Panel;
        var minima = families.Minima;
        var leaves = families.Leaves;

        // The greedy stack beside the kept ones extends nothing but itself.
        var kept = Math.Min(family.Count, step.Count - family.First);
        var greedy = step.Greedy(family.Frame) - family.First;
        var offsets = families.Offsets;
        for (var i = 0; i < family.Count; i++)
        {
            var (lanes, bound) = (T.Create(float.PositiveInfinity), bounds[i]);
            if (bound.Error < float.MaxValue)
            {
                offsets[i] = Offset<TDouble>(step, family, i, bound, proposal.Center);
                lanes = Scan(families, i, guess && i < kept ? bound.Spread : 2 * bound.Spread, bound, panelCount, proposal.Weights);
            }

            T.Store(lanes, families.Lanes + (i * Panel));
        }

        var limit = (double)NthSmallest(families.Lanes, kept, step.Kept);
        limit += (Math.Abs(limit) * (2 * Unit)) + (guess ? Slack * bounds[0].Spread : 0);
        list.Reach = Math.Min(list.Reach, limit);
        if (greedy >= 0 && greedy < family.Count && bounds[greedy].Error < float.MaxValue)
        {
            var lanes = T.Load(families.Lanes + (greedy * Panel));
            var isGuess = guess && greedy < kept;
            if (!isGuess || T.MinAcross(lanes) > list.Reach)
            {
                lanes = isGuess ? Scan(families, greedy, 2 * bounds[greedy].Spread, bounds[greedy], panelCount, proposal.Weights) : lanes;
                var most = (double)T.MinAcross(lanes);
                leaves[greedy].Limit = RoundUp(most + (Math.Abs(most) * (2 * Unit)) - offsets[greedy].Offset + offsets[greedy].Error);
                list.GreedyCount = Collect(
                    leaves + greedy, 1, minima + (greedy * minimaStride), panelCount, families.Spots, family.First + greedy, list.Parents + list.Count, list.GreedyCodes);
            }
        }

        for (var i = 0; i < kept;)
        {
            if (!(bounds[i].Error < float.MaxValue))
            {
                list.AddAll(family.First + i++, table);
                continue;
            }

            var first = i;
            for (; i < kept && bounds[i].Error < float.MaxValue; i++)
            {
                leaves[i].Limit = RoundUp(list.Reach - offsets[i].Offset + offsets[i].Error);
            }

            list.Count += Collect(
                leaves + first, i - first, minima + (first * minimaStride), panelCount, families.Spots, family.First + first, list.Parents + list.Count, list.Codes + list.Count);
        }
    }

    /// <summary>
    /// Writes the group minima of a partial stack, and returns upper bounds of scores in each lane for a spread of 2A; for A, the middles of their bounds.
    /// What the sums in float32 round is below 3u·X, but for the last, which is left to the limit.
    /// </summary>
    private static T Scan(BeamFamilies families, int leaf, float spread, in BeamBound bound, int panelCount, float* weights)
    {
        ref readonly var scores = ref families.Leaves[leaf];
        var minima = families.Minima + ((nint)leaf * PanelLayout.GroupCount(panelCount) * Panel);
        var (offset, error) = families.Offsets[leaf];
        return T.Add(
            Scan(scores, weights, spread, panelCount, minima, families.NextExpected(scores.Row)),
            T.Create(MathF.BitIncrement((float)(offset + error + (4 * Unit * bound.Magnitude)))));
    }

    /// <summary>E, X and A of the partial stacks of a family.</summary>
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

    /// <summary>Adds products to the scores of the ancestors on the way to the family, for which it only notes where they come from.</summary>
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
                    AddRow(leaves[i], panelCount, next + (i * stride), families.NextExpected(leaves[i].Row));
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
        var norm = CodewordProducts.Padded(table.MaxNorm);
        return new(error, (5 * norm * (Math.Sqrt(2 * halfNorm) + norm)) + (2.0 * spread) + error, spread);
    }

    private static BeamBound Extend(in BeamBound bound, double growth, double error)
    {
        var magnitude = bound.Magnitude + growth;
        return new(bound.Error + error + (3 * Unit * magnitude), magnitude, bound.Spread);
    }

    /// <summary>o and E' of a partial stack.</summary>
    private static (double Offset, double Error) Offset<TDouble>(in BeamStep step, in BeamFamily family, int i, in BeamBound bound, float* center)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var table = step.Table;
        var halfNorm = step.HalfNorms(family.Frame)[family.First + i];
        var rounding = ((0.5 * table.Dimensions) + 256) * DoubleUnit * ((2 * halfNorm) + (table.MaxNorm * table.MaxNorm));
        if (center != null)
        {
            var vector = step.Residuals(family.Frame) + ((nint)(family.First + i) * table.Stride);
            halfNorm += (0.5 * Definition.Dot<TDouble>(center, center, table.Stride)) - Definition.Dot<TDouble>(vector, center, table.Stride);
        }

        return (halfNorm, bound.Error + rounding);
    }

    /// <summary>v of the codewords of a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load(float* source, sbyte* row, T scale) => T.MultiplyAdd(T.Widen(row), scale, T.Load(source));

    /// <summary>
    /// Writes the scores of all panels. Reads and writes panelCount panels. Meanwhile has a row of as many panels on its way from memory.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static void AddRow(in BeamScores scores, int panelCount, float* target, sbyte* expected)
    {
        float* source = scores.Source;
        sbyte* row = scores.Row;
        var scale = T.Create(scores.Scale);
        for (; panelCount >= Group; panelCount -= Group, source += Group * Panel, row += Group * Panel, target += Group * Panel, expected += Group * Panel)
        {
            CacheLines.Prefetch(expected);
            T.Store(Load(source, row, scale), target);
            T.Store(Load(source + Panel, row + Panel, scale), target + Panel);
            T.Store(Load(source + (2 * Panel), row + (2 * Panel), scale), target + (2 * Panel));
            T.Store(Load(source + (3 * Panel), row + (3 * Panel), scale), target + (3 * Panel));
        }

        CacheLines.Prefetch(expected);
        for (nint i = 0; i < panelCount * Panel; i += Panel)
        {
            T.Store(Load(source + i, row + i, scale), target + i);
        }
    }

    /// <summary>
    /// Writes the minima of the groups, lane by lane, and returns the smallest v + 2A·w in each lane; v where there are no weights. Reads panelCount
    /// panels of everything and writes a vector for each of their groups. Meanwhile has a row of as many panels on its way from memory.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static T Scan(in BeamScores scores, float* weights, float spread, int panelCount, float* minima, sbyte* expected)
    {
        float* source = scores.Source;
        sbyte* row = scores.Row;
        T scale = T.Create(scores.Scale), factor = T.Create(spread), smallest = T.Create(float.PositiveInfinity);
        for (; panelCount >= Group; panelCount -= Group, source += Group * Panel, row += Group * Panel, minima += Panel, expected += Group * Panel)
        {
            CacheLines.Prefetch(expected);
            T a = Load(source, row, scale), b = Load(source + Panel, row + Panel, scale);
            T c = Load(source + (2 * Panel), row + (2 * Panel), scale), d = Load(source + (3 * Panel), row + (3 * Panel), scale);
            T.Store(T.Min(T.Min(a, b), T.Min(c, d)), minima);
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

        CacheLines.Prefetch(expected);
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

    /// <summary>The n-th smallest of the different values in some vectors, which is not below the n-th smallest; infinity where there are fewer.</summary>
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

    /// <summary>A float32 not below the value, and finite, so that what is padded or repeated, and has an infinite score, is never within it.</summary>
    private static float RoundUp(double value) => MathF.Min(MathF.BitIncrement((float)value), float.MaxValue);

    /// <summary>
    /// Writes the extensions of some partial stacks whose scores are within their limits, in lexicographic order, and returns their number. Reads panelCount panels of
    /// the scores and a vector of minima for each of their groups; spots has room for all groups and one more.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static int Collect(BeamScores* leaves, int leafCount, float* minima, int panelCount, BeamSpot* spots, int firstParent, int* parents, int* codes)
    {
        // A branch at each group that nobody can foresee would cost more than all else here.
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
            var hits = Hits(scores->Source + first, scores->Row + first, T.Create(scores->Scale), Math.Min(Group, panelCount - panel), T.Create(scores->Limit));
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
