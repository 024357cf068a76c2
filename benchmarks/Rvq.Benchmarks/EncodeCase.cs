using Rvq.Benchmarks.Peers;
using Rvq.Benchmarks.Shapes;
using Rvq.Search;

namespace Rvq.Benchmarks;

/// <summary>
/// One shape at one T, with every contender at hand, made when first called. Calls walk through different frames, as a stream does; buffers
/// are made beforehand.
/// </summary>
internal sealed class EncodeCase : IDisposable
{
    private const int MostCalls = 64;

    private readonly Shape _shape;
    private readonly Quantizer _quantizer;
    private readonly Lazy<OnnxSession<float, long>> _onnx;
    private readonly Lazy<TensorPrimitivesEncoder> _loop;
    private readonly int _codeCount;
    private readonly int[] _codes;
    private readonly long[] _onnxCodes;

    public EncodeCase(
        Shape shape, int frameCount, EncodeForm? form = null, QuantizerOptions? options = null, Kernel? kernel = null)
    {
        _shape = shape;
        FrameCount = shape.Round(frameCount);
        CallCount = Math.Max(1, Math.Min(MostCalls, Shape.FrameCount / FrameCount));
        _codeCount = shape.CodeCount(FrameCount);
        _codes = new int[CallCount * _codeCount];
        _onnxCodes = new long[CallCount * _codeCount];
        options ??= new QuantizerOptions();
        _quantizer = kernel is null ? new Quantizer(shape.Model, options) : new Quantizer(shape.Model, options, kernel);
        _loop = new(() => new TensorPrimitivesEncoder(shape.Model));
        _onnx = new(() =>
        {
            var onnx = new OnnxSession<float, long>(
                EncodeGraph.Build(shape.Model, FrameCount, form ?? FastestForm.Encode(shape.Model, FrameCount)));
            for (var call = 0; call < CallCount; call++)
            {
                var frames = shape.Frames.AsMemory(call * FrameCount * shape.Model.Dimensions, FrameCount * shape.Model.Dimensions);
                onnx.Bind(frames, [FrameCount, shape.Model.Dimensions], _onnxCodes.AsMemory(call * _codeCount, _codeCount), [_codeCount]);
            }

            return onnx;
        });
    }

    /// <summary>The frames of a call.</summary>
    public int FrameCount { get; }

    /// <summary>How many calls there are before the frames repeat.</summary>
    public int CallCount { get; }

    public void Rvq(int call) => _quantizer.Encode(Frames(call), _codes.AsSpan(call * _codeCount, _codeCount));

    public void OnnxRuntime(int call) => _onnx.Value.Run(call);

    public void TensorPrimitives(int call) => _loop.Value.Encode(Frames(call), _codes.AsSpan(call * _codeCount, _codeCount));

    /// <summary>The share of codes of a contender that writes ours that are ONNX Runtime's too.</summary>
    public double Agreement(Action<int> contender)
    {
        var same = 0;
        for (var call = 0; call < CallCount; call++)
        {
            contender(call);
            OnnxRuntime(call);
            var expected = StageOrder.ToBlocks<long>(_shape.Model, _onnxCodes.AsSpan(call * _codeCount, _codeCount));
            for (var i = 0; i < _codeCount; i++)
            {
                same += _codes[call * _codeCount + i] == expected[i] ? 1 : 0;
            }
        }

        return (double)same / _codes.Length;
    }

    public void Dispose()
    {
        if (_onnx.IsValueCreated)
        {
            _onnx.Value.Dispose();
        }
    }

    private ReadOnlySpan<float> Frames(int call) => _shape.FramesAt(call * FrameCount, FrameCount);
}
