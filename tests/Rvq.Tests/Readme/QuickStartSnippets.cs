using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Rvq.Streams;
using Rvq.Tests.Tool;

namespace Rvq.Tests.Readme;

/// <summary>The README's first code, with a real ONNX Runtime session.</summary>
public class QuickStartSnippets
{
    private const int CodebookCount = 8;

    [Fact]
    public void QuickStart_ArithmeticModel_GivesTheCodesAndFramesOfArithmetic()
    {
        int[] numbers = [0, 255, 7, 128, 99, 200, 13];
        using var session = new InferenceSession(OnnxEncoder.Create(ArithmeticModel.Direction));
        using var runOptions = new RunOptions();
        using var audio = OrtValue.CreateTensorValueFromMemory(
            Array.ConvertAll(numbers, number => ArithmeticModel.Factor(number, CodebookCount)), [1, 1, numbers.Length]);
        var inputs = new Dictionary<string, OrtValue> { ["audio"] = audio };
        var path = Path.Combine(Path.GetTempPath(), $"rvq-quick-start-{Environment.ProcessId}.safetensors");
        ArithmeticModel.Create(CodebookCount).Save(path);
        try
        {
            var (codes, bytes, frames) = Run(path, session, runOptions, inputs);
            var expected = numbers.SelectMany(number => Enumerable.Range(0, CodebookCount).Select(n => ArithmeticModel.Code(number, n, CodebookCount)));
            Assert.Equal(expected, codes);
            Assert.Equal(70, bytes.Length);
            Assert.Equal(numbers.SelectMany(number => Enumerable.Range(0, 4).Select(d => ArithmeticModel.Frame(number, d, CodebookCount))), frames);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (int[] Codes, byte[] Bytes, float[] Frames) Run(
        string path, InferenceSession session, RunOptions runOptions, Dictionary<string, OrtValue> inputs)
    {
        // README
        var model = RvqModel.Load(path).Take(8);                          // EnCodec 24 kHz: the first 8 codebooks of [1024, 128]
        var quantizer = new Quantizer(model);                             // built once, shared by all threads
        var dequantizer = new Dequantizer(model);

        using var outputs = session.Run(runOptions, inputs, session.OutputNames);    // ONNX Runtime runs the encoder
        var latent = outputs[0].GetTensorDataAsSpan<float>();             // [1, D, T]
        int d = model.Dimensions, n = model.CodebookCount, t = latent.Length / d;
        var codes = new int[t * n];                                       // [T, N]
        quantizer.Encode(new ReadOnlyTensorSpan<float>(latent, [t, d], [1, t]), new TensorSpan<int>(codes, [t, n]));

        var bytes = new byte[CodePacking.GetByteCount(codes.Length, 10)]; // 10 bits a code
        CodePacking.Pack<int>(codes, 10, bytes);                          // … store or send them …
        var received = new int[codes.Length];
        CodePacking.Unpack<int>(bytes, 10, received);                     // [T, N]
        float[] frames = dequantizer.Decode(received);                    // [T, D], for the decoder
        // END
        return (codes, bytes, frames);
    }
}
