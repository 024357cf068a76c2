using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Rvq.OnnxRuntime;
using Rvq.Tests.Readme;

namespace Rvq.Tests.OnnxRuntime;

/// <summary>ONNX Runtime's tensors in and out, with real sessions around them.</summary>
public sealed class OrtValueExtensionsTests
{
    [Fact]
    public void EncodeAndDecode_AnyBatchFramesAndCodebooks_EqualFrameByFrame()
    {
        foreach (var n in new[] { 1, 2, 7 })
        {
            var model = Model(n, 5);
            var (quantizer, dequantizer) = (new Quantizer(model), new Dequantizer(model));
            foreach (var b in new[] { 0, 1, 2, 7 })
            {
                foreach (var t in new[] { 0, 1, 2, 7 })
                {
                    var memory = TestVectors.Normal(new Random(n), b * 5 * t);
                    var expected = Oracle.Encode(model, Transpose(memory, b, 5, t));                 // [B, T, N]
                    using var latents = Tensor(memory, b, 5, t);
                    using var codes = quantizer.Encode(latents);
                    Assert.Equal([b, n, t], Shape(codes, TensorElementType.Int64));
                    Assert.Equal(expected, Transpose(codes.GetTensorDataAsSpan<long>().ToArray(), b, n, t).Select(code => (int)code));
                    using var codebooksFirst = quantizer.Encode(latents, codebooksFirst: true);
                    Assert.Equal([n, b, t], Shape(codebooksFirst, TensorElementType.Int64));
                    Assert.Equal(
                        expected, Transpose(codebooksFirst.GetTensorDataAsSpan<long>().ToArray(), 1, n, b * t).Select(code => (int)code));

                    var decoded = Oracle.Decode(model, expected);
                    using var back = dequantizer.Decode(codes);
                    Assert.Equal([b, 5, t], Shape(back, TensorElementType.Float));
                    Assert.Equal(decoded, Transpose(back.GetTensorDataAsSpan<float>().ToArray(), b, 5, t));
                    using var backFirst = dequantizer.Decode(codebooksFirst, codebooksFirst: true);
                    Assert.Equal(back.GetTensorDataAsSpan<float>().ToArray(), backFirst.GetTensorDataAsSpan<float>().ToArray());
                    using var narrow = OrtValue.CreateTensorValueFromMemory(
                        Array.ConvertAll(codes.GetTensorDataAsSpan<long>().ToArray(), code => (int)code), [b, n, t]);
                    using var halves = dequantizer.Decode(narrow, elementType: TensorElementType.Float16);
                    Assert.Equal([b, 5, t], Shape(halves, TensorElementType.Float16));
                    Assert.Equal(
                        back.GetTensorDataAsSpan<float>().ToArray().Select(value => BitConverter.HalfToUInt16Bits((Half)value)),
                        halves.GetTensorDataAsSpan<Float16>().ToArray().Select(value => value.value));
                }
            }
        }
    }

    [Fact]
    public void Encode_SessionOutput_BatchAndFrameByFrameAreTheSameCodes()
    {
        const int Hop = 6, Frames = 11, D = 5;
        var model = Model(4, D);
        var (quantizer, dequantizer) = (new Quantizer(model), new Dequantizer(model));
        var weights = TestVectors.Normal(new Random(7), D * Hop, 0.5);
        using var encoder = new InferenceSession(OnnxConvolution.Encoder(weights, D));
        using var decoder = new InferenceSession(OnnxConvolution.Decoder(weights, D));
        var audio = TestVectors.Normal(new Random(8), 2 * Frames * Hop);
        using var latents = Run(encoder, "audio", Tensor(audio, 2, 1, Frames * Hop));
        using var codes = quantizer.Encode(latents);
        var batch = codes.GetTensorDataAsSpan<long>().ToArray();
        Assert.Equal(
            Oracle.Encode(model, Transpose(latents.GetTensorDataAsSpan<float>().ToArray(), 2, D, Frames)),
            Transpose(batch, 2, 4, Frames).Select(code => (int)code));
        for (var t = 0; t < 2 * Frames; t++)
        {
            using var frame = Run(encoder, "audio", Tensor(audio.AsSpan(t * Hop, Hop).ToArray(), 1, 1, Hop));
            using var single = quantizer.Encode(frame);
            Assert.Equal(
                single.GetTensorDataAsSpan<long>().ToArray(),
                Enumerable.Range(0, 4).Select(n => batch[(t / Frames * 4 * Frames) + (n * Frames) + (t % Frames)]));
        }

        // What the dequantizer gives is a decoder's input as it is.
        using var decoded = dequantizer.Decode(codes);
        using var sound = Run(decoder, "latents", decoded);
        Assert.Equal([2, 1, Frames * Hop], Shape(sound, TensorElementType.Float));
    }

    [Fact]
    public void Encode_Float16Session_GivesTheCodesOfTheConvertedLatents()
    {
        var model = Model(4, 5);
        var weights = TestVectors.Normal(new Random(7), 5 * 3);
        using var encoder = new InferenceSession(OnnxConvolution.Encoder(weights, 5, half: true));
        using var latents = Run(encoder, "audio", Tensor(TestVectors.Normal(new Random(9), 2 * 30), 2, 1, 30));
        var halves = latents.GetTensorDataAsSpan<Float16>().ToArray().Select(
            value => (float)BitConverter.UInt16BitsToHalf(value.value)).ToArray();
        using var codes = new Quantizer(model).Encode(latents);
        Assert.Equal(
            Oracle.Encode(model, Transpose(halves, 2, 5, 10)),
            Transpose(codes.GetTensorDataAsSpan<long>().ToArray(), 2, 4, 10).Select(code => (int)code));
    }

    [Fact]
    public void EncodeAndDecode_StridedModel_HasBlocksOfCodes()
    {
        var model = TestModels.All().Single(pair => pair.Name == "SNAC").Model;
        var memory = TestVectors.Normal(new Random(5), 2 * 19 * 8);
        using var latents = Tensor(memory, 2, 19, 8);
        using var codes = new Quantizer(model).Encode(latents);
        Assert.Equal([2, 7, 2], Shape(codes, TensorElementType.Int64));
        var expected = Oracle.Encode(model, Transpose(memory, 2, 19, 8));
        Assert.Equal(expected, Transpose(codes.GetTensorDataAsSpan<long>().ToArray(), 2, 7, 2).Select(code => (int)code));
        using var decoded = new Dequantizer(model).Decode(codes);
        Assert.Equal(new Dequantizer(model).Decode(expected), Transpose(decoded.GetTensorDataAsSpan<float>().ToArray(), 2, 19, 8));

        // [7, B, blocks]: the two clips' two blocks of a column lie side by side.
        using var columns = new Quantizer(model).Encode(latents, codebooksFirst: true);
        Assert.Equal([7, 2, 2], Shape(columns, TensorElementType.Int64));
        var places = Enumerable.Range(0, 7 * 4).Select(i => (Column: i / 4, Block: i % 4));
        Assert.Equal(places.Select(place => (long)expected[(place.Block * 7) + place.Column]), columns.GetTensorDataAsSpan<long>().ToArray());
        using var again = new Dequantizer(model).Decode(columns, codebooksFirst: true);
        Assert.Equal(decoded.GetTensorDataAsSpan<float>().ToArray(), again.GetTensorDataAsSpan<float>().ToArray());
        using var uneven = Tensor(new float[19 * 6], 1, 19, 6);
        Refused.For<ArgumentException>("latents", () => new Quantizer(model).Encode(uneven), "[1, 19, 6]", "a multiple of the 4 frames");
    }

    [Fact]
    public void Decode_MinusOne_LeavesACodebookOut()
    {
        var model = new RvqModel(new Codebook([1f, 2], 1), new Codebook([10f, 20], 1));
        using var codes = OrtValue.CreateTensorValueFromMemory<long>([1, 0, -1, 1], [1, 2, 2]);
        using var decoded = new Dequantizer(model).Decode(codes);
        Assert.Equal([2f, 21], decoded.GetTensorDataAsSpan<float>().ToArray());
    }

    [Fact]
    public void Encode_WrongTensors_AreRefusedWithBothShapes()
    {
        var quantizer = new Quantizer(Model(2, 5));
        Refused.For<ArgumentNullException>("quantizer", () => OrtValueExtensions.Encode(null!, null!));
        Refused.For<ArgumentNullException>("latents", () => quantizer.Encode((OrtValue)null!));
        RefusesLatents(Tensor(new float[10], 5, 2), "latents has the shape [5, 2] of Float, but [B, 5, T] of Float or Float16 is needed");
        RefusesLatents(Tensor(new float[15], 1, 3, 5), "[1, 3, 5]", "[B, 5, T]", "the last axis has the model's 5 dimensions");
        RefusesLatents(Tensor(new float[15], 5, 1, 3), "the first axis has the model's 5 dimensions");
        RefusesLatents(Tensor(new float[12], 1, 4, 3), "[1, 4, 3] of Float, but [B, 5, T] of Float or Float16 is needed.");
        RefusesLatents(OrtValue.CreateTensorValueFromMemory(new double[5], [1, 5, 1]), "of Double", "Float or Float16");
        RefusesLatents(Tensor([1, 2, float.NaN, 4, 5], 1, 5, 1), "NaN at frame 0, dimension 2");
        RefusesLatents(OrtValue.CreateSequence([Tensor(new float[5], 1, 5, 1)]), "latents is a ONNX_TYPE_SEQUENCE, but a tensor is needed");
        using var empty = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [1, 5, 1]);
        Refused.For<ArgumentException>("latents", () => quantizer.Encode(empty), "of String");

        void RefusesLatents(OrtValue latents, params string[] texts)
        {
            using (latents)
            {
                var error = Assert.Throws<ArgumentException>(() => quantizer.Encode(latents));
                Assert.All(texts, text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void Decode_WrongTensors_AreRefusedWithBothShapes()
    {
        var dequantizer = new Dequantizer(Model(3, 5));
        Refused.For<ArgumentNullException>("dequantizer", () => OrtValueExtensions.Decode(null!, null!));
        Refused.For<ArgumentNullException>("codes", () => dequantizer.Decode((OrtValue)null!));
        Refuses(
            OrtValue.CreateTensorValueFromMemory(new long[6], [3, 2]),
            false,
            "codes has the shape [3, 2] of Int64, but [B, 3, T] of Int64 or Int32 is needed");
        Refuses(
            OrtValue.CreateTensorValueFromMemory(new long[6], [3, 2, 1]),
            false,
            "axis 0 has the 3 codebooks: codebooksFirst: true? (Parameter");
        Refuses(
            OrtValue.CreateTensorValueFromMemory(new long[6], [2, 3, 1]),
            true,
            "[3, B, T]",
            "axis 1 has the 3 codebooks: codebooksFirst: false?");
        Refuses(OrtValue.CreateTensorValueFromMemory(new long[6], [1, 2, 3]), false, "the last axis has the 3 codebooks");
        Refuses(OrtValue.CreateTensorValueFromMemory(new long[2], [1, 2, 1]), false, "the model's Take");
        Refuses(
            OrtValue.CreateTensorValueFromMemory(new long[4], [1, 4, 1]),
            false,
            "[1, 4, 1] of Int64, but [B, 3, T] of Int64 or Int32 is needed.");
        Refuses(OrtValue.CreateTensorValueFromMemory(new short[3], [1, 3, 1]), false, "of Int16");
        using var codes = OrtValue.CreateTensorValueFromMemory<long>([0, 0, 20], [1, 3, 1]);
        Refused.For<ArgumentOutOfRangeException>("codes", () => dequantizer.Decode(codes), "20");
        Refused.For<ArgumentOutOfRangeException>(
            "elementType", () => dequantizer.Decode(codes, elementType: TensorElementType.Double), "Float16");

        void Refuses(OrtValue wrong, bool codebooksFirst, params string[] texts)
        {
            using (wrong)
            {
                Refused.For<ArgumentException>("codes", () => dequantizer.Decode(wrong, codebooksFirst), texts);
            }
        }
    }

    [Fact]
    public void EncodeAndDecode_HugeLengthsOfNothing_GiveNothing()
    {
        var model = Model(3, 5);
        using var latents = OrtValue.CreateTensorValueFromMemory(Array.Empty<float>(), [1L << 40, 5, 0]);
        using var codes = new Quantizer(model).Encode(latents);
        Assert.Equal([1L << 40, 3, 0], Shape(codes, TensorElementType.Int64));
        using var back = new Dequantizer(model).Decode(codes);
        Assert.Equal([1L << 40, 5, 0], Shape(back, TensorElementType.Float));
    }

    [Fact]
    public void Decode_ResultAboveTwoGigabytes_IsRefusedBeforeItIsAllocated()
    {
        var dequantizer = new Dequantizer(new RvqModel(new Codebook(new float[1 << 16], 1 << 16)));
        using var codes = OrtValue.CreateTensorValueFromMemory(new int[1 << 13], [1, 1, 1 << 13]);
        Refused.For<ArgumentException>("codes", () => dequantizer.Decode(codes), "[1, 65536, 8192]", $"{int.MaxValue} bytes");
    }

    private static RvqModel Model(int codebooks, int dimensions)
        => new([.. Enumerable.Range(0, codebooks).Select(i => TestModels.Codebook(new Random(i), 20, dimensions))]);

    private static OrtValue Tensor(float[] memory, params long[] shape) => OrtValue.CreateTensorValueFromMemory(memory, shape);

    private static OrtValue Run(InferenceSession session, string input, OrtValue value)
    {
        using var options = new RunOptions();
        return session.Run(options, new Dictionary<string, OrtValue> { [input] = value }, session.OutputNames)[0];
    }

    private static long[] Shape(OrtValue value, TensorElementType type)
    {
        var info = value.GetTensorTypeAndShape();
        Assert.Equal(type, info.ElementDataType);
        return info.Shape;
    }

    private static T[] Transpose<T>(T[] values, int batch, int rows, int columns)
        => [.. Enumerable.Range(0, values.Length).Select(
            i => values[(i / (rows * columns) * rows * columns) + (i % rows * columns) + (i / rows % columns)])];
}
