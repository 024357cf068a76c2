namespace Rvq.Tests.Reference;

/// <summary>
/// DAC's from_latents: each stage's slice of given latents is quantized by itself, so a stage without projections must give its codes.
/// </summary>
public sealed class DacLatentsTests
{
    [Theory]
    [InlineData("latents.npy", "from_latents_codes.npy")]
    [InlineData("latents_perturbed.npy", "from_latents_perturbed_codes.npy")]
    public void Encode_StageOnItsOwnLatents_GivesTheCodecsCodes(string latentsFile, string codesFile)
    {
        var reference = new ReferenceCase("dac-small");
        var model = RvqModel.Load(Path.Combine(reference.Folder, "model.safetensors"));
        var (latents, shape) = reference.Singles(latentsFile);
        var (codes, codesShape) = reference.Integers(codesFile);
        for (var (i, first) = (0, 0); i < codesShape[^1]; first += model.Stages[i++].Codebook.Dimensions)
        {
            var stage = model.Stages[i];
            var slice = latents.Chunk(shape[^1]).SelectMany(frame => frame[first..(first + stage.Codebook.Dimensions)]).ToArray();
            var alone = new RvqModel(new ResidualStack([new Stage(stage.Codebook, metric: SearchMetric.Cosine)]));
            Assert.Equal(codes.Chunk(codesShape[^1]).Select(frame => frame[i]), new Quantizer(alone).Encode(slice));
        }
    }
}
