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
        foreach (var field in new[] { DimensionsAt, DimensionsAt + 8, DimensionsAt + 16, DimensionsAt + 24, DimensionsAt + (3 * 8) + (2 * 8) + 1 })
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
        Assert.Equal(turn, ModelAssert.Read([.. Transforms(turn), .. inner]).Stacks[0].InputProjection!.Weight.ToArray());
        Assert.Contains("'transforms.1.weight'", ModelAssert.Refused([.. Transforms(turn, turn), .. inner]), StringComparison.Ordinal);
        Assert.Contains("no rotation", ModelAssert.Refused([.. Transforms([1, 1, -1, 0]), .. inner]), StringComparison.Ordinal);
        Assert.Contains("[2, 2]", ModelAssert.Refused([.. Transforms([1, 0.02f, 0, 1]), .. inner]), StringComparison.Ordinal);

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
                writer.Write(false); // have_bias
                writer.Write((long)matrix.Length);
                writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(matrix));
                writer.Write(0L); // bias
                writer.Write(2); // d_in
                writer.Write(2); // d_out
                writer.Write(true); // is_trained
            }

            return stream.ToArray();
        }
    }

    [Fact]
    public void Read_PrefixOfNothing_IsRefused()
    {
        var file = FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4]);
        Assert.Contains("'vq.'", ModelAssert.Refused(file, new LoadOptions { Prefix = "vq." }), StringComparison.Ordinal);
        Assert.Equal(2, ModelAssert.Read(file, new LoadOptions { Prefix = "" }).CodebookCount);
    }
}
