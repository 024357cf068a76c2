using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// W x + b in float32, in one order of fused multiply-adds, which makes the same bits at any width and in any batch.
/// <para>
/// The inputs are split into runs of eight (the last may be shorter). Run q belongs to chain q mod 4, which accumulates its products by
/// fused multiply-adds, input by input. Chain 0 starts at the bias, the others at zero; then the chains that have inputs are added in
/// float32: ((s0 + s1) + s2) + s3. So eight inputs (DAC, SNAC) are one chain, and of more inputs four chains can be computed at the same
/// time.
/// </para>
/// </summary>
internal abstract unsafe class Projector
{
    public const int Run = 8;
    public const int Chains = 4;

    /// <summary>The most vectors that one read of a panel of weights is used for.</summary>
    public const int RowsAtOnce = 48;

    /// <summary>The largest <see cref="OutputsAtOnce"/> of any projector.</summary>
    public const int MaxOutputsAtOnce = 2 * PanelLayout.PanelSize;

    /// <summary>Up to this many vectors are projected one by one.</summary>
    public const int FewRows = 2;

    /// <summary>The most stages of <see cref="SumStages"/>, which keeps pointers for each on the stack.</summary>
    public const int MostSummedStages = 256;

    /// <summary>The frames of a tile of <see cref="SumStages"/>.</summary>
    public const int RunsAtOnce = 3;

    /// <summary>
    /// The outputs of <see cref="SumStages"/> whose weights stay in L1 (18 KB of DAC's nine stages), and which fill whole cache lines of
    /// neighbouring memory: panel by panel, 64 bytes of every row, it takes 15 to 25 % longer to write frames that are not in a cache.
    /// </summary>
    public const int SumsAtOnce = 4 * PanelLayout.PanelSize;

    /// <summary>The best width for <see cref="ProjectPanels"/>: one panel or two.</summary>
    public abstract int OutputsAtOnce { get; }

    /// <summary>Projects vectors <paramref name="sourceStride"/> apart; otherwise as the overload with pointers.</summary>
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

    /// <summary>Writes the projections of vectors, or adds them to the destination.</summary>
    /// <param name="table">W and b.</param>
    /// <param name="outputs">The number of outputs that are wanted, a multiple of eight up to the padded ones; padding becomes
    /// zeros.</param>
    /// <param name="rows">Vector f of table.Inputs values is at rows[f × <paramref name="step"/>].</param>
    /// <param name="step">The distance between two pointers.</param>
    /// <param name="count">The number of vectors.</param>
    /// <param name="destination">[count, outputs], none of the vectors.</param>
    /// <param name="stride">The distance between two of its rows.</param>
    /// <param name="add">Whether to add to the destination.</param>
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

            // Zeros already, unless a vector has overflowed: 0 × ∞ would make every sum over the padding NaN.
            for (var i = 0; i < some && outputs > table.Outputs; i++)
            {
                new Span<float>(destination + (i * stride) + table.Outputs, outputs - table.Outputs).Clear();
            }
        }
    }

    /// <summary>destination = augend + (W x + b) for some of the outputs.</summary>
    /// <param name="table">W and b.</param>
    /// <param name="output">The first of the outputs, a multiple of sixteen.</param>
    /// <param name="width">The number of these outputs, a multiple of eight; at most <see cref="OutputsAtOnce"/> for more than
    /// <see cref="FewRows"/> vectors.</param>
    /// <param name="rows">Vector f is at rows[f × <paramref name="step"/>].</param>
    /// <param name="step">The distance between two pointers.</param>
    /// <param name="count">The number of vectors, at most <see cref="RowsAtOnce"/>.</param>
    /// <param name="augend">[count, width] with the destination's stride; the destination itself, or null for zero.</param>
    /// <param name="destination">[count, width].</param>
    /// <param name="stride">The distance between two of its rows.</param>
    public abstract void ProjectPanels(
        ProjectionTable table, int output, int width, float** rows, nint step, int count, float* augend, float* destination, nint stride);

    /// <summary>
    /// The sums over stages, in their order, of W x + b for some of the outputs, where all have <see cref="Run"/> inputs.
    /// </summary>
    /// <param name="tables">W and b of each stage, at most <see cref="MostSummedStages"/>.</param>
    /// <param name="output">The first of the outputs, a multiple of sixteen.</param>
    /// <param name="outputs">The number of these outputs, a multiple of sixteen; <see cref="SumsAtOnce"/> is best.</param>
    /// <param name="vectors">[stages, <see cref="WholeTiles"/> of frames, 8]; the last frame is repeated.</param>
    /// <param name="frames">The number of frames.</param>
    /// <param name="destination">[frames, outputs].</param>
    /// <param name="stride">The distance between two of its rows.</param>
    public abstract void SumStages(
        ReadOnlySpan<ProjectionTable> tables, int output, int outputs, float* vectors, int frames, float* destination, nint stride);

    /// <summary>So many frames and those that fill the last tile of <see cref="SumStages"/>.</summary>
    public static int WholeTiles(int frames) => (frames + RunsAtOnce - 1) / RunsAtOnce * RunsAtOnce;
}
