using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>The binary64 work, in the definition's order at any width.</summary>
internal abstract unsafe class LaneKernel<TDouble> : Kernel
    where TDouble : struct, IDoubleLanes<TDouble>
{
    private const int Lanes = Definition.Lanes;
    private const int FramesAtOnce = 8;

    public sealed override void Project(ProjectionTable table, float* vectors, int stride, int frames, double* products, SearchScratch scratch)
    {
        if (table.IsByColumns)
        {
            var vector = scratch.Widened(table.PaddedInputs);
            for (nint frame = 0; frame < frames; frame++, products += table.PaddedOutputs)
            {
                Widen(vectors + (frame * stride), table.PaddedInputs, vector);
                for (nint output = 0; output < table.PaddedOutputs; output += Lanes)
                {
                    TDouble.Store(ProjectByColumns(table.Weights + output, table.PaddedOutputs, vector, table.PaddedInputs), products + output);
                }

                // Zeros already, unless a vector that overflowed met them: 0 × ∞ would spoil every sum that passes the padding.
                new Span<double>(products + table.Outputs, table.PaddedOutputs - table.Outputs).Clear();
            }

            return;
        }

        var widened = scratch.Widened(checked(FramesAtOnce * table.PaddedInputs));
        for (var first = 0; first < frames; first += FramesAtOnce)
        {
            var count = Math.Min(FramesAtOnce, frames - first);
            for (var frame = 0; frame < count; frame++)
            {
                Widen(vectors + ((nint)(first + frame) * stride), table.PaddedInputs, widened + ((nint)frame * table.PaddedInputs));
            }

            ProjectByRows(table, widened, count, products + ((nint)first * table.PaddedOutputs));
        }

        for (var frame = 0; frame < frames; frame++)
        {
            new Span<double>(products + ((nint)frame * table.PaddedOutputs) + table.Outputs, table.PaddedOutputs - table.Outputs).Clear();
        }
    }

    public sealed override void Round(ProjectionTable table, double* products, int frames, float* vectors)
    {
        for (var frame = 0; frame < frames; frame++)
        {
            for (var output = 0; output < table.PaddedOutputs; output += Lanes)
            {
                TDouble.Narrow(TDouble.Add(TDouble.Load(products + output), TDouble.Widen(table.Bias + output)), vectors + output);
            }

            products += table.PaddedOutputs;
            vectors += table.PaddedOutputs;
        }
    }

    public sealed override void Expand(ProjectionTable table, float** rows, int frames, float* destination, bool add, SearchScratch scratch)
    {
        var padded = table.PaddedInputs;
        if (table.IsByColumns)
        {
            var vectors = scratch.Widened(checked(frames * padded));
            for (var frame = 0; frame < frames; frame++)
            {
                Widen(rows[frame], padded, vectors + ((nint)frame * padded));
            }

            // Few frames at once: rows of a power of two of bytes all fall on the same cache lines' sets.
            for (nint first = 0; first < frames; first += FramesAtOnce)
            {
                ExpandByColumns(
                    table, vectors + (first * padded), (int)Math.Min(FramesAtOnce, frames - first), destination + (first * table.PaddedOutputs), add);
            }

            return;
        }

        var room = scratch.Products(2 * table.PaddedOutputs);
        for (var frame = 0; frame < frames; frame++, destination += table.PaddedOutputs)
        {
            Project(table, rows[frame], 0, 1, room, scratch);
            Round(table, room, 1, add ? (float*)(room + table.PaddedOutputs) : destination);
            if (add)
            {
                Rows.Sum(destination, (float*)(room + table.PaddedOutputs), destination, table.PaddedOutputs);
            }
        }
    }

    public sealed override void Narrow(double* values, nint count, float* destination)
    {
        for (nint i = 0; i < count; i += Lanes)
        {
            TDouble.Narrow(TDouble.Load(values + i), destination + i);
        }
    }

    public sealed override void SubtractCoupled(
        double* coupling, Codebook codebook, int* codes, nint codeStride, int frames, int paddedOutputs, double* sums)
    {
        var rows = codebook.PaddedRows.Pointer;
        for (var frame = 0; frame < frames; frame++, codes += codeStride, sums += paddedOutputs)
        {
            var codeword = rows + ((nint)(*codes) * codebook.RowStride);
            for (var output = 0; output < paddedOutputs; output += Lanes)
            {
                TDouble.Store(
                    TDouble.Subtract(TDouble.Load(sums + output), Coupled(coupling + output, codeword, codebook.Dimensions, paddedOutputs)), sums + output);
            }
        }
    }

    public sealed override void Couple(double* coupling, float* codeword, int codeDimensions, int paddedOutputs, double* change)
    {
        for (var output = 0; output < paddedOutputs; output += Lanes)
        {
            TDouble.Store(Coupled(coupling + output, codeword, codeDimensions, paddedOutputs), change + output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TDouble Coupled(double* coupling, float* codeword, int codeDimensions, nint paddedOutputs)
    {
        var sum = TDouble.Load(coupling);
        for (var i = 0; i < codeDimensions; i++)
        {
            coupling += paddedOutputs;
            sum = TDouble.Add(sum, TDouble.Multiply(TDouble.Load(coupling), TDouble.Create(codeword[i])));
        }

        return sum;
    }

    /// <summary>The eight sums of the definition, for eight outputs at once; columns beyond Inputs are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TDouble ProjectByColumns(float* columns, nint stride, double* vector, int paddedInputs)
    {
        TDouble s0 = TDouble.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        for (var i = 0; i < paddedInputs; i += Lanes, vector += Lanes, columns += Lanes * stride)
        {
            s0 = TDouble.AddExactProduct(TDouble.Widen(columns), TDouble.Create(vector[0]), s0);
            s1 = TDouble.AddExactProduct(TDouble.Widen(columns + stride), TDouble.Create(vector[1]), s1);
            s2 = TDouble.AddExactProduct(TDouble.Widen(columns + (2 * stride)), TDouble.Create(vector[2]), s2);
            s3 = TDouble.AddExactProduct(TDouble.Widen(columns + (3 * stride)), TDouble.Create(vector[3]), s3);
            s4 = TDouble.AddExactProduct(TDouble.Widen(columns + (4 * stride)), TDouble.Create(vector[4]), s4);
            s5 = TDouble.AddExactProduct(TDouble.Widen(columns + (5 * stride)), TDouble.Create(vector[5]), s5);
            s6 = TDouble.AddExactProduct(TDouble.Widen(columns + (6 * stride)), TDouble.Create(vector[6]), s6);
            s7 = TDouble.AddExactProduct(TDouble.Widen(columns + (7 * stride)), TDouble.Create(vector[7]), s7);
        }

        var even = TDouble.Add(TDouble.Add(s0, s4), TDouble.Add(s2, s6));
        var odd = TDouble.Add(TDouble.Add(s1, s5), TDouble.Add(s3, s7));
        return TDouble.Add(even, odd);
    }

    [MethodImpl(Jit.Kernel)]
    private static void ExpandByColumns(ProjectionTable table, double* vectors, int frames, float* destination, bool add)
    {
        nint stride = table.PaddedOutputs;
        for (nint output = 0; output < stride; output += Lanes)
        {
            var bias = TDouble.Widen(table.Bias + output);
            var columns = table.Weights + output;
            var vector = vectors;
            var target = destination + output;
            if (table.PaddedInputs == Lanes)
            {
                // The usual case (DAC, SNAC): eight columns stay in registers while the frames pass.
                TDouble w0 = TDouble.Widen(columns), w1 = TDouble.Widen(columns + stride), w2 = TDouble.Widen(columns + (2 * stride));
                TDouble w3 = TDouble.Widen(columns + (3 * stride)), w4 = TDouble.Widen(columns + (4 * stride)), w5 = TDouble.Widen(columns + (5 * stride));
                TDouble w6 = TDouble.Widen(columns + (6 * stride)), w7 = TDouble.Widen(columns + (7 * stride));
                for (var frame = 0; frame < frames; frame++, vector += Lanes, target += stride)
                {
                    var s0 = TDouble.AddExactProduct(w0, TDouble.Create(vector[0]), TDouble.Zero);
                    var s1 = TDouble.AddExactProduct(w1, TDouble.Create(vector[1]), TDouble.Zero);
                    var s2 = TDouble.AddExactProduct(w2, TDouble.Create(vector[2]), TDouble.Zero);
                    var s3 = TDouble.AddExactProduct(w3, TDouble.Create(vector[3]), TDouble.Zero);
                    s0 = TDouble.AddExactProduct(w4, TDouble.Create(vector[4]), s0);
                    s1 = TDouble.AddExactProduct(w5, TDouble.Create(vector[5]), s1);
                    s2 = TDouble.AddExactProduct(w6, TDouble.Create(vector[6]), s2);
                    s3 = TDouble.AddExactProduct(w7, TDouble.Create(vector[7]), s3);
                    Deliver(TDouble.Add(TDouble.Add(TDouble.Add(s0, s2), TDouble.Add(s1, s3)), bias), target, add);
                }

                continue;
            }

            for (var frame = 0; frame < frames; frame++, vector += table.PaddedInputs, target += stride)
            {
                Deliver(TDouble.Add(ProjectByColumns(columns, stride, vector, table.PaddedInputs), bias), target, add);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Deliver(TDouble value, float* target, bool add)
    {
        if (add)
        {
            TDouble.NarrowAndAdd(value, target);
        }
        else
        {
            TDouble.Narrow(value, target);
        }
    }

    /// <summary>Frames are in binary64 already, so that only the weights are widened on the way.</summary>
    private static void ProjectByRows(ProjectionTable table, double* frames, int count, double* products)
    {
        nint padded = table.PaddedInputs, stride = table.PaddedOutputs;
        var frame = 0;
        for (; TDouble.HasManyRegisters && frame + 8 <= count; frame += 8)
        {
            var output = 0;
            for (; output + 2 <= table.Outputs; output += 2)
            {
                TwoRowsEightFrames(table.Weights + (output * padded), padded, frames + (frame * padded), products + (frame * stride) + output, stride);
            }

            for (var last = frame; output < table.Outputs && last < frame + 8; last++)
            {
                One(table.Weights + (output * padded), padded, frames + (last * padded), products + (last * stride) + output);
            }
        }

        for (; frame < count; frame++)
        {
            var output = 0;
            for (; output + 4 <= table.Outputs; output += 4)
            {
                FourRows(table.Weights + (output * padded), padded, frames + (frame * padded), products + (frame * stride) + output);
            }

            for (; output < table.Outputs; output++)
            {
                One(table.Weights + (output * padded), padded, frames + (frame * padded), products + (frame * stride) + output);
            }
        }
    }

    [MethodImpl(Jit.Kernel)]
    private static void TwoRowsEightFrames(float* row, nint padded, double* frames, double* products, nint stride)
    {
        TDouble a0 = TDouble.Zero, b0 = a0, c0 = a0, d0 = a0, e0 = a0, f0 = a0, g0 = a0, h0 = a0;
        TDouble a1 = a0, b1 = a0, c1 = a0, d1 = a0, e1 = a0, f1 = a0, g1 = a0, h1 = a0;
        for (nint i = 0; i < padded; i += Lanes)
        {
            TDouble w0 = TDouble.Widen(row + i), w1 = TDouble.Widen(row + padded + i);
            var frame = frames + i;
            var value = TDouble.Load(frame);
            a0 = TDouble.AddExactProduct(w0, value, a0);
            a1 = TDouble.AddExactProduct(w1, value, a1);
            value = TDouble.Load(frame + padded);
            b0 = TDouble.AddExactProduct(w0, value, b0);
            b1 = TDouble.AddExactProduct(w1, value, b1);
            value = TDouble.Load(frame + (2 * padded));
            c0 = TDouble.AddExactProduct(w0, value, c0);
            c1 = TDouble.AddExactProduct(w1, value, c1);
            value = TDouble.Load(frame + (3 * padded));
            d0 = TDouble.AddExactProduct(w0, value, d0);
            d1 = TDouble.AddExactProduct(w1, value, d1);
            value = TDouble.Load(frame + (4 * padded));
            e0 = TDouble.AddExactProduct(w0, value, e0);
            e1 = TDouble.AddExactProduct(w1, value, e1);
            value = TDouble.Load(frame + (5 * padded));
            f0 = TDouble.AddExactProduct(w0, value, f0);
            f1 = TDouble.AddExactProduct(w1, value, f1);
            value = TDouble.Load(frame + (6 * padded));
            g0 = TDouble.AddExactProduct(w0, value, g0);
            g1 = TDouble.AddExactProduct(w1, value, g1);
            value = TDouble.Load(frame + (7 * padded));
            h0 = TDouble.AddExactProduct(w0, value, h0);
            h1 = TDouble.AddExactProduct(w1, value, h1);
        }

        Store(a0, a1, products);
        Store(b0, b1, products + stride);
        Store(c0, c1, products + (2 * stride));
        Store(d0, d1, products + (3 * stride));
        Store(e0, e1, products + (4 * stride));
        Store(f0, f1, products + (5 * stride));
        Store(g0, g1, products + (6 * stride));
        Store(h0, h1, products + (7 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TDouble first, TDouble second, double* products)
    {
        products[0] = TDouble.Sum(first);
        products[1] = TDouble.Sum(second);
    }

    [MethodImpl(Jit.Kernel)]
    private static void FourRows(float* row, nint padded, double* frame, double* products)
    {
        TDouble a = TDouble.Zero, b = a, c = a, d = a;
        for (nint i = 0; i < padded; i += Lanes)
        {
            var value = TDouble.Load(frame + i);
            a = TDouble.AddExactProduct(TDouble.Widen(row + i), value, a);
            b = TDouble.AddExactProduct(TDouble.Widen(row + padded + i), value, b);
            c = TDouble.AddExactProduct(TDouble.Widen(row + (2 * padded) + i), value, c);
            d = TDouble.AddExactProduct(TDouble.Widen(row + (3 * padded) + i), value, d);
        }

        Store(a, b, products);
        Store(c, d, products + 2);
    }

    [MethodImpl(Jit.Kernel)]
    private static void One(float* row, nint padded, double* frame, double* products)
    {
        var sum = TDouble.Zero;
        for (nint i = 0; i < padded; i += Lanes)
        {
            sum = TDouble.AddExactProduct(TDouble.Widen(row + i), TDouble.Load(frame + i), sum);
        }

        *products = TDouble.Sum(sum);
    }

    private static void Widen(float* source, int length, double* destination)
    {
        for (var i = 0; i < length; i += Lanes)
        {
            TDouble.Store(TDouble.Widen(source + i), destination + i);
        }
    }
}
