using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>The binary64 work, in the definition's order at any width.</summary>
internal abstract unsafe class LaneKernel<TDouble> : Kernel
    where TDouble : struct, IDoubleLanes<TDouble>
{
    private const int Lanes = Definition.Lanes;

    public sealed override void Project(ProjectionTable table, float* vectors, int stride, int frames, double* products)
    {
        if (table.IsByColumns)
        {
            for (var frame = 0; frame < frames; frame++)
            {
                ProjectByColumns(table, vectors + ((nint)frame * stride), products + ((nint)frame * table.PaddedOutputs));
            }

            return;
        }

        var weights = table.Weights;
        var padded = table.PaddedInputs;
        for (var frame = 0; frame < frames; frame++)
        {
            new Span<double>(products + ((nint)frame * table.PaddedOutputs) + table.Outputs, table.PaddedOutputs - table.Outputs).Clear();
        }

        for (var output = 0; output < table.Outputs;)
        {
            var row = weights + ((nint)output * padded);
            var rows = table.Outputs - output >= 4 ? 4 : 1;
            var frame = 0;
            for (; rows == 4 && frame + 2 <= frames; frame += 2)
            {
                FourRowsTwoFrames(
                    row, padded, vectors + ((nint)frame * stride), stride, products + ((nint)frame * table.PaddedOutputs) + output, table.PaddedOutputs);
            }

            for (; frame < frames; frame++)
            {
                var vector = vectors + ((nint)frame * stride);
                var product = products + ((nint)frame * table.PaddedOutputs) + output;
                if (rows == 4)
                {
                    FourRows(row, padded, vector, product);
                }
                else
                {
                    *product = Definition.Dot<TDouble>(row, vector, padded);
                }
            }

            output += rows;
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

    public sealed override void Couple(double* coupling, float* codeword, int codeDimensions, int paddedOutputs, double* change)
    {
        for (var output = 0; output < paddedOutputs; output += Lanes)
        {
            var sum = TDouble.Load(coupling + output);
            for (var i = 0; i < codeDimensions; i++)
            {
                sum = TDouble.Add(sum, TDouble.Multiply(TDouble.Load(coupling + ((nint)(i + 1) * paddedOutputs) + output), TDouble.Create(codeword[i])));
            }

            TDouble.Store(sum, change + output);
        }
    }

    /// <summary>The eight sums of the definition, for eight outputs at once.</summary>
    [MethodImpl(Jit.Kernel)]
    private static void ProjectByColumns(ProjectionTable table, float* vector, double* products)
    {
        for (var output = 0; output < table.PaddedOutputs; output += Lanes)
        {
            TDouble s0 = TDouble.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
            for (var i = 0; i < table.Inputs; i += Lanes)
            {
                var column = table.Weights + ((nint)i * table.PaddedOutputs) + output;
                var left = table.Inputs - i;
                s0 = Add(s0, column, 0, table.PaddedOutputs, vector + i);
                s1 = left > 1 ? Add(s1, column, 1, table.PaddedOutputs, vector + i) : s1;
                s2 = left > 2 ? Add(s2, column, 2, table.PaddedOutputs, vector + i) : s2;
                s3 = left > 3 ? Add(s3, column, 3, table.PaddedOutputs, vector + i) : s3;
                s4 = left > 4 ? Add(s4, column, 4, table.PaddedOutputs, vector + i) : s4;
                s5 = left > 5 ? Add(s5, column, 5, table.PaddedOutputs, vector + i) : s5;
                s6 = left > 6 ? Add(s6, column, 6, table.PaddedOutputs, vector + i) : s6;
                s7 = left > 7 ? Add(s7, column, 7, table.PaddedOutputs, vector + i) : s7;
            }

            var even = TDouble.Add(TDouble.Add(s0, s4), TDouble.Add(s2, s6));
            var odd = TDouble.Add(TDouble.Add(s1, s5), TDouble.Add(s3, s7));
            TDouble.Store(TDouble.Add(even, odd), products + output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TDouble Add(TDouble sum, float* columns, int index, int paddedOutputs, float* vector)
        => TDouble.AddExactProduct(TDouble.Widen(columns + ((nint)index * paddedOutputs)), TDouble.Create(vector[index]), sum);

    [MethodImpl(Jit.Kernel)]
    private static void FourRowsTwoFrames(float* row, nint padded, float* vector, nint stride, double* products, nint productStride)
    {
        TDouble a0 = TDouble.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (nint i = 0; i < padded; i += Lanes)
        {
            var a = TDouble.Widen(vector + i);
            var b = TDouble.Widen(vector + stride + i);
            var weights = TDouble.Widen(row + i);
            a0 = TDouble.AddExactProduct(weights, a, a0);
            b0 = TDouble.AddExactProduct(weights, b, b0);
            weights = TDouble.Widen(row + padded + i);
            a1 = TDouble.AddExactProduct(weights, a, a1);
            b1 = TDouble.AddExactProduct(weights, b, b1);
            weights = TDouble.Widen(row + (2 * padded) + i);
            a2 = TDouble.AddExactProduct(weights, a, a2);
            b2 = TDouble.AddExactProduct(weights, b, b2);
            weights = TDouble.Widen(row + (3 * padded) + i);
            a3 = TDouble.AddExactProduct(weights, a, a3);
            b3 = TDouble.AddExactProduct(weights, b, b3);
        }

        products[0] = TDouble.Sum(a0);
        products[1] = TDouble.Sum(a1);
        products[2] = TDouble.Sum(a2);
        products[3] = TDouble.Sum(a3);
        products[productStride] = TDouble.Sum(b0);
        products[productStride + 1] = TDouble.Sum(b1);
        products[productStride + 2] = TDouble.Sum(b2);
        products[productStride + 3] = TDouble.Sum(b3);
    }

    [MethodImpl(Jit.Kernel)]
    private static void FourRows(float* row, nint padded, float* vector, double* products)
    {
        TDouble a0 = TDouble.Zero, a1 = a0, a2 = a0, a3 = a0;
        for (nint i = 0; i < padded; i += Lanes)
        {
            var a = TDouble.Widen(vector + i);
            a0 = TDouble.AddExactProduct(TDouble.Widen(row + i), a, a0);
            a1 = TDouble.AddExactProduct(TDouble.Widen(row + padded + i), a, a1);
            a2 = TDouble.AddExactProduct(TDouble.Widen(row + (2 * padded) + i), a, a2);
            a3 = TDouble.AddExactProduct(TDouble.Widen(row + (3 * padded) + i), a, a3);
        }

        products[0] = TDouble.Sum(a0);
        products[1] = TDouble.Sum(a1);
        products[2] = TDouble.Sum(a2);
        products[3] = TDouble.Sum(a3);
    }
}
