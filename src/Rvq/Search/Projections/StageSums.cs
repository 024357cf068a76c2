using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// Sums over stages of the projections of codewords of eight values (DAC, SNAC). A tile of three frames × one panel of outputs stays in
/// registers over all stages: the products of a stage, unrolled, and the sums of the stages before.
/// </summary>
internal static unsafe class StageSums<T>
    where T : struct, IFusedLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Run = Projector.Run;
    private const int Tile = Projector.RunsAtOnce;

    /// <summary>Sums some outputs of all frames.</summary>
    /// <param name="tables">W and b of the stages, of eight inputs.</param>
    /// <param name="output">The first of the outputs, a multiple of sixteen.</param>
    /// <param name="outputs">The number of these outputs, a multiple of sixteen.</param>
    /// <param name="vectors">[stages, frames up to whole tiles, 8]; the last frame is repeated.</param>
    /// <param name="frames">The number of frames.</param>
    /// <param name="destination">Receives the sums, [frames, outputs].</param>
    /// <param name="stride">The distance between two of its rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Sum(
        ReadOnlySpan<ProjectionTable> tables, int output, int outputs, float* vectors, int frames, float* destination, nint stride)
    {
        float** weights = stackalloc float*[tables.Length], biases = stackalloc float*[tables.Length];
        for (var m = 0; m < tables.Length; m++)
        {
            weights[m] = tables[m].Weights(output);
            biases[m] = tables[m].Bias(output);
        }

        nint stageLength = Projector.WholeTiles(frames) * Run;
        for (; frames > 0; frames -= Tile, vectors += Tile * Run, destination += Tile * stride)
        {
            // What is missing in the last tile is written to the last frame, whose values it repeats.
            var second = destination + (frames > 1 ? stride : 0);
            var third = second + (frames > 2 ? stride : 0);
            SumTile(weights, biases, tables.Length, outputs, vectors, stageLength, destination, second, third);
            CacheLines.Prefetch(destination + outputs, outputs * sizeof(float));
            CacheLines.Prefetch(second + outputs, outputs * sizeof(float));
            CacheLines.Prefetch(third + outputs, outputs * sizeof(float));
        }
    }

    /// <summary>Sums start at −0, which leaves the first stage's product as it is.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static void SumTile(
        float** weights, float** biases, nint stages, nint outputs, float* vectors, nint stageLength, float* first, float* second,
        float* third)
    {
        for (nint at = 0; at < outputs; at += Panel)
        {
            T a = T.Create(-0f), b = a, c = a;
            var run = vectors;
            for (nint m = 0; m < stages; m++, run += stageLength)
            {
                var panel = weights[m] + (at * Run);
                T x = T.Load(biases[m] + at), y = x, z = x;
                Accumulate(panel, run, 0, ref x, ref y, ref z);
                Accumulate(panel, run, 1, ref x, ref y, ref z);
                Accumulate(panel, run, 2, ref x, ref y, ref z);
                Accumulate(panel, run, 3, ref x, ref y, ref z);
                Accumulate(panel, run, 4, ref x, ref y, ref z);
                Accumulate(panel, run, 5, ref x, ref y, ref z);
                Accumulate(panel, run, 6, ref x, ref y, ref z);
                Accumulate(panel, run, 7, ref x, ref y, ref z);
                (a, b, c) = (T.Add(a, x), T.Add(b, y), T.Add(c, z));
            }

            T.Store(a, first + at);
            T.Store(b, second + at);
            T.Store(c, third + at);
        }
    }

    /// <summary>One input of three codewords times one row of sixteen weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(float* weights, float* vectors, nint i, ref T a, ref T b, ref T c)
    {
        var row = T.Load(weights + (i * Panel));
        a = T.FusedMultiplyAdd(row, T.Create(vectors[i]), a);
        b = T.FusedMultiplyAdd(row, T.Create(vectors[i + Run]), b);
        c = T.FusedMultiplyAdd(row, T.Create(vectors[i + (2 * Run)]), c);
    }
}
