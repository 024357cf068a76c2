using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The product at one width, register-blocked: a tile of six vectors × one panel (two where registers allow) is accumulated in registers
/// over the inputs of one chain. The chains are computed one after the other; the sums of those before stay in L1. One or two vectors alone
/// compute all four chains at the same time and read the weights once, in the order of memory.
/// </summary>
internal sealed unsafe class LaneProjector<T> : Projector
    where T : struct, IFusedLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Tile = 6;

    public override int OutputsAtOnce => T.HasManyRegisters ? 2 * Panel : Panel;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public override void ProjectPanels(
        ProjectionTable table, int output, int width, float** rows, nint step, int count, float* augend, float* destination, nint stride)
    {
        var rest = count % Tile;
        if (count > rest)
        {
            ProjectTiles(table, output, width, rows, step, count - rest, augend, destination, stride);
            rows += (count - rest) * step;
            augend += augend == null ? 0 : (count - rest) * stride;
            destination += (count - rest) * stride;
        }

        if (rest > FewRows)
        {
            // A whole tile, which the last vector fills.
            var last = stackalloc float*[Tile];
            var products = stackalloc float[Tile * MaxOutputsAtOnce];
            for (var i = 0; i < Tile; i++)
            {
                last[i] = rows[Math.Min(i, rest - 1) * step];
            }

            ProjectTiles(table, output, width, last, 1, Tile, null, products, width);
            for (var i = 0; i < rest; i++)
            {
                Deliver(products + (i * width), augend == null ? null : augend + (i * stride), destination + (i * stride), width);
            }

            return;
        }

        for (var i = 0; i < rest; i++)
        {
            ProjectOne(table, output, width, rows[i * step], augend == null ? null : augend + (i * stride), destination + (i * stride));
        }
    }

    public override void SumStages(
        ReadOnlySpan<ProjectionTable> tables, int output, int outputs, float* vectors, int frames, float* destination, nint stride)
        => StageSums<T>.Sum(tables, output, outputs, vectors, frames, destination, stride);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void ProjectOne(ProjectionTable table, int output, int width, float* row, float* augend, float* destination)
    {
        var whole = width / Panel * Panel;
        OneRow(table.Weights(output), table.Bias(output), table.Inputs, row, whole, augend, destination);
        if (whole < width)
        {
            var products = stackalloc float[Panel];
            OneRow(table.Weights(output + whole), table.Bias(output + whole), table.Inputs, row, Panel, null, products);
            Deliver(products, augend == null ? null : augend + whole, destination + whole, width - whole);
        }
    }

    /// <summary>Projects a multiple of six vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void ProjectTiles(
        ProjectionTable table, int output, int width, float** rows, nint step, int count, float* augend, float* destination, nint stride)
    {
        var room = stackalloc float[(RowsAtOnce * MaxOutputsAtOnce) + Panel];
        var sums = (float*)(((nint)room + CacheLines.Bytes - 1) & -CacheLines.Bytes);
        var chains = Math.Min(Chains, (table.Inputs + Run - 1) / Run);
        for (int first = 0, outputs; first < width; first += outputs)
        {
            outputs = T.HasManyRegisters && first + (2 * Panel) <= width ? 2 * Panel : Panel;
            float* weights = table.Weights(output + first), bias = table.Bias(output + first);
            float* from = augend == null ? null : augend + first, to = destination + first;

            // The panel's last outputs may be beyond those wanted. Then all sums stay in the buffer, and the wanted ones are copied from
            // there.
            var fits = first + outputs <= width;
            for (var chain = 0; chain < chains; chain++)
            {
                var ends = fits && chain == chains - 1;
                float* start = chain == 0 ? bias : null, before = chain == 0 ? null : sums;
                var ways = new ProductWays(start, before, outputs, ends ? from : null, ends ? to : sums, ends ? stride : outputs);
                if (outputs > Panel)
                {
                    SixRowsTwoPanels(weights, table.Inputs, chain, rows, step, count, ways);
                }
                else
                {
                    SixRows(weights, table.Inputs, chain, rows, step, count, ways);
                }
            }

            for (var i = 0; i < count && !fits; i++)
            {
                Deliver(sums + (i * outputs), from == null ? null : from + (i * stride), to + (i * stride), width - first);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Deliver(float* products, float* augend, float* destination, int outputs)
    {
        if (augend != null)
        {
            LaneArithmetic<T>.Sum(augend, products, destination, outputs);
        }
        else
        {
            new ReadOnlySpan<float>(products, outputs).CopyTo(new Span<float>(destination, outputs));
        }
    }

    /// <summary>Accumulates one chain of the products of vectors, a multiple of six, with a panel [inputs, 16].</summary>
    [MethodImpl(InnerLoop.Options)]
    private static void SixRows(float* panel, nint inputs, int chain, float** rows, nint step, int count, in ProductWays ways)
    {
        float* start = ways.Start, before = ways.Before, augend = ways.Augend, destination = ways.Destination;
        nint beforeStride = ways.BeforeStride, stride = ways.Stride;
        for (; count > 0; count -= Tile, rows += Tile * step)
        {
            float* rowA = rows[0], rowB = rows[step], rowC = rows[2 * step];
            float* rowD = rows[3 * step], rowE = rows[4 * step], rowF = rows[5 * step];
            T a = start == null ? T.Zero : T.Load(start), b = a, c = a, d = a, e = a, f = a;
            for (nint run = chain * Run; run < inputs; run += Chains * Run)
            {
                var weights = panel + (run * Panel);
                var end = Math.Min(run + Run, inputs);
                for (var i = run; i < end; i++, weights += Panel)
                {
                    var w = T.Load(weights);
                    a = T.FusedMultiplyAdd(w, T.Create(rowA[i]), a);
                    b = T.FusedMultiplyAdd(w, T.Create(rowB[i]), b);
                    c = T.FusedMultiplyAdd(w, T.Create(rowC[i]), c);
                    d = T.FusedMultiplyAdd(w, T.Create(rowD[i]), d);
                    e = T.FusedMultiplyAdd(w, T.Create(rowE[i]), e);
                    f = T.FusedMultiplyAdd(w, T.Create(rowF[i]), f);
                }
            }

            if (before != null)
            {
                a = T.Add(T.Load(before), a);
                b = T.Add(T.Load(before + beforeStride), b);
                c = T.Add(T.Load(before + (2 * beforeStride)), c);
                d = T.Add(T.Load(before + (3 * beforeStride)), d);
                e = T.Add(T.Load(before + (4 * beforeStride)), e);
                f = T.Add(T.Load(before + (5 * beforeStride)), f);
                before += Tile * beforeStride;
            }

            if (augend != null)
            {
                a = T.Add(T.Load(augend), a);
                b = T.Add(T.Load(augend + stride), b);
                c = T.Add(T.Load(augend + (2 * stride)), c);
                d = T.Add(T.Load(augend + (3 * stride)), d);
                e = T.Add(T.Load(augend + (4 * stride)), e);
                f = T.Add(T.Load(augend + (5 * stride)), f);
                augend += Tile * stride;
            }

            T.Store(a, destination);
            T.Store(b, destination + stride);
            T.Store(c, destination + (2 * stride));
            T.Store(d, destination + (3 * stride));
            T.Store(e, destination + (4 * stride));
            T.Store(f, destination + (5 * stride));
            destination += Tile * stride;
        }
    }

    /// <summary>The same as <see cref="SixRows"/> with two panels, the second behind the first in memory.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static void SixRowsTwoPanels(float* panel, nint inputs, int chain, float** rows, nint step, int count, ProductWays ways)
    {
        for (; count > 0; count -= Tile, rows += Tile * step)
        {
            float* rowA = rows[0], rowB = rows[step], rowC = rows[2 * step];
            float* rowD = rows[3 * step], rowE = rows[4 * step], rowF = rows[5 * step];
            T a0 = ways.Start == null ? T.Zero : T.Load(ways.Start), b0 = a0, c0 = a0, d0 = a0, e0 = a0, f0 = a0;
            T a1 = ways.Start == null ? T.Zero : T.Load(ways.Start + Panel), b1 = a1, c1 = a1, d1 = a1, e1 = a1, f1 = a1;
            for (nint run = chain * Run; run < inputs; run += Chains * Run)
            {
                float* low = panel + (run * Panel), high = low + (inputs * Panel);
                var end = Math.Min(run + Run, inputs);
                for (var i = run; i < end; i++, low += Panel, high += Panel)
                {
                    T w0 = T.Load(low), w1 = T.Load(high);
                    var value = T.Create(rowA[i]);
                    a0 = T.FusedMultiplyAdd(w0, value, a0);
                    a1 = T.FusedMultiplyAdd(w1, value, a1);
                    value = T.Create(rowB[i]);
                    b0 = T.FusedMultiplyAdd(w0, value, b0);
                    b1 = T.FusedMultiplyAdd(w1, value, b1);
                    value = T.Create(rowC[i]);
                    c0 = T.FusedMultiplyAdd(w0, value, c0);
                    c1 = T.FusedMultiplyAdd(w1, value, c1);
                    value = T.Create(rowD[i]);
                    d0 = T.FusedMultiplyAdd(w0, value, d0);
                    d1 = T.FusedMultiplyAdd(w1, value, d1);
                    value = T.Create(rowE[i]);
                    e0 = T.FusedMultiplyAdd(w0, value, e0);
                    e1 = T.FusedMultiplyAdd(w1, value, e1);
                    value = T.Create(rowF[i]);
                    f0 = T.FusedMultiplyAdd(w0, value, f0);
                    f1 = T.FusedMultiplyAdd(w1, value, f1);
                }
            }

            Keep(a0, a1, ref ways);
            Keep(b0, b1, ref ways);
            Keep(c0, c1, ref ways);
            Keep(d0, d1, ref ways);
            Keep(e0, e1, ref ways);
            Keep(f0, f1, ref ways);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(T low, T high, ref ProductWays ways)
    {
        if (ways.Before != null)
        {
            (low, high) = (T.Add(T.Load(ways.Before), low), T.Add(T.Load(ways.Before + Panel), high));
            ways.Before += ways.BeforeStride;
        }

        if (ways.Augend != null)
        {
            (low, high) = (T.Add(T.Load(ways.Augend), low), T.Add(T.Load(ways.Augend + Panel), high));
            ways.Augend += ways.Stride;
        }

        T.Store(low, ways.Destination);
        T.Store(high, ways.Destination + Panel);
        ways.Destination += ways.Stride;
    }

    /// <summary>
    /// Computes all chains of the products of one vector with panels [inputs, 16], adds <paramref name="augend"/> [outputs] unless that is
    /// null, and writes to <paramref name="destination"/> [outputs].
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    private static void OneRow(float* panel, float* bias, nint inputs, float* vector, int outputs, float* augend, float* destination)
    {
        var end = vector + inputs;
        for (nint output = 0; output < outputs && inputs <= Run; output += Panel)
        {
            var sum = T.Load(bias + output);
            for (var row = vector; row < end; row++, panel += Panel)
            {
                sum = T.FusedMultiplyAdd(T.Create(*row), panel, sum);
            }

            T.Store(augend == null ? sum : T.Add(T.Load(augend + output), sum), destination + output);
        }

        for (nint output = 0; output < outputs && inputs > Run; output += Panel)
        {
            T a = T.Load(bias + output), b = T.Zero, c = b, d = b;
            var row = vector;
            for (; row + (Chains * Run) <= end; row += (Chains - 1) * Run, panel += (Chains - 1) * Run * Panel)
            {
                for (var last = row + Run; row < last; row++, panel += Panel)
                {
                    a = T.FusedMultiplyAdd(T.Create(row[0]), panel, a);
                    b = T.FusedMultiplyAdd(T.Create(row[Run]), panel + (Run * Panel), b);
                    c = T.FusedMultiplyAdd(T.Create(row[2 * Run]), panel + (2 * Run * Panel), c);
                    d = T.FusedMultiplyAdd(T.Create(row[3 * Run]), panel + (3 * Run * Panel), d);
                }
            }

            for (var last = row + Math.Min(Run, end - row); row < last; row++, panel += Panel)
            {
                a = T.FusedMultiplyAdd(T.Create(*row), panel, a);
            }

            for (var last = row + Math.Min(Run, end - row); row < last; row++, panel += Panel)
            {
                b = T.FusedMultiplyAdd(T.Create(*row), panel, b);
            }

            for (var last = row + Math.Min(Run, end - row); row < last; row++, panel += Panel)
            {
                c = T.FusedMultiplyAdd(T.Create(*row), panel, c);
            }

            for (; row < end; row++, panel += Panel)
            {
                d = T.FusedMultiplyAdd(T.Create(*row), panel, d);
            }

            a = T.Add(a, b);
            a = inputs > 2 * Run ? T.Add(a, c) : a;
            a = inputs > 3 * Run ? T.Add(a, d) : a;
            T.Store(augend == null ? a : T.Add(T.Load(augend + output), a), destination + output);
        }
    }
}
