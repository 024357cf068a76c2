using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// Sums over stages of the projections of codewords of eight values (DAC, SNAC): a tile of six codewords × one panel of outputs (two where
/// registers allow) is accumulated in registers, unrolled, and added to the sums of the stages before, which stay in L1.
/// </summary>
internal static unsafe class StageSums<T>
    where T : struct, IFusedLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Run = Projector.Run;

    /// <summary>The vectors of a tile.</summary>
    public const int Tile = Projector.RunsAtOnce;

    /// <summary>Sums a panel of outputs, or two.</summary>
    /// <param name="tables">W and b of the stages, of eight inputs.</param>
    /// <param name="output">The first of the outputs, a multiple of sixteen.</param>
    /// <param name="outputs">Sixteen, or thirty-two where registers allow; the tables have weights for all of them.</param>
    /// <param name="vectors">[stages, count, 8].</param>
    /// <param name="count">The vectors of a stage, a multiple of <see cref="Tile"/>.</param>
    /// <param name="sums">Receives the sums, [count, outputs].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(ReadOnlySpan<ProjectionTable> tables, int output, int outputs, float* vectors, int count, float* sums)
    {
        for (var m = 0; m < tables.Length; m++, vectors += count * Run)
        {
            float* weights = tables[m].Weights(output), bias = tables[m].Bias(output);
            if (outputs > Panel)
            {
                AddTwoPanels(weights, bias, vectors, count, sums, isFirst: m == 0);
            }
            else
            {
                AddPanel(weights, bias, vectors, count, sums, isFirst: m == 0);
            }
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static void AddPanel(float* weights, float* bias, float* vectors, int count, float* sums, bool isFirst)
    {
        for (; count > 0; count -= Tile, vectors += Tile * Run, sums += Tile * Panel)
        {
            T a = T.Load(bias), b = a, c = a, d = a, e = a, f = a;
            Accumulate(weights, vectors, 0, ref a, ref b, ref c, ref d, ref e, ref f);
            Accumulate(weights, vectors, 1, ref a, ref b, ref c, ref d, ref e, ref f);
            Accumulate(weights, vectors, 2, ref a, ref b, ref c, ref d, ref e, ref f);
            Accumulate(weights, vectors, 3, ref a, ref b, ref c, ref d, ref e, ref f);
            Accumulate(weights, vectors, 4, ref a, ref b, ref c, ref d, ref e, ref f);
            Accumulate(weights, vectors, 5, ref a, ref b, ref c, ref d, ref e, ref f);
            Accumulate(weights, vectors, 6, ref a, ref b, ref c, ref d, ref e, ref f);
            Accumulate(weights, vectors, 7, ref a, ref b, ref c, ref d, ref e, ref f);
            if (!isFirst)
            {
                a = T.Add(T.Load(sums), a);
                b = T.Add(T.Load(sums + Panel), b);
                c = T.Add(T.Load(sums + (2 * Panel)), c);
                d = T.Add(T.Load(sums + (3 * Panel)), d);
                e = T.Add(T.Load(sums + (4 * Panel)), e);
                f = T.Add(T.Load(sums + (5 * Panel)), f);
            }

            T.Store(a, sums);
            T.Store(b, sums + Panel);
            T.Store(c, sums + (2 * Panel));
            T.Store(d, sums + (3 * Panel));
            T.Store(e, sums + (4 * Panel));
            T.Store(f, sums + (5 * Panel));
        }
    }

    /// <summary>One input of six vectors times one row of sixteen weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(float* weights, float* vectors, nint i, ref T a, ref T b, ref T c, ref T d, ref T e, ref T f)
    {
        var w = T.Load(weights + (i * Panel));
        a = T.FusedMultiplyAdd(w, T.Create(vectors[i]), a);
        b = T.FusedMultiplyAdd(w, T.Create(vectors[i + Run]), b);
        c = T.FusedMultiplyAdd(w, T.Create(vectors[i + (2 * Run)]), c);
        d = T.FusedMultiplyAdd(w, T.Create(vectors[i + (3 * Run)]), d);
        e = T.FusedMultiplyAdd(w, T.Create(vectors[i + (4 * Run)]), e);
        f = T.FusedMultiplyAdd(w, T.Create(vectors[i + (5 * Run)]), f);
    }

    /// <summary>The same with two panels, the second behind the first in memory.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static void AddTwoPanels(float* weights, float* bias, float* vectors, int count, float* sums, bool isFirst)
    {
        float* high = weights + (Run * Panel), highBias = bias + Panel;
        for (; count > 0; count -= Tile, vectors += Tile * Run, sums += Tile * 2 * Panel)
        {
            T a0 = T.Load(bias), b0 = a0, c0 = a0, d0 = a0, e0 = a0, f0 = a0;
            T a1 = T.Load(highBias), b1 = a1, c1 = a1, d1 = a1, e1 = a1, f1 = a1;
            for (nint i = 0; i < Run; i++)
            {
                Accumulate(weights, vectors, i, ref a0, ref b0, ref c0, ref d0, ref e0, ref f0);
                Accumulate(high, vectors, i, ref a1, ref b1, ref c1, ref d1, ref e1, ref f1);
            }

            Keep(a0, a1, sums, isFirst);
            Keep(b0, b1, sums + (2 * Panel), isFirst);
            Keep(c0, c1, sums + (4 * Panel), isFirst);
            Keep(d0, d1, sums + (6 * Panel), isFirst);
            Keep(e0, e1, sums + (8 * Panel), isFirst);
            Keep(f0, f1, sums + (10 * Panel), isFirst);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(T low, T high, float* sums, bool isFirst)
    {
        T.Store(isFirst ? low : T.Add(T.Load(sums), low), sums);
        T.Store(isFirst ? high : T.Add(T.Load(sums + Panel), high), sums + Panel);
    }
}
