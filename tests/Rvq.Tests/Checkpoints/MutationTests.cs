using System.Buffers.Binary;
using Rvq.Checkpoints;
using Rvq.Tests.Reference;

namespace Rvq.Tests.Checkpoints;

/// <summary>Files with random damage are read or refused with InvalidDataException, and never fill memory.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    // RVQ_MUTATIONS=100000 is the number that a change of a reader should see once.
    private static readonly int Mutations = int.TryParse(Environment.GetEnvironmentVariable("RVQ_MUTATIONS"), out var given) ? given
        : 5_000;

    private const long MostBytesPerFile = 16_000_000;

    private static readonly long[] Numbers = [
        0, 1, -1, 2, 127, 128, 255, 256, 65535, 65536, int.MaxValue, uint.MaxValue, 1L << 32, 1L << 60, long.MaxValue, long.MinValue];

    private static readonly string[] FaissWrappers = ["coarse", "idmap_rq", "ivfrq", "pca_rq", "prq", "rr"];

    [Fact]
    public void Safetensors_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(1, [
            File.ReadAllBytes(TestData.Path("reference/encodec-ties/model.safetensors")),
            File.ReadAllBytes(TestData.Path("reference/dac-ties/model-hf.safetensors")),
            File.ReadAllBytes(TestData.Path("reference/mimi-ties/model.safetensors")),
            File.ReadAllBytes(TestData.Path("reference/vqp-ties/model.safetensors")),
            Saved()]);

    [Fact]
    public void TorchFiles_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(2, [
            TorchBytes.StateDict(TensorBytes.FromSafetensors(TestData.Path("reference/vqp-ties/model.safetensors")), "best_state"),
            TorchBytes.StateDict([TensorBytes.Random("quantizer.vq.layers.0._codebook.embed", 4, 2)]),
            File.ReadAllBytes(FixtureFiles.Path("views.pt")),
            File.ReadAllBytes(FixtureFiles.Path("dac.pth"))]);

    [Fact]
    public void FaissFiles_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(
            3, [FaissBytes.Index(2, [1, 2], new byte[6 * 2 * 4]), FaissBytes.Index(new ReferenceCase("faiss-ties"), old: true)]);

    [Fact]
    public void LegacyTorchFiles_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(6, [File.ReadAllBytes(TestData.Path("files/legacy_torch/legacy.th"))]);

    [Fact]
    public void WholeModules_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(7, [
            File.ReadAllBytes(TestData.Path("files/whole_module/module.pt")), File.ReadAllBytes(TestData.Path("files/torchscript/jits.pt")),
            File.ReadAllBytes(TestData.Path("files/lists_of_tensors/npdict.pt")),
            File.ReadAllBytes(TestData.Path("files/tensors_beside/sparse.th"))]);

    [Fact]
    public void FaissWrappers_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(
            8, [.. FaissWrappers.Select(name => File.ReadAllBytes(TestData.Path($"files/faiss_other_types/{name}.index")))]);

    [Fact]
    public void OnnxFiles_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(9, [
            File.ReadAllBytes(TestData.Path("checkpoints/onnx_encodec/encoder.onnx")),
            ContainerBytes.Onnx([ContainerBytes.OnnxTensor(Small),
                [.. ContainerBytes.OnnxHead(Small with { Type = "F16" }), .. ContainerBytes.Field(5, 1, 2, 3, 4)]])]);

    [Fact]
    public void GgufFiles_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(10, [File.ReadAllBytes(TestData.Path("checkpoints/gguf_mimi/mimi.gguf")), ContainerBytes.Gguf([Small])]);

    [Fact]
    public void NpyFiles_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(11, [
            ContainerBytes.Npy("<f4", "(2, 2)", Small.Data),
            ContainerBytes.Npz(System.IO.Compression.CompressionLevel.Optimal, ("a", ContainerBytes.Npy("<f4", "(2, 2)", Small.Data))),
            ContainerBytes.Npz(System.IO.Compression.CompressionLevel.NoCompression,
                ("a", ContainerBytes.Npy("<f8", "(1, 2)", Small.Data, fortran: true)))],
            file => ModelAssert.Read(file, new LoadOptions { BareCodebooks = true }));

    [Fact]
    public void TarFiles_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(12, [
            ContainerBytes.Tar(("a.ckpt", TensorBytes.Safetensors([Small]))),
            ContainerBytes.Gzip(ContainerBytes.Tar(("a.ckpt", TorchBytes.StateDict([Small]))))], leastRefused: 0.02);

    [Fact]
    public void TfliteFiles_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(13, [File.ReadAllBytes(TestData.Path("lyra/quantizer.tflite"))], leastRefused: 0);

    [Fact]
    public void Pickles_Damaged_AreReadOrRefused()
    {
        var dac = File.ReadAllBytes(TestData.Path("reference/bits-dac-file/file.dac"));
        AssertReadOrRefused(4, [dac[(10 + BinaryPrimitives.ReadUInt16LittleEndian(dac.AsSpan(8)))..]], file => PickleReader.Read(file));
    }

    [Fact]
    public void Configs_Damaged_AreReadOrRefused()
        => AssertReadOrRefused(5, [File.ReadAllBytes(TestData.Path("reference/snac-small/config.json"))], file => CodecConfig.Parse(file));

    private static TensorBytes Small => TensorBytes.Single("quantizer.layers.0.codebook.embed", [2, 2], 1, 2, 3, 4);

    private static byte[] Saved()
    {
        using var stream = new MemoryStream();
        OwnFormat.Write(RvqModel.Load(TestData.Path("reference/dac-ties/model.safetensors")), stream);
        return stream.ToArray();
    }

    private void AssertReadOrRefused(int seed, byte[][] files, Action<byte[]>? read = null, double leastRefused = 0.1)
    {
        read ??= file => ModelAssert.Read(file);
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var file = Damage(files[i % files.Length], random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(file);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"Mutation {i} of seed {seed} throws {e}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytesPerFile);
        }

        output.WriteLine($"{refused} of {Mutations} refused.");
        Assert.InRange(refused, (int)(Mutations * leastRefused), Mutations);
    }

    private static byte[] Damage(byte[] original, Random random)
    {
        var file = (byte[])original.Clone();
        for (var times = random.Next(1, 4); times > 0 && file.Length > 8; times--)
        {
            var at = random.Next(file.Length);
            switch (random.Next(7))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                case 2: // a number in a text for another
                    at = Array.FindIndex(file, at, value => value is >= (byte)'0' and <= (byte)'9');
                    if (at >= 0)
                    {
                        file[at] = (byte)random.Next('0', '9' + 1);
                    }

                    break;
                case 3:
                    var bytes = new byte[8];
                    BinaryPrimitives.WriteInt64LittleEndian(bytes, Numbers[random.Next(Numbers.Length)]);
                    bytes.AsSpan(0, Math.Min(1 << random.Next(4), file.Length - at)).CopyTo(file.AsSpan(at));
                    break;
                case 4:
                    file = file[..at];
                    break;
                case 5: // a piece twice, or left out
                    var end = Math.Min(file.Length, at + random.Next(1, 40));
                    file = random.Next(2) == 0 ? [.. file[..end], .. file[at..]] : [.. file[..at], .. file[end..]];
                    break;
                default: // a piece somewhere else
                    var length = Math.Min(random.Next(1, 40), file.Length - at);
                    file.AsSpan(at, length).ToArray().CopyTo(file, random.Next(file.Length - length + 1));
                    break;
            }
        }

        return file;
    }
}
