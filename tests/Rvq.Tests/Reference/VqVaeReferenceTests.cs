using Rvq.Tests.Checkpoints;

namespace Rvq.Tests.Reference;

/// <summary>
/// One codebook: the codes that vector-quantize-pytorch's VectorQuantize and EnCodec's codebook gave while they were trained, step by step.
/// </summary>
public sealed class VqVaeReferenceTests
{
    [Theory]
    [InlineData("trace-vqp-ema", "vq._codebook.embed")]
    [InlineData("trace-vqp-ema-deadcodes", "_codebook.embed")]
    [InlineData("trace-encodec-ema", "_vq_vae._embedding.weight")]
    public void Encode_CodebookOfEveryTrainingStep_GivesTheCodecsCodes(string name, string tensor)
    {
        var folder = TestData.Path($"reference/{name}");
        var (codebooks, shape) = Npy.ReadSingle(Path.Combine(folder, "embed.npy"));
        var (batches, _) = Npy.ReadSingle(Path.Combine(folder, "batches.npy"));
        var (codes, codesShape) = Npy.ReadInt64(Path.Combine(folder, "codes.npy"));
        var (steps, codebookLength, batchLength) = (codesShape[0], shape[1] * shape[2], batches.Length / codesShape[0]);
        for (var step = 0; step < steps; step++)
        {
            var embed = TensorBytes.Single(tensor, [shape[1], shape[2]], codebooks[(step * codebookLength)..((step + 1) * codebookLength)]);
            var model = ModelAssert.Read(TensorBytes.Safetensors([embed]));
            Assert.Equal(1, model.CodebookCount);
            var expected = codes.AsSpan(step * codesShape[1], codesShape[1]).ToArray().Select(code => (int)code);
            Assert.Equal(expected, new Quantizer(model).Encode(batches.AsSpan(step * batchLength, batchLength)));
        }
    }
}
