using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// W x + b in float32, in one order of fused multiply-adds, which makes the same bits at any width and in any batch.
/// <para>
/// The inputs are taken in runs of eight (the last may be shorter). Run q belongs to chain q mod 4, which adds its products by fused
/// multiply-adds, input by input. Chain 0 starts at the bias, the others at zero; then the chains that have inputs are added in float32:
/// ((s0 + s1) + s2) + s3. So eight inputs (DAC, SNAC) are one chain, and for many of them four chains are under way at once.
/// </para>
/// </summary>
internal abstract unsafe class Projector
{
    public const int Run = 8;
    public const int Chains = 4;

    /// <summary>The rows that share what is read of the weights.</summary>
    public const int RowsAtOnce = 48;

    public const int MostOutputsAtOnce = 2 * PanelLayout.PanelSize;

    /// <summary>So few vectors are multiplied one by one.</summary>
    public const int FewRows = 2;

    /// <summary>The outputs for which <see cref="ProjectPanels"/> is called best: one panel or two.</summary>
    public abstract int OutputsAtOnce { get; }

    /// <summary>Projects vectors that lie <paramref name="sourceStride"/> apart; otherwise as the other form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Project(
        ProjectionTable table, int outputs, float* vectors, nint sourceStride, int count, float* destination, nint stride, bool add = false)
    {
        var rows = stackalloc float*[RowsAtOnce];
        for (var first = 0; first < count; first += RowsAtOnce)
        {
            var some = Math.Min(RowsAtOnce, count - first);
            for (var i = 0; i < some; i++)
            {
                rows[i] = vectors + ((first + i) * sourceStride);
            }

            Project(table, outputs, rows, 1, some, destination + (first * stride), stride, add);
        }
    }

    /// <summary>Projects vectors, or adds what becomes of them to what is there.</summary>
    /// <param name="table">W and b.</param>
    /// <param name="outputs">How many of the outputs, a multiple of eight up to the padded ones; beyond the last there are zeros in the
    /// end.</param>
    /// <param name="rows">Vector f of table.Inputs values is at rows[f × <paramref name="step"/>].</param>
    /// <param name="step">The distance between two pointers.</param>
    /// <param name="count">The number of vectors.</param>
    /// <param name="destination">[count, outputs], none of the vectors.</param>
    /// <param name="stride">The distance between two of its rows.</param>
    /// <param name="add">Whether to add to what is there.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Project(ProjectionTable table, int outputs, float** rows, nint step, int count, float* destination, nint stride, bool add)
    {
        for (var first = 0; first < count; first += RowsAtOnce, rows += RowsAtOnce * step, destination += RowsAtOnce * stride)
        {
            var some = Math.Min(RowsAtOnce, count - first);
            for (int output = 0, width; output < outputs; output += width)
            {
                width = some <= FewRows ? outputs : Math.Min(OutputsAtOnce, outputs - output);
                var to = destination + output;
                ProjectPanels(table, output, width, rows, step, some, add ? to : null, to, stride);
            }

            // Zeros already, unless a vector that overflowed met them: 0 × ∞ would spoil every sum that passes the padding.
            for (var i = 0; i < some && outputs > table.Outputs; i++)
            {
                new Span<float>(destination + (i * stride) + table.Outputs, outputs - table.Outputs).Clear();
            }
        }
    }

    /// <summary>destination = augend + W x + b for some of the outputs.</summary>
    /// <param name="table">W and b.</param>
    /// <param name="output">The first of the outputs, a multiple of sixteen.</param>
    /// <param name="width">Their number, a multiple of eight, at most <see cref="OutputsAtOnce"/> unless vectors are few.</param>
    /// <param name="rows">Vector f is at rows[f × <paramref name="step"/>].</param>
    /// <param name="step">The distance between two pointers.</param>
    /// <param name="count">The number of vectors, at most <see cref="RowsAtOnce"/>.</param>
    /// <param name="augend">[count, width], rows as far apart as those of the destination, which it may be; or null for zero.</param>
    /// <param name="destination">[count, width].</param>
    /// <param name="stride">The distance between two of its rows.</param>
    public abstract void ProjectPanels(
        ProjectionTable table, int output, int width, float** rows, nint step, int count, float* augend, float* destination, nint stride);
}
