namespace Rvq.Benchmarks.Peers;

/// <summary>
/// The ONNX graphs keep codes stage after stage ([N, T], as the codecs do); the library keeps them block after block ([T, N]).
/// </summary>
internal static class StageOrder
{
    public static T[] ToBlocks<T>(RvqModel model, ReadOnlySpan<T> byStage)
    {
        var byBlock = new T[byStage.Length];
        foreach (var (stage, block) in Pairs(model, byStage.Length))
        {
            byBlock[block] = byStage[stage];
        }

        return byBlock;
    }

    public static T[] FromBlocks<T>(RvqModel model, ReadOnlySpan<T> byBlock)
    {
        var byStage = new T[byBlock.Length];
        foreach (var (stage, block) in Pairs(model, byBlock.Length))
        {
            byStage[stage] = byBlock[block];
        }

        return byStage;
    }

    private static IEnumerable<(int StageIndex, int BlockIndex)> Pairs(RvqModel model, int codeCount)
    {
        var blocks = codeCount / model.CodesPerBlock;
        var (next, first) = (0, 0);
        foreach (var stage in model.Stages.ToArray())
        {
            var perBlock = model.FramesPerBlock / stage.Stride;
            for (var i = 0; i < blocks * perBlock; i++)
            {
                yield return (next++, i / perBlock * model.CodesPerBlock + first + i % perBlock);
            }

            first += perBlock;
        }
    }
}
