using Microsoft.ML.OnnxRuntime;
using Rvq.OnnxRuntime;
using Rvq.Streams;
using Rvq.Tests.Tool;

namespace Rvq.Tests.Readme;

/// <summary>The README's first code, with a real ONNX Runtime session.</summary>
public class QuickStartSnippets
{
    private const int CodebookCount = 8;

    [Theory]
    [InlineData(1, new[] { 0, 255, 7, 128, 99, 200, 13 })]
    [InlineData(1, new[] { 99 })]
    [InlineData(2, new[] { 99, 3, 4, 5 })]
    [InlineData(2, new[] { 99, 100 })]
    [InlineData(7, new[] { 99, 100, 101, 102, 103, 104, 105 })]
    public void QuickStart_ArithmeticModel_GivesTheCodesAndFramesOfArithmetic(int batch, int[] numbers)
    {
        using var session = new InferenceSession(OnnxConvolution.Encoder(ArithmeticModel.Direction, ArithmeticModel.Dimensions));
        using var runOptions = new RunOptions();
        using var audio = OrtValue.CreateTensorValueFromMemory(
            Array.ConvertAll(numbers, number => ArithmeticModel.Factor(number, CodebookCount)), [batch, 1, numbers.Length / batch]);
        var inputs = new Dictionary<string, OrtValue> { ["audio"] = audio };
        var path = Path.Combine(Path.GetTempPath(), $"rvq-quick-start-{Environment.ProcessId}.safetensors");
        ArithmeticModel.Create(CodebookCount).Save(path);
        try
        {
            var (codes, bytes, frames) = RunWithArrays(path, session, runOptions, inputs);
            var expected = numbers.SelectMany(number => Enumerable.Range(0, CodebookCount).Select(n => ArithmeticModel.Code(number, n, CodebookCount)));
            Assert.Equal(expected, codes);
            Assert.Equal(numbers.Length, bytes.Length);
            Assert.Equal(numbers.SelectMany(number => Enumerable.Range(0, 4).Select(d => ArithmeticModel.Frame(number, d, CodebookCount))), frames);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void QuickStart_OnnxRuntimesTensors_GoInAndOutWithoutArrays()
    {
        int[] numbers = [3, 250, 77];
        using var session = new InferenceSession(OnnxConvolution.Encoder(ArithmeticModel.Direction, ArithmeticModel.Dimensions));
        using var runOptions = new RunOptions();
        using var audio = OrtValue.CreateTensorValueFromMemory(
            Array.ConvertAll(numbers, number => ArithmeticModel.Factor(number, CodebookCount)), [1, 1, numbers.Length]);
        var path = Path.Combine(Path.GetTempPath(), $"rvq-quick-start-ort-{Environment.ProcessId}.safetensors");
        ArithmeticModel.Create(CodebookCount).Save(path);
        try
        {
            var (codes, frames) = Run(path, session, runOptions, new Dictionary<string, OrtValue> { ["audio"] = audio });
            Assert.Equal(Enumerable.Range(0, CodebookCount).SelectMany(n => numbers.Select(number => (long)ArithmeticModel.Code(number, n, CodebookCount))), codes);
            Assert.Equal(Enumerable.Range(0, 4).SelectMany(d => numbers.Select(number => ArithmeticModel.Frame(number, d, CodebookCount))), frames);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (long[] Codes, float[] Frames) Run(string path, InferenceSession encoder, RunOptions runOptions, Dictionary<string, OrtValue> inputs)
    {
        // README
        var model = RvqModel.Load(path).Take(8);                          // EnCodec's own checkpoint; 8 codebooks are 6 kbit/s
        var quantizer = new Quantizer(model);                             // built once, shared by all threads
        var dequantizer = new Dequantizer(model);

        using var outputs = encoder.Run(runOptions, inputs, encoder.OutputNames);
        using OrtValue codes = quantizer.Encode(outputs[0]);              // latents [B, D, T] → codes int64 [B, N, T]
        using OrtValue latents = dequantizer.Decode(codes);               // … and back: [B, D, T], the decoder's input
        // END
        return (codes.GetTensorDataAsSpan<long>().ToArray(), latents.GetTensorDataAsSpan<float>().ToArray());
    }

    private static (int[] Codes, byte[] Bytes, float[] Frames) RunWithArrays(
        string path, InferenceSession session, RunOptions runOptions, Dictionary<string, OrtValue> inputs)
    {
        // README
        var model = RvqModel.Load(path).Take(8);                          // EnCodec 24 kHz: the first 8 codebooks of [1024, 128]
        var quantizer = new Quantizer(model);                             // built once, shared by all threads
        var dequantizer = new Dequantizer(model);

        using var outputs = session.Run(runOptions, inputs, session.OutputNames);    // ONNX Runtime runs the encoder
        long[] shape = outputs[0].GetTensorTypeAndShape().Shape;          // [B, D, T]
        int[] codes = quantizer.Encode(Layouts.ChannelsFirst(outputs[0].GetTensorDataAsSpan<float>(), shape));    // [B, T, N]

        byte[] bytes = CodePacking.Pack(model, codes);                    // 10 bits a code: store or send them
        int[] received = CodePacking.Unpack(model, bytes, (int)(shape[0] * shape[2]));    // B × T frames
        float[] frames = dequantizer.Decode(received);                    // [B, T, D], for the decoder
        // END
        return (codes, bytes, frames);
    }
}
