using System.Numerics.Tensors;
using Rvq.Streams;

namespace Rvq.AotSmoke;

/// <summary>A model whose codes, frames and bytes can be worked out by hand.</summary>
internal static class Arithmetic
{
    private const int CodebookCount = 7;

    public static void Check()
    {
        // Seven codebooks of the two codewords −2^k·d and +2^k·d, k = 6 … 0: for an odd x in [−127, 127] the stages' nearest codewords are
        // the binary digits of (x + 127) / 2, and their sum is x·d without any rounding. So every expectation below is arithmetic.
        float[] direction = [1, -3, 2, 0, 5, -1, 4, 7, -2, 6, 3];
        int[] numbers = [.. Enumerable.Range(0, 128)];

        var codebooks = Enumerable.Range(0, CodebookCount)
            .Select(stage => new Codebook(
                [.. new[] { -1, 1 }.SelectMany(sign => direction.Select(d => sign * (64 >> stage) * d))], direction.Length));
        var model = new RvqModel([.. codebooks]);
        float[] frames = [.. numbers.SelectMany(number => direction.Select(d => ((2 * number) - 127) * d))];
        int[] expected = [.. numbers.SelectMany(
            number => Enumerable.Range(0, CodebookCount).Select(stage => (number >> (CodebookCount - 1 - stage)) & 1))];

        var quantizer = new Quantizer(model, new QuantizerOptions { MaxDegreeOfParallelism = 2 });
        var codes = quantizer.Encode(frames);
        Expect(codes.SequenceEqual(expected), "codes");

        // The same frames as [D, T], the codes as [N, T] of another type.
        var transposed = new float[frames.Length];
        var transposedCodes = new byte[codes.Length];
        for (var i = 0; i < frames.Length; i++)
        {
            transposed[(i % direction.Length * numbers.Length) + (i / direction.Length)] = frames[i];
        }

        quantizer.Encode(
            new ReadOnlyTensorSpan<float>(transposed, [numbers.Length, direction.Length], [1, numbers.Length]),
            new TensorSpan<byte>(transposedCodes, [numbers.Length, CodebookCount], [1, numbers.Length]));
        Expect(Enumerable.Range(0, codes.Length).All(
            i => transposedCodes[(i % CodebookCount * numbers.Length) + (i / CodebookCount)] == expected[i]), "strided codes");

        var dequantizer = new Dequantizer(model);
        Expect(dequantizer.Decode(codes).SequenceEqual(frames), "decoded frames");

        // The first three codes leave the number's four lowest bits open: their sum lies in the middle of what is left.
        var coarse = new Quantizer(model.Take(3)).Encode(frames);
        var middles = numbers.SelectMany(number => direction.Select(d => (float)((((number >> 4) * 32) + 16 - 128) * d)));
        Expect(new Dequantizer(model.Take(3)).Decode(coarse).SequenceEqual(middles), "frames of three codebooks");

        // Packed with one bit each, a number's codes are its binary digits from the highest down.
        var packed = new byte[CodePacking.GetByteCount(codes.Length, 1)];
        CodePacking.Pack<int>(codes, 1, packed);
        Expect(
            packed.Length == 112 && Enumerable.Range(0, codes.Length).All(i => ((packed[i / 8] >> (i % 8)) & 1) == expected[i]),
            "packed codes");
        var unpacked = new int[codes.Length];
        CodePacking.Unpack<int>(packed, 1, unpacked);
        Expect(unpacked.SequenceEqual(expected), "unpacked codes");

        var path = Path.Combine(Path.GetTempPath(), $"rvq-aot-{Environment.ProcessId}.safetensors");
        try
        {
            model.Save(path);
            var loaded = RvqModel.Load(path);
            Expect(
                loaded.CodebookCount == CodebookCount && loaded.BitsPerFrame == 7 && loaded.Dimensions == direction.Length, "loaded model");
            Expect(new Quantizer(loaded).Encode(frames).SequenceEqual(expected), "codes of the loaded model");
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"{what}: not as computed by hand");
        }
    }
}
