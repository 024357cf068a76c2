namespace Rvq.Checkpoints;

/// <summary>
/// Reads the initializers and constants of an ONNX graph (onnx.proto), by name. Elements in another file are named, not read.
/// </summary>
internal sealed class OnnxReader(JoinedStream file)
{
    private const int MaxTextBytes = 1 << 20;
    private const int MaxTensors = 1 << 16;

    private readonly List<TensorEntry> _tensors = [];

    /// <summary>Whether a file may be one: the version of the format, a small number, and then a field that a model has.</summary>
    public static bool Recognises(ReadOnlySpan<byte> start)
        => start is [8, > 0 and < 64, 0x12 or 0x1A or 0x22 or 0x28 or 0x32 or 0x3A or 0x42, ..];

    public static TensorFile Read(Stream stream)
    {
        var file = new JoinedStream(stream, 0, stream.Length);
        var reader = new OnnxReader(file);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in Protobuf.Fields(new StreamCursor(stream, "ONNX model")))
        {
            if (field is { Number: 7, Bytes: { } graph })
            {
                reader.ReadGraph(graph);
            }
            else if (field is { Number: 14, Bytes: { } pair })
            {
                var (key, value) = Pair(pair);
                metadata[key] = value;
            }
        }

        return new TensorFile(file, reader._tensors, metadata) { Format = "ONNX" };
    }

    /// <summary>A key (field 1) and its value (field 2).</summary>
    public static (string Key, string Value) Pair(StreamCursor pair)
    {
        var (key, value) = ("", "");
        foreach (var field in Protobuf.Fields(pair))
        {
            if (field is { Number: 1, Bytes: { } first })
            {
                key = Text(first);
            }
            else if (field is { Number: 2, Bytes: { } second })
            {
                value = Text(second);
            }
        }

        return (key, value);
    }

    private void ReadGraph(StreamCursor graph)
    {
        foreach (var field in Protobuf.Fields(graph))
        {
            if (field is { Number: 5, Bytes: { } initializer })
            {
                Add(OnnxTensor.Read(initializer, null, file));
            }
            else if (field is { Number: 1, Bytes: { } node })
            {
                ReadNode(node);
            }
        }
    }

    /// <summary>Keeps the value of a Constant node, under the name of its output.</summary>
    private void ReadNode(StreamCursor node)
    {
        var (type, output) = ("", "");
        var attributes = new List<StreamCursor>();
        foreach (var field in Protobuf.Fields(node))
        {
            switch (field)
            {
                case { Number: 2, Bytes: { } name }:
                    output = Text(name);
                    break;
                case { Number: 4, Bytes: { } name }:
                    type = Text(name);
                    break;
                case { Number: 5, Bytes: { } attribute }:
                    attributes.Add(attribute);
                    break;
            }
        }

        foreach (var attribute in type == "Constant" ? attributes : [])
        {
            foreach (var field in Protobuf.Fields(attribute))
            {
                if (field is { Number: 5, Bytes: { } value })
                {
                    Add(OnnxTensor.Read(value, output, file));
                }
            }
        }
    }

    private void Add(TensorEntry tensor)
        => _tensors.Add(
            _tensors.Count < MaxTensors ? tensor : throw new InvalidDataException($"The ONNX model has more than {MaxTensors} tensors."));

    private static string Text(StreamCursor value) => value.Text(value.Remaining, MaxTextBytes, "text");
}
