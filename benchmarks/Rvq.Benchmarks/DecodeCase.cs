using Rvq.Benchmarks.Peers;
using Rvq.Benchmarks.Shapes;
using Rvq.Search;

namespace Rvq.Benchmarks;

/// <summary>Decoding one shape's codes at one T, with both contenders at hand; ONNX Runtime's session is made when first called.</summary>
internal sealed class DecodeCase : IDisposable
{
    private const int MostCalls = 64;

    private readonly Dequantizer _dequantizer;
    private readonly Lazy<OnnxSession<long, float>> _onnx;
    private readonly int _codeCount;
    private readonly int _valueCount;
    private readonly int[] _codes;
    private readonly float[] _frames;
    private readonly float[] _onnxFrames;

    public DecodeCase(Shape shape, int frameCount, DecodeForm? form = null, Kernel? kernel = null)
    {
        var model = shape.Model;
        FrameCount = shape.Round(frameCount);
        CallCount = Math.Max(1, Math.Min(MostCalls, Shape.FrameCount / FrameCount));
        _codeCount = shape.CodeCount(FrameCount);
        _valueCount = FrameCount * model.Dimensions;
        _codes = new int[CallCount * _codeCount];
        _frames = new float[CallCount * _valueCount];
        _onnxFrames = new float[CallCount * _valueCount];
        _dequantizer = kernel is null ? new Dequantizer(model) : new Dequantizer(model, kernel);
        new Quantizer(model).Encode(shape.FramesAt(0, CallCount * FrameCount), _codes.AsSpan());
        _onnx = new(() =>
        {
            var onnx = new OnnxSession<long, float>(DecodeGraph.Build(model, FrameCount, form ?? FastestForm.Decode(model, FrameCount)));
            for (var call = 0; call < CallCount; call++)
            {
                var codes = Array.ConvertAll(StageOrder.FromBlocks<int>(model, Codes(call)), code => (long)code);
                onnx.Bind(codes, [_codeCount], _onnxFrames.AsMemory(call * _valueCount, _valueCount), [FrameCount, model.Dimensions]);
            }

            return onnx;
        });
    }

    /// <summary>The frames of a call.</summary>
    public int FrameCount { get; }

    /// <summary>How many calls there are before the codes repeat.</summary>
    public int CallCount { get; }

    public void Rvq(int call) => _dequantizer.Decode(Codes(call), _frames.AsSpan(call * _valueCount, _valueCount));

    public void OnnxRuntime(int call) => _onnx.Value.Run(call);

    /// <summary>The share of values in which both contenders agree but for rounding.</summary>
    public double Agreement()
    {
        for (var call = 0; call < CallCount; call++)
        {
            Rvq(call);
            OnnxRuntime(call);
        }

        var same = 0;
        for (var i = 0; i < _frames.Length; i++)
        {
            same += MathF.Abs(_frames[i] - _onnxFrames[i]) <= 1e-4f * (1 + MathF.Abs(_onnxFrames[i])) ? 1 : 0;
        }

        return (double)same / _frames.Length;
    }

    public void Dispose()
    {
        if (_onnx.IsValueCreated)
        {
            _onnx.Value.Dispose();
        }
    }

    private ReadOnlySpan<int> Codes(int call) => _codes.AsSpan(call * _codeCount, _codeCount);
}
