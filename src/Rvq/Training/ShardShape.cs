namespace Rvq.Training;

/// <summary>What the statistics of one step are of: statistics are added and applied only where it is the same.</summary>
/// <param name="Step">The step, from 0.</param>
/// <param name="Dimensions">D.</param>
/// <param name="Size">The codewords of a pass of k-means, or 0.</param>
/// <param name="SampleCapacity">The rows of a sample.</param>
internal readonly record struct ShardShape(int Step, int Dimensions, int Size, int SampleCapacity)
{
    public override string ToString() => $"step {Step} ({Dimensions} dimensions, {Size} codewords, {SampleCapacity} sampled rows)";
}
