using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>The binary64 work, in the definition's order at any width.</summary>
internal abstract unsafe class LaneKernel<TDouble> : Kernel
    where TDouble : struct, IDoubleLanes<TDouble>
{
    private const int Lanes = Definition.Lanes;
    private const int FramesAtOnce = 8;

    // Three sums wait for their equals at most, each of sixteen outputs and eight frames, and one is being added.
    private const int PartialSums = 4 * 16 * Lanes;

    public sealed override void Project(ProjectionTable table, float* vectors, int stride, int frames, double* products, SearchScratch scratch)
    {
        nint inputs = table.PaddedInputs, outputs = table.PaddedOutputs;
        var widened = scratch.Widened(checked(FramesAtOnce * table.PaddedInputs));
        var partial = scratch.Products(PartialSums);
        for (int first = 0, count; first < frames; first += count, products += count * outputs)
        {
            count = Math.Min(FramesAtOnce, frames - first);
            for (nint frame = 0; frame < count; frame++)
            {
                Widen(vectors + ((first + frame) * stride), inputs, widened + (frame * inputs));
            }

            nint output = 0;
            for (; TDouble.HasManyRegisters && count == FramesAtOnce && output + (2 * Lanes) <= outputs; output += 2 * Lanes)
            {
                TwoPanelsEightFrames(table.Panel(output), inputs, widened, products + output, outputs, partial);
            }

            for (; output < outputs; output += Lanes)
            {
                nint frame = 0;
                for (; frame + 4 <= count; frame += 4)
                {
                    FourFrames(table.Panel(output), inputs, widened + (frame * inputs), products + (frame * outputs) + output, outputs, partial);
                }

                for (; frame < count; frame++)
                {
                    OneFrame(table.Panel(output), inputs, widened + (frame * inputs), products + (frame * outputs) + output);
                }
            }

            // Zeros already, unless a vector that overflowed met them: 0 × ∞ would spoil every sum that passes the padding.
            for (nint frame = 0; frame < count; frame++)
            {
                new Span<double>(products + (frame * outputs) + table.Outputs, table.PaddedOutputs - table.Outputs).Clear();
            }
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

    [MethodImpl(Jit.Kernel)]
    public sealed override void Expand(Expansion* stages, int count, nint outputs, int frames, float* sums, float* destination)
    {
        nint atOnce = Expansion.OutputsAtOnce(frames);
        for (nint first = 0; first < outputs; first += atOnce)
        {
            var end = Math.Min(first + atOnce, outputs);
            for (var stage = stages; stage < stages + count; stage++)
            {
                if (stage->Panels != null && stage->Length == Lanes)
                {
                    ExpandEight(stage, first, end, frames, sums, stage > stages);
                }
                else
                {
                    ExpandAny(stage, first, end, frames, sums, stage > stages);
                }
            }

            var row = destination + first;
            for (nint frame = 0; frame < frames; frame++, row += outputs)
            {
                for (nint output = 0; output < end - first; output += Lanes)
                {
                    Rows.CopyEight(sums + (output * frames) + (frame * Lanes), row + output);
                }
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

    /// <summary>The usual case (DAC, SNAC): a panel of eight inputs stays in registers while the codewords pass.</summary>
    [MethodImpl(Jit.Kernel)]
    private static void ExpandEight(Expansion* stage, nint first, nint last, int frames, float* sum, bool add)
    {
        var stride = stage->Stride;
        for (var output = first; output < last; output += Lanes)
        {
            var panel = stage->Panels + (output * Lanes);
            TDouble w0 = TDouble.Widen(panel), w1 = TDouble.Widen(panel + 8), w2 = TDouble.Widen(panel + 16), w3 = TDouble.Widen(panel + 24);
            TDouble w4 = TDouble.Widen(panel + 32), w5 = TDouble.Widen(panel + 40), w6 = TDouble.Widen(panel + 48), w7 = TDouble.Widen(panel + 56);
            var bias = TDouble.Widen(stage->Bias + output);
            var codeword = stage->Codewords;
            var end = sum + ((nint)frames * Lanes);
            for (; sum < end; codeword += Lanes)
            {
                var s0 = TDouble.AddExactProduct(w0, TDouble.Create(codeword[0]), TDouble.Zero);
                var s1 = TDouble.AddExactProduct(w1, TDouble.Create(codeword[1]), TDouble.Zero);
                var s2 = TDouble.AddExactProduct(w2, TDouble.Create(codeword[2]), TDouble.Zero);
                var s3 = TDouble.AddExactProduct(w3, TDouble.Create(codeword[3]), TDouble.Zero);
                s0 = TDouble.AddExactProduct(w4, TDouble.Create(codeword[4]), s0);
                s1 = TDouble.AddExactProduct(w5, TDouble.Create(codeword[5]), s1);
                s2 = TDouble.AddExactProduct(w6, TDouble.Create(codeword[6]), s2);
                s3 = TDouble.AddExactProduct(w7, TDouble.Create(codeword[7]), s3);
                var value = TDouble.Add(TDouble.Add(TDouble.Add(s0, s2), TDouble.Add(s1, s3)), bias);
                for (var shared = 0; shared < stride; shared++, sum += Lanes)
                {
                    Deliver(value, sum, add);
                }
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

    [MethodImpl(Jit.Kernel)]
    private static void ExpandAny(Expansion* stage, nint first, nint last, int frames, float* sum, bool add)
    {
        for (var output = first; output < last; output += Lanes)
        {
            var codeword = stage->Codewords;
            for (var end = sum + ((nint)frames * Lanes); sum < end; codeword += stage->Length)
            {
                var value = stage->Panels == null
                    ? TDouble.Load(codeword + output)
                    : TDouble.Add(EightSums(stage->Panels + (output * stage->Length), stage->Length, codeword), TDouble.Widen(stage->Bias + output));
                for (var shared = 0; shared < stage->Stride; shared++, sum += Lanes)
                {
                    Deliver(value, sum, add);
                }
            }
        }
    }

    /// <summary>⟨w, v⟩ for eight outputs at once, the eight sums of the definition side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TDouble EightSums(float* panel, nint inputs, double* vector)
    {
        TDouble s0 = TDouble.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        for (nint i = 0; i < inputs; i += Lanes, vector += Lanes, panel += Lanes * Lanes)
        {
            s0 = TDouble.AddExactProduct(TDouble.Widen(panel), TDouble.Create(vector[0]), s0);
            s1 = TDouble.AddExactProduct(TDouble.Widen(panel + 8), TDouble.Create(vector[1]), s1);
            s2 = TDouble.AddExactProduct(TDouble.Widen(panel + 16), TDouble.Create(vector[2]), s2);
            s3 = TDouble.AddExactProduct(TDouble.Widen(panel + 24), TDouble.Create(vector[3]), s3);
            s4 = TDouble.AddExactProduct(TDouble.Widen(panel + 32), TDouble.Create(vector[4]), s4);
            s5 = TDouble.AddExactProduct(TDouble.Widen(panel + 40), TDouble.Create(vector[5]), s5);
            s6 = TDouble.AddExactProduct(TDouble.Widen(panel + 48), TDouble.Create(vector[6]), s6);
            s7 = TDouble.AddExactProduct(TDouble.Widen(panel + 56), TDouble.Create(vector[7]), s7);
        }

        var even = TDouble.Add(TDouble.Add(s0, s4), TDouble.Add(s2, s6));
        var odd = TDouble.Add(TDouble.Add(s1, s5), TDouble.Add(s3, s7));
        return TDouble.Add(even, odd);
    }

    [MethodImpl(Jit.Kernel)]
    private static void OneFrame(float* panel, nint inputs, double* frame, double* products) => TDouble.Store(EightSums(panel, inputs, frame), products);

    /// <summary>
    /// Products of eight outputs with four frames. The definition's eight sums are made one after the other, so that frames share what is read of the
    /// weights and all sums stay in registers. In bit-reversed order (0, 4, 2, 6, 1, 5, 3, 7) a sum joins those before it whenever it completes a pair
    /// of equals, as a carry ripples: that is ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)).
    /// </summary>
    /// <param name="panel">The weights, [inputs, 8].</param>
    /// <param name="inputs">A multiple of eight.</param>
    /// <param name="frames">[4, inputs].</param>
    /// <param name="products">Eight to each frame, <paramref name="stride"/> apart.</param>
    /// <param name="stride">The distance between the products of two frames.</param>
    /// <param name="partial">Room for sums that wait for their equals.</param>
    [MethodImpl(Jit.Kernel)]
    private static void FourFrames(float* panel, nint inputs, double* frames, double* products, nint stride, double* partial)
    {
        const int Size = 4 * Lanes;
        var waiting = partial;
        for (var n = 0; n < Lanes; n++, waiting += Size)
        {
            TDouble a = TDouble.Zero, b = a, c = a, d = a;
            nint first = ((n & 1) << 2) | (n & 2) | (n >> 2);
            if (TDouble.HasManyRegisters)
            {
                // With its equal, sum first + 4, beside it: four sums alone would wait for each other.
                TDouble e = a, f = a, g = a, h = a;
                for (var i = first; i < inputs; i += Lanes)
                {
                    TDouble weight = TDouble.Widen(panel + (i * Lanes)), equal = TDouble.Widen(panel + ((i + 4) * Lanes));
                    var frame = frames + i;
                    a = TDouble.AddExactProduct(weight, TDouble.Create(*frame), a);
                    e = TDouble.AddExactProduct(equal, TDouble.Create(frame[4]), e);
                    frame += inputs;
                    b = TDouble.AddExactProduct(weight, TDouble.Create(*frame), b);
                    f = TDouble.AddExactProduct(equal, TDouble.Create(frame[4]), f);
                    frame += inputs;
                    c = TDouble.AddExactProduct(weight, TDouble.Create(*frame), c);
                    g = TDouble.AddExactProduct(equal, TDouble.Create(frame[4]), g);
                    frame += inputs;
                    d = TDouble.AddExactProduct(weight, TDouble.Create(*frame), d);
                    h = TDouble.AddExactProduct(equal, TDouble.Create(frame[4]), h);
                }

                (a, b, c, d) = (TDouble.Add(a, e), TDouble.Add(b, f), TDouble.Add(c, g), TDouble.Add(d, h));
                n++;
            }
            else
            {
                for (var i = first; i < inputs; i += Lanes)
                {
                    var weight = TDouble.Widen(panel + (i * Lanes));
                    var frame = frames + i;
                    a = TDouble.AddExactProduct(weight, TDouble.Create(*frame), a);
                    b = TDouble.AddExactProduct(weight, TDouble.Create(frame[inputs]), b);
                    c = TDouble.AddExactProduct(weight, TDouble.Create(frame[2 * inputs]), c);
                    d = TDouble.AddExactProduct(weight, TDouble.Create(frame[3 * inputs]), d);
                }
            }

            for (var carry = TDouble.HasManyRegisters ? n >> 1 : n; (carry & 1) != 0; carry >>= 1)
            {
                waiting -= Size;
                a = TDouble.Add(TDouble.Load(waiting), a);
                b = TDouble.Add(TDouble.Load(waiting + 8), b);
                c = TDouble.Add(TDouble.Load(waiting + 16), c);
                d = TDouble.Add(TDouble.Load(waiting + 24), d);
            }

            TDouble.Store(a, waiting);
            TDouble.Store(b, waiting + 8);
            TDouble.Store(c, waiting + 16);
            TDouble.Store(d, waiting + 24);
        }

        for (var frame = 0; frame < 4; frame++, products += stride, partial += Lanes)
        {
            TDouble.Store(TDouble.Load(partial), products);
        }
    }

    /// <summary>As <see cref="FourFrames"/>, for sixteen outputs and eight frames.</summary>
    [MethodImpl(Jit.Kernel)]
    private static void TwoPanelsEightFrames(float* panel, nint inputs, double* frames, double* products, nint stride, double* partial)
    {
        const int Size = 16 * Lanes;
        var waiting = partial;
        for (var n = 0; n < Lanes; n++, waiting += Size)
        {
            TDouble a0 = TDouble.Zero, b0 = a0, c0 = a0, d0 = a0, e0 = a0, f0 = a0, g0 = a0, h0 = a0;
            TDouble a1 = a0, b1 = a0, c1 = a0, d1 = a0, e1 = a0, f1 = a0, g1 = a0, h1 = a0;
            nint first = ((n & 1) << 2) | (n & 2) | (n >> 2);
            float* low = panel + (first * Lanes), high = low + (inputs * Lanes);
            double* frame = frames + first, end = frames + inputs;
            for (; frame < end; frame += Lanes, low += Lanes * Lanes, high += Lanes * Lanes)
            {
                TDouble w0 = TDouble.Widen(low), w1 = TDouble.Widen(high);
                var value = TDouble.Create(*frame);
                a0 = TDouble.AddExactProduct(w0, value, a0);
                a1 = TDouble.AddExactProduct(w1, value, a1);
                value = TDouble.Create(frame[inputs]);
                b0 = TDouble.AddExactProduct(w0, value, b0);
                b1 = TDouble.AddExactProduct(w1, value, b1);
                value = TDouble.Create(frame[2 * inputs]);
                c0 = TDouble.AddExactProduct(w0, value, c0);
                c1 = TDouble.AddExactProduct(w1, value, c1);
                value = TDouble.Create(frame[3 * inputs]);
                d0 = TDouble.AddExactProduct(w0, value, d0);
                d1 = TDouble.AddExactProduct(w1, value, d1);
                value = TDouble.Create(frame[4 * inputs]);
                e0 = TDouble.AddExactProduct(w0, value, e0);
                e1 = TDouble.AddExactProduct(w1, value, e1);
                value = TDouble.Create(frame[5 * inputs]);
                f0 = TDouble.AddExactProduct(w0, value, f0);
                f1 = TDouble.AddExactProduct(w1, value, f1);
                value = TDouble.Create(frame[6 * inputs]);
                g0 = TDouble.AddExactProduct(w0, value, g0);
                g1 = TDouble.AddExactProduct(w1, value, g1);
                value = TDouble.Create(frame[7 * inputs]);
                h0 = TDouble.AddExactProduct(w0, value, h0);
                h1 = TDouble.AddExactProduct(w1, value, h1);
            }

            for (var carry = n; (carry & 1) != 0; carry >>= 1)
            {
                waiting -= Size;
                a0 = TDouble.Add(TDouble.Load(waiting), a0);
                a1 = TDouble.Add(TDouble.Load(waiting + 8), a1);
                b0 = TDouble.Add(TDouble.Load(waiting + 16), b0);
                b1 = TDouble.Add(TDouble.Load(waiting + 24), b1);
                c0 = TDouble.Add(TDouble.Load(waiting + 32), c0);
                c1 = TDouble.Add(TDouble.Load(waiting + 40), c1);
                d0 = TDouble.Add(TDouble.Load(waiting + 48), d0);
                d1 = TDouble.Add(TDouble.Load(waiting + 56), d1);
                e0 = TDouble.Add(TDouble.Load(waiting + 64), e0);
                e1 = TDouble.Add(TDouble.Load(waiting + 72), e1);
                f0 = TDouble.Add(TDouble.Load(waiting + 80), f0);
                f1 = TDouble.Add(TDouble.Load(waiting + 88), f1);
                g0 = TDouble.Add(TDouble.Load(waiting + 96), g0);
                g1 = TDouble.Add(TDouble.Load(waiting + 104), g1);
                h0 = TDouble.Add(TDouble.Load(waiting + 112), h0);
                h1 = TDouble.Add(TDouble.Load(waiting + 120), h1);
            }

            TDouble.Store(a0, waiting);
            TDouble.Store(a1, waiting + 8);
            TDouble.Store(b0, waiting + 16);
            TDouble.Store(b1, waiting + 24);
            TDouble.Store(c0, waiting + 32);
            TDouble.Store(c1, waiting + 40);
            TDouble.Store(d0, waiting + 48);
            TDouble.Store(d1, waiting + 56);
            TDouble.Store(e0, waiting + 64);
            TDouble.Store(e1, waiting + 72);
            TDouble.Store(f0, waiting + 80);
            TDouble.Store(f1, waiting + 88);
            TDouble.Store(g0, waiting + 96);
            TDouble.Store(g1, waiting + 104);
            TDouble.Store(h0, waiting + 112);
            TDouble.Store(h1, waiting + 120);
        }

        for (var frame = 0; frame < 8; frame++, products += stride, partial += 2 * Lanes)
        {
            TDouble.Store(TDouble.Load(partial), products);
            TDouble.Store(TDouble.Load(partial + 8), products + 8);
        }
    }

    private static void Widen(float* source, nint length, double* destination)
    {
        for (nint i = 0; i < length; i += Lanes)
        {
            TDouble.Store(TDouble.Widen(source + i), destination + i);
        }
    }
}
