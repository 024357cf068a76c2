namespace Rvq.Tests.Search;

/// <summary>The definition of a beam search's codes, in double precision, lists and sorting, and nothing else.</summary>
internal static class BeamOracle
{
    /// <summary>Codes [T, N] of a model of plain Euclidean stages, with projections around its stacks or none.</summary>
    public static int[] Encode(RvqModel model, ReadOnlySpan<float> frames, int width)
    {
        var codes = new List<int>();
        for (var t = 0; t < frames.Length / model.Dimensions; t++)
        {
            var frame = frames.Slice(t * model.Dimensions, model.Dimensions).ToArray();
            foreach (var stack in model.Stacks)
            {
                codes.AddRange(Search([.. stack.Stages.ToArray().Select(stage => stage.Codebook)], stack.InputProjection is null ? frame : Oracle.Project(stack.InputProjection, frame), width));
            }
        }

        return [.. codes];
    }

    /// <summary>⟨r, r⟩ of what a stack of codes leaves of a frame, infinity where float32 overflowed.</summary>
    public static double Error(IReadOnlyList<Codebook> codebooks, float[] frame, IEnumerable<int> codes)
        => Error(codes.Select((code, m) => codebooks[m][code].ToArray()).Aggregate(frame, Difference));

    /// <summary>The partial stacks that are kept of a frame after some stages, in lexicographic order.</summary>
    public static int[][] Kept(Codebook[] codebooks, float[] frame, int width)
        => [.. Beam(codebooks, frame, width).Select(partial => partial.Codes).Order(Lexicographic)];

    /// <summary>The stacks of codes that a beam of this width ends with and the greedy one, by error ⟨r, r⟩ and codes; or the greedy one alone.</summary>
    public static (double Error, int[] Codes)[] Candidates(ResidualStack stack, float[] frame, int width, bool greedyOnly)
    {
        var codebooks = stack.Stages.ToArray().Select(stage => stage.Codebook).ToArray();
        var vector = stack.InputProjection is null ? frame : Oracle.Project(stack.InputProjection, frame);
        var greedy = Oracle.Encode(new RvqModel(codebooks), vector);
        int[][] all = greedyOnly ? [greedy] : [.. Beam(codebooks, vector, width).Select(partial => partial.Codes).Append(greedy).DistinctBy(codes => string.Join(' ', codes))];
        return [.. all.Select(codes => (Error: Error(codebooks, vector, codes), Codes: codes)).OrderBy(pair => pair.Error).ThenBy(pair => pair.Codes, Lexicographic)];
    }

    private static int[] Search(Codebook[] codebooks, float[] frame, int width)
    {
        var greedy = Oracle.Encode(new RvqModel(codebooks), frame);
        return Beam(codebooks, frame, width).Select(partial => partial.Codes).Append(greedy)
            .OrderBy(codes => Error(codebooks, frame, codes)).ThenBy(codes => codes, Lexicographic).First();
    }

    private static List<(int[] Codes, float[] Residual)> Beam(Codebook[] codebooks, float[] frame, int width)
    {
        List<(int[] Codes, float[] Residual)> beam = [([], frame)];
        foreach (var codebook in codebooks)
        {
            var distinct = Enumerable.Range(0, codebook.Size).Where(k => !Enumerable.Range(0, k).Any(j => SameBits(codebook[j], codebook[k]))).ToArray();
            var extensions =
                from partial in beam
                let half = 0.5 * Oracle.Dot(partial.Residual, partial.Residual)
                from k in distinct
                let score = half + ((0.5 * Oracle.Dot(codebook[k], codebook[k])) - Oracle.Dot(partial.Residual, codebook[k]))
                select (Score: NoNaN(score), Codes: (int[])[.. partial.Codes, k], Parent: partial.Residual);
            beam =
            [
                .. extensions.OrderBy(e => e.Score).ThenBy(e => e.Codes, Lexicographic).Take(width)
                    .Select(e => (e.Codes, Difference(e.Parent, codebook[e.Codes[^1]].ToArray()))),
            ];
        }

        return beam;
    }

    private static readonly Comparer<int[]> Lexicographic = Comparer<int[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    private static double Error(float[] residual) => NoNaN(Oracle.Dot(residual, residual));

    private static double NoNaN(double value) => double.IsNaN(value) ? double.PositiveInfinity : value;

    private static float[] Difference(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x - y)];

    private static bool SameBits(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        => System.Runtime.InteropServices.MemoryMarshal.AsBytes(a).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(b));
}
