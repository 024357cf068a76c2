namespace Rvq.Tool.Json;

/// <summary>A stage of a model.</summary>
/// <param name="Codewords">The codewords of its codebook.</param>
/// <param name="CodewordLength">The length of a codeword.</param>
/// <param name="BitsPerCode">The bits of a code.</param>
/// <param name="Metric">How codewords are compared.</param>
/// <param name="Stride">The frames that share a code.</param>
/// <param name="InputProjection">Whether it projects before its search.</param>
/// <param name="OutputProjection">Whether it projects what it found.</param>
internal sealed record StageDocument(
    int Codewords, int CodewordLength, int BitsPerCode, string Metric, int Stride, bool InputProjection, bool OutputProjection)
{
    public static StageDocument Of(Stage stage) => new(
        stage.Codebook.Size,
        stage.Codebook.Dimensions,
        stage.Codebook.BitsPerCode,
        $"{stage.Metric}",
        stage.Stride,
        stage.InputProjection is not null,
        stage.OutputProjection is not null);
}
