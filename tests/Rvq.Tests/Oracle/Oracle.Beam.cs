using System.Runtime.InteropServices;

namespace Rvq.Tests;

/// <summary>The codes of a beam search, for models of plain Euclidean stages with projections around their stacks or none.</summary>
internal static partial class Oracle
{
    private static readonly Comparer<int[]> Lexicographic = Comparer<int[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    /// <summary>Codes [T, N] of a beam of more than one.</summary>
    public static int[] Encode(RvqModel model, float[] frames, int beamWidth)
    {
        var stacks = model.Stacks.ToArray();
        return [.. frames.Chunk(model.Dimensions).SelectMany(frame => stacks.SelectMany(stack => Best(stack, frame, beamWidth)[0].Codes))];
    }

    /// <summary>
    /// The best stacks of codes [T, count, N] of every frame and their errors [T, count]: of each stack by error and codes; joined one
    /// stack after the other, all pairs by sum, earlier place and later place.
    /// </summary>
    public static (int[] Codes, float[] Errors) EncodeBest(RvqModel model, float[] frames, int count, int beamWidth)
    {
        var (codes, errors) = (new List<int>(), new List<float>());
        foreach (var frame in frames.Chunk(model.Dimensions))
        {
            List<(double Error, int[] Codes)> best = [(0, [])];
            foreach (var stack in model.Stacks)
            {
                var own = Best(stack, frame, Math.Max(count, beamWidth));
                var pairs = best.SelectMany(a => own.Select(b => (Error: a.Error + b.Error, Codes: (int[])[.. a.Codes, .. b.Codes])));
                best = [.. pairs.OrderBy(pair => pair.Error).Take(count)]; // a stable sort
            }

            codes.AddRange(best.SelectMany(stack => stack.Codes));
            errors.AddRange(best.Select(stack => (float)stack.Error));
        }

        return ([.. codes], [.. errors]);
    }

    /// <summary>The partial stacks that a beam keeps of a frame after some stages, in lexicographic order.</summary>
    public static int[][] Extend(Codebook[] codebooks, float[] frame, int beamWidth)
        => [.. Beam(codebooks, frame, beamWidth).Select(partial => partial.Codes).Order(Lexicographic)];

    /// <summary>⟨r, r⟩ of what a stack of codes leaves of a frame, infinity where float32 overflowed.</summary>
    public static double Error(IReadOnlyList<Codebook> codebooks, float[] frame, IEnumerable<int> codes)
    {
        var residual = codes.Select((code, m) => codebooks[m][code].ToArray()).Aggregate(frame, (r, c) => Difference(r, c));
        return NoNaN(Dot(residual, residual));
    }

    /// <summary>The stacks of codes that a beam ends with and the greedy one, by error and codes. A width of one is greedy.</summary>
    private static (double Error, int[] Codes)[] Best(ResidualStack stack, float[] frame, int beamWidth)
    {
        var codebooks = stack.Stages.ToArray().Select(stage => stage.Codebook).ToArray();
        var vector = Project(stack.InputProjection, frame);
        var greedy = Encode(new RvqModel(codebooks), vector);
        var beam = beamWidth == 1 ? [] : Beam(codebooks, vector, beamWidth).Select(partial => partial.Codes);
        return
        [
            .. beam.Append(greedy).DistinctBy(codes => string.Join(' ', codes))
                .Select(codes => (Error: Error(codebooks, vector, codes), Codes: codes))
                .OrderBy(pair => pair.Error).ThenBy(pair => pair.Codes, Lexicographic),
        ];
    }

    private static List<(int[] Codes, float[] Residual)> Beam(Codebook[] codebooks, float[] frame, int width)
    {
        List<(int[] Codes, float[] Residual)> beam = [([], frame)];
        foreach (var codebook in codebooks)
        {
            var distinct = Enumerable.Range(0, codebook.Size)
                .Where(k => !Enumerable.Range(0, k).Any(j => SameBits(codebook[j], codebook[k]))).ToArray();
            var extensions =
                from partial in beam
                let half = 0.5 * Dot(partial.Residual, partial.Residual)
                from k in distinct
                let score = half + Score(codebook, k, partial.Residual)
                select (Score: NoNaN(score), Codes: (int[])[.. partial.Codes, k], Parent: partial.Residual);
            beam =
            [
                .. extensions.OrderBy(e => e.Score).ThenBy(e => e.Codes, Lexicographic).Take(width)
                    .Select(e => (e.Codes, Difference(e.Parent, codebook[e.Codes[^1]]))),
            ];
        }

        return beam;
    }

    private static double NoNaN(double value) => double.IsNaN(value) ? double.PositiveInfinity : value;

    private static bool SameBits(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        => MemoryMarshal.AsBytes(a).SequenceEqual(MemoryMarshal.AsBytes(b));
}
