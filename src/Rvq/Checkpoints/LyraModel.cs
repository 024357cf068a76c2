namespace Rvq.Checkpoints;

/// <summary>
/// Lyra v2's own quantizer.tflite: in the subgraph <c>decode</c> the constants <c>transpose</c>, <c>transpose_1</c>, … are the codebooks,
/// stage by stage.
/// </summary>
internal static class LyraModel
{
    private const string First = "decode.transpose";
    private const int Stages = 46;

    public static bool Recognises(TensorFile file)
        => file.Format == TfliteReader.Format && file.Find(First) is not null && file.Find($"{First}_{Stages - 1}") is not null;

    public static RvqModel Read(TensorFile file)
    {
        var tensors = new CodecTensors(file, "");
        if (file.NamesFrom(First).Count() is not Stages and var count)
        {
            throw new InvalidDataException($"The TFLite file has {count} constants {First}_{{i}}; Lyra's quantizer has {Stages}.");
        }

        return new RvqModel([.. Enumerable.Range(0, Stages).Select(i => tensors.Codebook(i == 0 ? First : $"{First}_{i}"))])
        {
            Family = "Lyra",
            SampleRate = 16000,
            HopLength = 320,
        };
    }
}
