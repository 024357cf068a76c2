namespace Rvq.Tests;

/// <summary>Frames of codes.</summary>
internal static partial class Oracle
{
    /// <summary>Frames [T, D] of any model; a code of −1 adds nothing.</summary>
    public static float[] Decode(RvqModel model, ReadOnlySpan<int> codes)
    {
        var blocks = codes.Length / model.CodesPerBlock;
        var frames = new List<float>();
        for (var t = 0; t < blocks * model.FramesPerBlock; t++)
        {
            float[]? frame = null;
            var at = t / model.FramesPerBlock * model.CodesPerBlock;
            foreach (var stack in model.Stacks)
            {
                float[]? sum = null;
                foreach (var stage in stack.Stages)
                {
                    if (codes[at + (t % model.FramesPerBlock / stage.Stride)] is var code && code >= 0)
                    {
                        var row = Project(stage.OutputProjection, stage.Codebook[code]);
                        sum = sum is null ? row : Sum(sum, row);
                    }

                    at += model.FramesPerBlock / stage.Stride;
                }

                sum = Project(stack.OutputProjection, sum ?? new float[stack.Stages[0].Dimensions]);
                frame = frame is null ? sum : Sum(frame, sum);
            }

            frames.AddRange(frame!);
        }

        return [.. frames.Select(value => float.IsNaN(value) ? float.NaN : value)];
    }
}
