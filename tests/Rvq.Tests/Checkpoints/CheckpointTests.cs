namespace Rvq.Tests.Checkpoints;

public sealed class CheckpointTests
{
    [Theory]
    [InlineData("files/views_of_one_storage/cols8.th", "PyTorch")]
    [InlineData("files/legacy_torch/legacy.th", "PyTorch (before 1.6)")]
    [InlineData("files/torchscript/jit.pt", "TorchScript")]
    [InlineData("files/hf_folder/hf", "safetensors")]
    [InlineData("files/sharded/sharded", "safetensors in 2 files")]
    [InlineData("files/faiss_other_types/pca_rq.index", "faiss")]
    [InlineData("checkpoints/gguf_mimi/mimi.gguf", "GGUF")]
    [InlineData("checkpoints/onnx_encodec/encoder.onnx", "ONNX")]
    [InlineData("checkpoints/npy_codebook_semanticodec/codebook.npy", "npy")]
    [InlineData("checkpoints/nemo_tar/codec.nemo", "PyTorch in a tar file")]
    [InlineData("lyra/quantizer.tflite", "TFLite")]
    public void Open_EveryKindOfFile_ReadsAllTensors(string path, string format)
    {
        using var checkpoint = Checkpoint.Open(TestData.Path(path));
        Assert.Equal(format, checkpoint.Format);
        Assert.NotEmpty(checkpoint.Tensors);
        foreach (var tensor in checkpoint.Tensors.Where(tensor => tensor.ElementType is "F32" or "F16" or "BF16" or "F64"))
        {
            var values = checkpoint.Read(tensor.Name);
            Assert.Equal(tensor.Shape.Aggregate(1L, (a, b) => a * b), values.Length);
            var copy = new float[values.Length];
            checkpoint.Read(tensor.Name, copy);
            Assert.Equal(values, copy);
        }
    }

    [Fact]
    public void Read_WhatIsNotThere_Throws()
    {
        using var stream = new MemoryStream(TensorBytes.Safetensors(
            [TensorBytes.Single("a", [2, 3], 1, 2, 3, 4, 5, 6), new("b", "I64", [1], new byte[8])], """{"k":"v"}"""));
        var checkpoint = Checkpoint.Open(stream);
        Assert.Equal(["'a' F32 [2, 3]", "'b' I64 [1]"], checkpoint.Tensors.Select(tensor => tensor.ToString()));
        Assert.Equal("v", checkpoint.Metadata["k"]);
        Assert.True(checkpoint.Contains("a"));
        Assert.False(checkpoint.Contains("A"));
        Assert.Equal([1f, 2, 3, 4, 5, 6], checkpoint.Read("a"));
        Assert.Contains("'c'", Assert.Throws<ArgumentException>(() => checkpoint.Read("c")).Message, StringComparison.Ordinal);
        Assert.Contains(
            "length 5", Assert.Throws<ArgumentException>(() => checkpoint.Read("a", new float[5])).Message, StringComparison.Ordinal);
        Assert.Contains("I64", Assert.Throws<InvalidDataException>(() => checkpoint.Read("b")).Message, StringComparison.Ordinal);
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => checkpoint.Read("a"));
        Assert.True(stream.CanRead);
        Assert.Throws<ArgumentNullException>(() => Checkpoint.Open((Stream)null!));
        Assert.Throws<ArgumentException>(() => Checkpoint.Open(""));
        Assert.Throws<FileNotFoundException>(() => Checkpoint.Open(Path.Combine(Path.GetTempPath(), "none.safetensors")));
    }

    [Fact]
    public void Dispose_File_IsClosed()
    {
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, TensorBytes.Safetensors([TensorBytes.Single("a", [1], 1)]));
        var checkpoint = Checkpoint.Open(path);
        Assert.Throws<IOException>(() => new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        checkpoint.Dispose();
        checkpoint.Dispose();
        new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
        File.Delete(path);
    }

    [Fact]
    public void Open_StreamThatCannotBeRead_IsRefused()
    {
        var path = Path.GetTempFileName();
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write))
        {
            Refused.For<ArgumentException>("stream", () => Checkpoint.Open(stream), "cannot be read");
            Refused.For<ArgumentException>("stream", () => RvqModel.Load(stream), "cannot be read");
        }

        File.Delete(path);
    }

    [Fact]
    public void Read_MadeUpCodec_BecomesAModel()
    {
        var folder = Directory.CreateTempSubdirectory("rvq").FullName;
        var path = Path.Combine(folder, "whispernet.ckpt");
        File.WriteAllBytes(path, TorchBytes.StateDict(
        [
            TensorBytes.Single("rq.down", [2, 3], 1, 0, 0, 0, 1, 0), TensorBytes.Single("rq.up", [3, 2], 1, 0, 0, 1, 0, 0),
            TensorBytes.Single("rq.tables", [2, 2, 2], 0, 0, 4, 4, 0, 1, 1, 0),
        ]));

        // The snippet for the README: a codec of one's own, from tensors to model.
        using var checkpoint = Checkpoint.Open(path);
        var tables = checkpoint.Read("rq.tables");                                         // [N, K, D]
        var shape = checkpoint.Tensors.Single(tensor => tensor.Name == "rq.tables").Shape;
        var (size, dimensions) = ((int)shape[1], (int)shape[2]);
        var stages = tables.Chunk(size * dimensions).Select(codewords => new Stage(new Codebook(codewords, dimensions))).ToArray();
        var input = new Projection(checkpoint.Read("rq.down"), inputs: 3);                 // [D, 3]
        var output = new Projection(checkpoint.Read("rq.up"), inputs: dimensions);         // [3, D]
        var model = new RvqModel(new ResidualStack(stages, input, output)) { Family = "Whispernet", SampleRate = 16000, HopLength = 320 };

        Assert.Equal([1, 0], new Quantizer(model).Encode([4f, 5, 9]));
        checkpoint.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Read_SameTensorAgainAndAgain_HasNoBudget()
    {
        using var checkpoint = Checkpoint.Open(
            new MemoryStream(TensorBytes.Safetensors([TensorBytes.Single("a", [2, 3], 1, 2, 3, 4, 5, 6)])));
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(6, checkpoint.Read("a").Length);
        }
    }
}
