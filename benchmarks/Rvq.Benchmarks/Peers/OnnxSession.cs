using Microsoft.ML.OnnxRuntime;

namespace Rvq.Benchmarks.Peers;

/// <summary>One ONNX Runtime session on one thread, with inputs and outputs bound to buffers before the clock runs.</summary>
internal sealed class OnnxSession<TInput, TOutput> : IDisposable
    where TInput : unmanaged
    where TOutput : unmanaged
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly List<OrtValue> _values = [];
    private readonly List<OrtIoBinding> _bindings = [];

    public OnnxSession(byte[] model)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        _session = new InferenceSession(model, options);
    }

    /// <summary>Adds one call's buffers; <see cref="Run"/> takes them by index.</summary>
    public void Bind(Memory<TInput> input, long[] inputShape, Memory<TOutput> output, long[] outputShape)
    {
        var from = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, input, inputShape);
        var to = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, output, outputShape);
        _values.AddRange([from, to]);
        var binding = _session.CreateIoBinding();
        binding.BindInput(_session.InputNames[0], from);
        binding.BindOutput(_session.OutputNames[0], to);
        _bindings.Add(binding);
    }

    public void Run(int index) => _session.RunWithBinding(_run, _bindings[index]);

    public void Dispose()
    {
        _bindings.ForEach(binding => binding.Dispose());
        _values.ForEach(value => value.Dispose());
        _run.Dispose();
        _session.Dispose();
    }
}
