using Rvq.Tests.Checkpoints;

namespace Rvq.Tests.Readme;

/// <summary>The README's code for a codec that the library does not know.</summary>
public class CheckpointSnippets
{
    [Fact]
    public void MadeUpCodec_TwoStages_SearchWhatItsTensorsSay()
    {
        // Stage 0 projects [x, y] to x + y and has the codewords 0 and 10, which come back as [5, 5]; stage 1 to x − y, with −2 and 4, which come back as [−1, 1] and [2, −2].
        var path = Path.Combine(Path.GetTempPath(), $"rvq-made-up-{Environment.ProcessId}.safetensors");
        File.WriteAllBytes(path, TensorBytes.Safetensors(
        [
            TensorBytes.Single("coder.0.down", [1, 2], 1, 1), TensorBytes.Single("coder.0.table", [2, 1], 0, 10), TensorBytes.Single("coder.0.up", [2, 1], 0.5f, 0.5f),
            TensorBytes.Single("coder.1.down", [1, 2], 1, -1), TensorBytes.Single("coder.1.table", [2, 1], -2, 4), TensorBytes.Single("coder.1.up", [2, 1], 0.5f, -0.5f),
        ]));
        try
        {
            var model = Load(path, 2);
            Assert.Equal([1, 1, 0, 0], new Quantizer(model).Encode([7, 3, -1, 1]));
            Assert.Equal([7, 3, -1, 1], new Dequantizer(model).Decode([1, 1, 0, 0]));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static RvqModel Load(string path, int n)
    {
        // README
        using var file = Checkpoint.Open(path);                                   // any container; file.Tensors lists names, shapes and types
        var stages = new Stage[n];
        for (var i = 0; i < n; i++)
        {
            int inner = (int)file.Tensors.Single(tensor => tensor.Name == $"coder.{i}.table").Shape[1];
            var codebook = new Codebook(file.Read($"coder.{i}.table"), inner);    // [K, inner]
            var down = file.Read($"coder.{i}.down");                              // [inner, D]
            stages[i] = new Stage(codebook, new Projection(down, down.Length / inner), new Projection(file.Read($"coder.{i}.up"), inner));
        }

        var model = new RvqModel(new ResidualStack(stages));
        // END
        return model;
    }
}
