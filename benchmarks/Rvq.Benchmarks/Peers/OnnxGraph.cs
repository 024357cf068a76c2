using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Rvq.Benchmarks.Peers;

/// <summary>Builds an ONNX model in memory: nodes and initializers in, the bytes of a ModelProto out.</summary>
internal sealed class OnnxGraph
{
    public const int Float = 1;
    public const int Int64 = 7;

    private const int IrVersion = 8;
    private const int OpsetVersion = 18;

    private readonly Proto _graph = new();
    private int _names;

    /// <summary>Declares an input of the graph with a fixed shape.</summary>
    public string Input(string name, int type, params ReadOnlySpan<int> shape) => Value(11, name, type, shape);

    /// <summary>Declares a value to be an output of the graph.</summary>
    public string Output(string name, int type, params ReadOnlySpan<int> shape) => Value(12, name, type, shape);

    public string Constant(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
        => Constant(Float, MemoryMarshal.AsBytes(values), shape);

    public string Integers(params ReadOnlySpan<long> values) => Constant(Int64, MemoryMarshal.AsBytes(values), values.Length);

    /// <summary>Adds a node with one output and integer attributes.</summary>
    public string Node(string type, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, int Value)> attributes)
        => Node(type, inputs, 1, attributes)[0];

    /// <summary>Adds a node with several outputs and integer attributes.</summary>
    public string[] Node(
        string type, ReadOnlySpan<string> inputs, int outputCount, params ReadOnlySpan<(string Name, int Value)> attributes)
    {
        var node = new Proto();
        foreach (var input in inputs)
        {
            node.String(1, input);
        }

        var outputs = new string[outputCount];
        for (var i = 0; i < outputCount; i++)
        {
            node.String(2, outputs[i] = NewName());
        }

        node.String(4, type);
        foreach (var (name, value) in attributes)
        {
            var attribute = new Proto();
            attribute.String(1, name);
            attribute.Integer(3, value);
            attribute.Integer(20, 2); // AttributeProto.INT
            node.Message(5, attribute);
        }

        _graph.Message(1, node);
        return outputs;
    }

    /// <summary>Gives a value the name under which it is an output.</summary>
    public void NameOutput(string value, string name, int type, params ReadOnlySpan<int> shape)
    {
        var node = new Proto();
        node.String(1, value);
        node.String(2, name);
        node.String(4, "Identity");
        _graph.Message(1, node);
        Output(name, type, shape);
    }

    public byte[] ToModel()
    {
        _graph.String(2, "rvq");
        var opset = new Proto();
        opset.String(1, "");
        opset.Integer(2, OpsetVersion);
        var model = new Proto();
        model.Integer(1, IrVersion);
        model.Message(7, _graph);
        model.Message(8, opset);
        return model.ToArray();
    }

    private string Constant(int type, ReadOnlySpan<byte> bytes, params ReadOnlySpan<int> shape)
    {
        var tensor = new Proto();
        foreach (var length in shape)
        {
            tensor.Integer(1, length);
        }

        var name = NewName();
        tensor.Integer(2, type);
        tensor.String(8, name);
        tensor.Bytes(9, bytes);
        _graph.Message(5, tensor);
        return name;
    }

    private string Value(int field, string name, int type, ReadOnlySpan<int> shape)
    {
        var dimensions = new Proto();
        foreach (var length in shape)
        {
            var dimension = new Proto();
            dimension.Integer(1, length);
            dimensions.Message(1, dimension);
        }

        var tensor = new Proto();
        tensor.Integer(1, type);
        tensor.Message(2, dimensions);
        var valueType = new Proto();
        valueType.Message(1, tensor);
        var value = new Proto();
        value.String(1, name);
        value.Message(2, valueType);
        _graph.Message(field, value);
        return name;
    }

    private string NewName() => $"v{_names++}";

    /// <summary>The fields of one protobuf message.</summary>
    private sealed class Proto
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public void Integer(int field, long value)
        {
            Varint((uint)field << 3);
            Varint((ulong)value);
        }

        public void String(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public void Message(int field, Proto message) => Bytes(field, message._bytes.WrittenSpan);

        public void Bytes(int field, ReadOnlySpan<byte> value)
        {
            Varint(((uint)field << 3) | 2);
            Varint((ulong)value.Length);
            _bytes.Write(value);
        }

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                _bytes.Write([(byte)(value | 0x80)]);
            }

            _bytes.Write([(byte)value]);
        }
    }
}
