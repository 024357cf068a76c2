namespace Rvq.Tests.Checkpoints;

/// <summary>
/// Files as PyTorch 1.13, faiss 1.7.3, numpy and Hugging Face's programs wrote them: each gives the codes of the program that made its
/// codebooks.
/// </summary>
public sealed class FileCasesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rvq").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("views_of_one_storage/cols8.th")]
    [InlineData("views_of_one_storage/stack1.th")]
    [InlineData("views_of_one_storage/sharedT.th", "expected_codes_sharedT.npy")]
    [InlineData("objects_beside/counter.th")]
    [InlineData("objects_beside/ddict.th")]
    [InlineData("objects_beside/dtype.th")]
    [InlineData("objects_beside/fn.th")]
    [InlineData("objects_beside/ns.th")]
    [InlineData("objects_beside/odd.th")]
    [InlineData("objects_beside/path.th")]
    [InlineData("tensors_beside/complex.th")]
    [InlineData("tensors_beside/meta.th")]
    [InlineData("tensors_beside/neg.th")]
    [InlineData("tensors_beside/sparse.th")]
    [InlineData("numpy_protocol5/np5.pt")]
    [InlineData("lists_of_tensors/list.pt")]
    [InlineData("lists_of_tensors/listroot.th", "expected_codes.npy", "legacy_torch")] // the same model
    [InlineData("lists_of_tensors/tupleroot.th", "expected_codes.npy", "legacy_torch")] // the same model
    [InlineData("lists_of_tensors/npdict.pt", "expected_codes.npy", "legacy_torch")] // the same model
    [InlineData("whole_module/module.pt")]
    [InlineData("torchscript/jit.pt")]
    [InlineData("torchscript/jits.pt")]
    [InlineData("legacy_torch/legacy.th")]
    [InlineData("hf_folder/hf")]
    [InlineData("hf_folder/hf/model.safetensors")]
    [InlineData("sharded/sharded")]
    [InlineData("sharded/sharded/model.safetensors.index.json")]
    public void Load_File_GivesTheExpectedCodes(string file, string codes = "expected_codes.npy", string? folder = null)
        => AssertGives(folder ?? file, RvqModel.Load(TestData.Path($"files/{file}")), codes);

    [Fact]
    public void Load_ListOfBareTensors_NeedsTheCallersWord()
    {
        var path = TestData.Path("files/lists_of_tensors/toplist.pt");
        Assert.Contains("BareCodebooks", Assert.Throws<InvalidDataException>(() => RvqModel.Load(path)).Message, StringComparison.Ordinal);
        AssertGives("lists_of_tensors/toplist.pt", RvqModel.Load(path, new LoadOptions { BareCodebooks = true }));
    }

    [Fact]
    public void Load_LongTrainingHistory_IsPassed()
    {
        // make.py's {'model': state, 'history': 300 000 dictionaries of four numbers}, with the keys memoized as Python does.
        var tensors = RvqModel.Load(TestData.Path("files/legacy_torch/legacy.th"));
        var state = Enumerable.Range(0, tensors.CodebookCount).Select(i =>
        {
            var values = new float[tensors.Stages[i].Codebook.Size * tensors.Dimensions];
            tensors.Stages[i].Codebook.Codewords.FlattenTo(values);
            return TensorBytes.Single(
                $"quantizer.vq.layers.{i}._codebook.embed", [tensors.Stages[i].Codebook.Size, tensors.Dimensions], values);
        }).ToArray();
        var pickle = new PickleBytes().Op('}').Op('(').Text("model").Op('}').Op('(');
        for (var i = 0; i < state.Length; i++)
        {
            pickle.Text(state[i].Name).Tensor(state[i], $"{i}");
        }

        pickle.Op('u').Text("history").Op(']').Op('(').Text("loss").Op('q').Raw(1);
        for (var i = 0; i < 300_000; i++)
        {
            pickle.Op('}').Op('r').Raw((byte)i, (byte)(i >> 8), (byte)(i >> 16), 1).Op('(');
            for (var j = 0; j < 4; j++)
            {
                pickle.Op('h').Raw(1).Op('G').Raw(new byte[8]);
            }

            pickle.Op('u');
        }

        var path = Path.Combine(_folder, "hist.th");
        File.WriteAllBytes(
            path, TorchBytes.Zip(pickle.Op('e').Op('u').Op('.').ToArray(), [.. state.Select((tensor, i) => ($"data/{i}", tensor.Data))]));
        AssertGives("long_history/", RvqModel.Load(path));
    }

    [Theory]
    [InlineData("torchscript/package.pth", "torch.package", "state_dict")]
    [InlineData("sharded/sharded/model-00001-of-00002.safetensors", "model.safetensors.index.json")]
    [InlineData("faiss_other_types/lsq.index", "IxLS", "LocalSearch")]
    [InlineData("faiss_other_types/pq.index", "IxPq", "product quantizer")]
    [InlineData("faiss_other_types/l2norm_rq.index", "VNrm", "NormalizationTransform")]
    [InlineData("faiss_other_types/untrained.index", "untrained")]
    public void Load_WhatIsNotRead_IsNamed(string file, params string[] reasons)
    {
        var message = Assert.Throws<InvalidDataException>(() => RvqModel.Load(TestData.Path($"files/{file}"))).Message;
        Assert.All(reasons, reason => Assert.Contains(reason, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("coarse.index", 3, 16)]
    [InlineData("idmap_rq.index", 3, 16)]
    [InlineData("idmap2_rq.index", 3, 16)]
    [InlineData("refine.index", 3, 16)]
    [InlineData("ivfrq.index", 5, 16)] // the centroids are the first
    [InlineData("pca_rq.index", 3, 16)]
    [InlineData("rr.index", 3, 16)]
    [InlineData("prq.index", 6, 16)]
    public void Load_FaissIndexAroundAResidualQuantizer_IsUnwrapped(string file, int codebooks, int dimensions)
    {
        var model = RvqModel.Load(TestData.Path($"files/faiss_other_types/{file}"));
        Assert.Equal(("faiss", codebooks, dimensions), (model.Family, model.CodebookCount, model.Dimensions));
        var frame = Enumerable.Range(0, dimensions).Select(i => (float)Math.Sin(i)).ToArray();
        var decoded = new float[dimensions];
        new Dequantizer(model).Decode(new Quantizer(model).Encode(frame), decoded);
        Assert.True(frame.Zip(decoded, (a, b) => (a - b) * (a - b)).Sum() < frame.Sum(a => a * a));
    }

    [Fact]
    public void Load_FaissDefaultBeam_GivesFaissCodesWithItsBeam()
    {
        var model = RvqModel.Load(TestData.Path("files/faiss_default_beam/rq.index"));
        Assert.Equal(5, model.BeamWidth);
        Assert.Equal(5, model.Take(2).BeamWidth);
        var folder = TestData.Path("files/faiss_default_beam");
        var frames = Npy.ReadSingle(Path.Combine(folder, "frames.npy")).Data;
        var codes = new Quantizer(model, new QuantizerOptions { BeamWidth = model.BeamWidth!.Value }).Encode(frames);
        Assert.Equal(Npy.ReadInt64(Path.Combine(folder, "expected_codes.npy")).Data, codes.Select(code => (long)code));
    }

    private static void AssertGives(string file, RvqModel model, string codes = "expected_codes.npy")
    {
        var folder = TestData.Path($"files/{file.Split('/')[0]}");
        var (frames, shape) = Npy.ReadSingle(Path.Combine(folder, "frames.npy"));
        Assert.Equal(shape[^1], model.Dimensions);
        Assert.Equal(Npy.ReadInt64(Path.Combine(folder, codes)).Data, new Quantizer(model).Encode(frames).Select(code => (long)code));
    }
}
