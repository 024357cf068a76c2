namespace Rvq.Tests.Tool;

/// <summary>What the commands do with other kinds of model files.</summary>
public sealed class ContainerCommandTests : IDisposable
{
    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public void Encode_FaissIndexWithItsBeam_GivesFaissCodes()
    {
        var folder = TestData.Path("files/faiss_default_beam");
        var (model, frames, codes) = (Path.Combine(folder, "rq.index"), Path.Combine(folder, "frames.npy"), _tool.File("codes.npy"));
        _tool.Succeed(["encode", model, frames, "-o", codes, "--beam", "5"]);
        Assert.Equal(Npy.ReadInt64(Path.Combine(folder, "expected_codes.npy")).Data, Npy.ReadInt64(codes).Data);
    }

    [Fact]
    public void Inspect_Tensors_ListsThem()
    {
        _tool.Succeed(["inspect", TestData.Path("checkpoints/gguf_mimi/mimi.gguf"), "--tensors"]);
        Assert.Contains("cluster_usage", _tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_Folder_ShowsItsModel()
    {
        _tool.Succeed(["inspect", TestData.Path("files/hf_folder/hf")]);
        Assert.Contains("EnCodec", _tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_BareArray_WantsTheOption()
    {
        var npy = TestData.Path("checkpoints/npy_codebook_semanticodec/codebook.npy");
        Assert.NotEqual(0, _tool.Run("inspect", npy));
        Assert.Contains("--bare-codebooks", _tool.Error, StringComparison.Ordinal);
        _tool.Succeed(["inspect", npy, "--bare-codebooks"]);
    }
}
