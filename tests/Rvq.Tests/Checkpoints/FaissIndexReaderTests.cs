using System.Buffers.Binary;
using Rvq.Tests.Reference;

namespace Rvq.Tests.Checkpoints;

public sealed class FaissIndexReaderTests
{
    private const int DimensionsAt = 4 + 4 + 24 + 1 + 4;

    [Theory]
    [InlineData("faiss-rq-d16-n4-k64-small", false)]
    [InlineData("faiss-rq-d16-n4-k64-small", true)]
    [InlineData("faiss-ties", false)]
    public void Read_IndexFile_GivesTheCodecsCodes(string name, bool old)
    {
        var reference = new ReferenceCase(name);
        var model = ModelAssert.Read(FaissBytes.Index(reference, old));
        ModelAssert.Equal(RvqModel.Load(Path.Combine(reference.Folder, "model.safetensors")), model);
        Assert.Equal("faiss", model.Family);
        Assert.Equal(reference.Codes, new Quantizer(model).Encode(reference.Frames));
    }

    [Fact]
    public void Read_WidthsThatDiffer_GivesCodebooksOfThoseSizes()
    {
        var model = ModelAssert.Read(FaissBytes.Index(3, [0, 3, 1], new byte[(1 + 8 + 2) * 3 * 4], metric: 4));
        Assert.Equal([1, 8, 2], model.Stages.ToArray().Select(stage => stage.Codebook.Size));
    }

    // Additive_quantizer_search_type of faiss: 5 is the last that keeps nothing, 6 to 9 keep codes of norms, 8 and 9 tables as well.
    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void Read_SearchTypesThatKeepNorms_ArePassed(int searchType)
        => Assert.Equal(5, ModelAssert.Read(FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4], searchType: searchType)).BeamWidth);

    [Fact]
    public void Read_Untrained_SaysSo()
    {
        var file = FaissBytes.Index(2, [1, 2], []);
        file[DimensionsAt + 24 + 16] = 0; // is_trained
        Assert.Contains("untrained", ModelAssert.Refused(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TruncatedAnywhereInTheQuantizer_IsRefused()
    {
        var file = FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4]);
        var end = DimensionsAt + (3 * 8) + (2 * 8) + 1 + 8 + (6 * 2 * 4) + (3 * 4) + (2 * 4); // search type and norms, train type and beam
        Assert.Equal(2, ModelAssert.Read(file[..end]).CodebookCount);
        for (var length = 0; length < end; length++)
        {
            ModelAssert.Refused(file[..length]);
        }
    }

    [Fact]
    public void Read_DimensionsOfTheHeaderThatDiffer_AreRefused()
    {
        var file = FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4]);
        file[4] = 3;
        Assert.Contains("2 dimensions in the quantizer, but 3 in the header", ModelAssert.Refused(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BeamSize_IsTheModels()
    {
        foreach (var old in new[] { false, true })
        {
            var file = FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4], old);
            Assert.Equal(5, ModelAssert.Read(file).BeamWidth);
        }
    }

    [Fact]
    public void Read_NumbersThatLie_AreRefused()
    {
        // d, M, the number of widths, the first width, the number of codebook values
        foreach (var field in new[] { DimensionsAt, DimensionsAt + 8, DimensionsAt + 16, DimensionsAt + 24, DimensionsAt + (3 * 8) + (2 * 8)
            + 1 })
        {
            foreach (var lie in new[] { -1, 0, 3, 1000, long.MaxValue, long.MinValue, 1L << 32, 1L << 60 })
            {
                var file = FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4]);
                BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(field), lie);
                Assert.Contains("byte", ModelAssert.Refused(file), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Read_IndexesInsideIndexes_EndWell()
    {
        // IxMp (IndexIDMap): a kind and a header, then the index inside.
        var inner = FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4]);
        byte[] outer = [.. "IxMp"u8, .. inner[4..DimensionsAt]];
        Assert.Equal(2, ModelAssert.Read([.. outer, .. outer, .. inner]).CodebookCount);
        Assert.Contains("inside each other", ModelAssert.Refused([.. Enumerable.Repeat(outer, 1000).SelectMany(bytes => bytes), .. inner]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TransformsBeforeTheIndex_AreOneRotation()
    {
        var inner = FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4]);
        float[] turn = [0, 1, -1, 0];
        float[] bias = [];
        Assert.Equal(turn, ModelAssert.Read([.. Transforms(turn), .. inner]).Stacks[0].InputProjection!.Weight.ToArray());
        Assert.Contains("'transforms.1.weight'", ModelAssert.Refused([.. Transforms(turn, turn), .. inner]), StringComparison.Ordinal);
        Assert.Contains("no rotation", ModelAssert.Refused([.. Transforms([1, 1, -1, 0]), .. inner]), StringComparison.Ordinal);
        Assert.Contains("no rotation", ModelAssert.Refused([.. Transforms([1, 0.02f, 0, 1]), .. inner]), StringComparison.Ordinal);

        // y = W x + b, and back x = Wᵀ (y − b).
        bias = [3, 4];
        var stack = ModelAssert.Read([.. Transforms(turn), .. inner]).Stacks[0];
        Assert.Equal([3f, 4], stack.InputProjection!.Bias.ToArray());
        Assert.Equal([0f, -1, 1, 0], stack.OutputProjection!.Weight.ToArray());
        Assert.Equal([4f, -3], stack.OutputProjection.Bias.ToArray());

        // One dimension.
        (inner, bias) = (FaissBytes.Index(1, [1, 2], new byte[6 * 4]), [5]);
        stack = ModelAssert.Read([.. Transforms([-1f]), .. inner]).Stacks[0];
        Assert.Equal([5f], stack.InputProjection!.Bias.ToArray());

        // IxPT (IndexPreTransform): a header, and random rotations (rrot) of a matrix without bias.
        byte[] Transforms(params float[][] matrices)
        {
            using var stream = new MemoryStream();
            using var writer = new BinaryWriter(stream);
            writer.Write([.. "IxPT"u8, .. inner[4..DimensionsAt]]);
            writer.Write(matrices.Length);
            foreach (var matrix in matrices)
            {
                writer.Write("rrot"u8);
                writer.Write(bias.Length > 0); // have_bias
                writer.Write((long)matrix.Length);
                writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(matrix));
                writer.Write((long)bias.Length);
                writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(bias));
                writer.Write((int)Math.Sqrt(matrix.Length)); // d_in
                writer.Write((int)Math.Sqrt(matrix.Length)); // d_out
                writer.Write(true); // is_trained
            }

            return stream.ToArray();
        }
    }

    [Fact]
    public void Read_TransformThatLies_IsRefused()
    {
        var inner = FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4]);
        byte[] transform =
        [
            .. "rrot"u8, 0, 4, 0, 0, 0, 0, 0, 0, 0, .. System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>([1, 0, 0, 1]),
            0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1,
        ];
        byte[] file = [.. "IxPT"u8, .. inner[4..DimensionsAt], 1, 0, 0, 0, .. transform, .. inner];
        Assert.Equal(2, ModelAssert.Read(file).CodebookCount);
        var start = DimensionsAt + 4;
        foreach (var (at, lies) in new[] { (start - 4, new[] { -1, 1000 }), (
            start + 37, [0, -2, 1, 4, int.MaxValue]), (start + 41, [0, -2, 1, 4]) })
        {
            foreach (var lie in lies)
            {
                var lying = (byte[])file.Clone();
                BinaryPrimitives.WriteInt32LittleEndian(lying.AsSpan(at), lie);
                Assert.Contains($"{lie}", ModelAssert.Refused(lying), StringComparison.Ordinal);
            }
        }

        // One bias for two outputs.
        byte[] bias = [.. file[..(start + 29)], 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. file[(start + 37)..]];
        Assert.Contains("1 biases", ModelAssert.Refused(bias), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_InvertedFileThatLies_IsRefused()
    {
        // IwRQ: header, nlist, nprobe, the coarse index IxF2 with its header and values.
        var file = File.ReadAllBytes(TestData.Path("files/faiss_other_types/ivfrq.index"));
        var lists = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(DimensionsAt));
        var values = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan((2 * DimensionsAt) + 16));
        Assert.Equal(lists * 16, values);
        foreach (var (at, lies) in new[]
        {
            (DimensionsAt, new[] { lists + 1, lists - 1, 0, -1, long.MaxValue }), (
                (2 * DimensionsAt) + 16, [values + 1, values - 16, 0, -1, long.MaxValue]),
        })
        {
            foreach (var lie in lies)
            {
                var lying = (byte[])file.Clone();
                BinaryPrimitives.WriteInt64LittleEndian(lying.AsSpan(at), lie);
                Assert.Contains("centroids", ModelAssert.Refused(lying), StringComparison.Ordinal);
            }
        }

        file[DimensionsAt + 16 + 4]++;
        Assert.Contains("17 dimensions", ModelAssert.Refused(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PrefixOfNothing_IsRefused()
    {
        var file = FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4]);
        Assert.Contains("'vq.'", ModelAssert.Refused(file, new LoadOptions { Prefix = "vq." }), StringComparison.Ordinal);
        Assert.Equal(2, ModelAssert.Read(file, new LoadOptions { Prefix = "" }).CodebookCount);
    }
}
