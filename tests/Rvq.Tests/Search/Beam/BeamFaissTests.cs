using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Rvq.Tests.Search;

/// <summary>faiss 1.7.3's residual quantizer at the same width: our mean squared error is at most its own.</summary>
public class BeamFaissTests
{
    public static TheoryData<string, int> Cases()
    {
        var data = new TheoryData<string, int>();
        foreach (var name in new[] { "faiss-rq-d16-n4-k64-small", "faiss-rq-d32-n4-k256", "faiss-rq-d64-n8-k256", "faiss-ties" })
        {
            data.Add(name, 5);
            data.Add(name, 30);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Encode_FaissCase_HasAtMostItsError(string name, int width)
    {
        var folder = TestData.Path($"reference/{name}");
        var (frames, shape) = Npy.ReadSingle(Path.Combine(folder, "frames.npy"));
        var (theirs, _) = Npy.ReadInt64(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"codes_beam{width}.npy")));
        var codebooks = ReadCodebooks(Path.Combine(folder, "model.safetensors"));
        var ours = new Quantizer(new RvqModel(codebooks), new QuantizerOptions { BeamWidth = width }).Encode(frames);
        var (count, stages, dimensions) = (shape[0], codebooks.Length, shape[1]);
        var (ourError, theirError, same) = (0.0, 0.0, 0);
        for (var t = 0; t < count; t++)
        {
            var frame = frames.AsSpan(t * dimensions, dimensions).ToArray();
            int[] our = ours[(t * stages)..((t + 1) * stages)];
            int[] their = Array.ConvertAll(theirs[(t * stages)..((t + 1) * stages)], code => (int)code);
            ourError += Oracle.Error(codebooks, frame, our);
            theirError += Oracle.Error(codebooks, frame, their);
            same += our.SequenceEqual(their) ? 1 : 0;
        }

        var outcome = $"{name}, width {width}: error {ourError / count:R}, faiss {theirError / count:R}, {same} of {count} frames equal";
        TestContext.Current.TestOutputHelper?.WriteLine(outcome);
        Assert.True(ourError <= theirError * (1 + 1e-12), outcome);
    }

    /// <summary>The only tensor of the file, codebooks [N, K, D] in float32.</summary>
    private static Codebook[] ReadCodebooks(string path)
    {
        var file = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using var header = JsonDocument.Parse(file.AsMemory(8, length));
        var dimensions = header.RootElement.GetProperty("codebooks").GetProperty("shape").EnumerateArray();
        int[] shape = [.. dimensions.Select(value => value.GetInt32())];
        var values = MemoryMarshal.Cast<byte, float>(file.AsSpan(8 + length)).ToArray();
        return [.. values.Chunk(shape[1] * shape[2]).Select(codewords => new Codebook(codewords, shape[2]))];
    }
}
