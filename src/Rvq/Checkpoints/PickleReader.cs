using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Rvq.Checkpoints;

/// <summary>
/// Reads Python pickles of protocol 2 to 5 that hold nothing but data. It is a machine without calls: the few globals that it knows are imitated by
/// <see cref="PickleConstruction"/>, all others are refused by name. Nesting needs no recursion, and time and memory are bounded by the pickle's length.
/// </summary>
internal ref struct PickleReader
{
    // The longest checkpoints need some 30 operations a tensor. Each operation makes at most one small object.
    private const int MaxOperations = 2_000_000;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _pickle;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;
    private int _start;
    private long _encodable;

    private PickleReader(ReadOnlySpan<byte> pickle)
    {
        _pickle = pickle;
        _encodable = pickle.Length;
    }

    /// <summary>Reads one pickle.</summary>
    /// <param name="pickle">The bytes; what follows the pickle's end is ignored.</param>
    /// <returns>
    /// null, bool, long, double, string, byte[], List&lt;object?&gt; for lists, tuples and sets,
    /// <see cref="PickleMap"/>, <see cref="PickleArray"/>, <see cref="PickleTensor"/> and kin. Objects may contain themselves.
    /// </returns>
    /// <exception cref="InvalidDataException">The pickle is damaged or asks for more than data; the message says what and at which byte.</exception>
    public static object? Read(ReadOnlySpan<byte> pickle)
    {
        var reader = new PickleReader(pickle);
        for (var operations = 0; operations < MaxOperations; operations++)
        {
            reader._start = reader._position;
            if (reader.Step(reader.Take(1)[0]))
            {
                return reader.Pop();
            }
        }

        throw reader.Invalid($"more than {MaxOperations} operations");
    }

    /// <summary>Executes one operation; true at the end.</summary>
    private bool Step(byte operation)
    {
        switch (operation)
        {
            case 0x80: // PROTO
                if (Take(1)[0] is < 2 or > 5)
                {
                    throw Invalid("a protocol other than 2 to 5");
                }

                break;
            case 0x95: // FRAME
                Take(8);
                break;
            case (byte)'.':
                return true;
            case (byte)'(':
                _marks.Add(_stack.Count);
                break;
            case (byte)'0':
                Pop();
                break;
            case (byte)'1':
                PopToMark();
                break;
            case (byte)'2':
                _stack.Add(Peek());
                break;
            case (byte)'h' or (byte)'j': // BINGET, LONG_BINGET
                var key = operation == 'h' ? Take(1)[0] : BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                _stack.Add(_memo.TryGetValue(key, out var value) ? value : throw Invalid($"memo {key}, which was never written"));
                break;
            case (byte)'q': // BINPUT
                _memo[Take(1)[0]] = Peek();
                break;
            case (byte)'r': // LONG_BINPUT
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek();
                break;
            case 0x94: // MEMOIZE
                _memo[(uint)_memo.Count] = Peek();
                break;
            case (byte)'c': // GLOBAL
                PushGlobal(Text(Line()), Text(Line()));
                break;
            case 0x93: // STACK_GLOBAL
                PushGlobal(Pop<string>(), Pop<string>(), swapped: true);
                break;
            case (byte)'Q': // BINPERSID
                _stack.Add(PickleConstruction.Storage(Pop()) ?? throw Invalid("a persistent id that is no storage of a known type"));
                break;
            case (byte)'R': // REDUCE
                Call();
                break;
            case (byte)'b': // BUILD
                var state = Pop();
                if (!PickleConstruction.Build(Peek(), state))
                {
                    throw Invalid("a state that does not fit its object");
                }

                break;
            default:
                if (!StepConstant(operation) && !StepCollection(operation))
                {
                    throw Invalid($"the operation 0x{operation:x2}, which is not accepted");
                }

                break;
        }

        return false;
    }

    private bool StepConstant(byte operation)
    {
        _stack.Add(operation switch
        {
            (byte)'N' => null,
            0x88 => true,
            0x89 => false,
            (byte)'K' => (long)Take(1)[0],
            (byte)'M' => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
            (byte)'J' => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)),
            0x8A => Integer(Take(Take(1)[0])),
            0x8B => Integer(Take(BinaryPrimitives.ReadInt32LittleEndian(Take(4)))),
            (byte)'G' => BinaryPrimitives.ReadDoubleBigEndian(Take(8)),
            (byte)'X' => Text(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))),
            0x8C => Text(Take(Take(1)[0])),
            0x8D => Text(Take(BinaryPrimitives.ReadInt64LittleEndian(Take(8)))),
            (byte)'B' => Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))).ToArray(),
            (byte)'C' => Take(Take(1)[0]).ToArray(),
            0x8E or 0x96 => Take(BinaryPrimitives.ReadInt64LittleEndian(Take(8))).ToArray(), // BINBYTES8, BYTEARRAY8
            (byte)'T' => Encoding.Latin1.GetString(Take(BinaryPrimitives.ReadInt32LittleEndian(Take(4)))), // BINSTRING of Python 2
            (byte)'U' => Encoding.Latin1.GetString(Take(Take(1)[0])),
            (byte)']' or (byte)')' or 0x8F => new List<object?>(), // EMPTY_LIST, EMPTY_TUPLE, EMPTY_SET
            (byte)'}' => new PickleMap(),
            _ => typeof(PickleReader), // none of them
        });

        if (_stack[^1] is not Type)
        {
            return true;
        }

        _stack.RemoveAt(_stack.Count - 1);
        return false;
    }

    private bool StepCollection(byte operation)
    {
        switch (operation)
        {
            case (byte)'l' or (byte)'t' or 0x91: // LIST, TUPLE, FROZENSET
                _stack.Add(PopToMark());
                return true;
            case 0x85 or 0x86 or 0x87: // TUPLE1, 2, 3
                _stack.Add(PopLast(operation - 0x84));
                return true;
            case (byte)'a': // APPEND
                var item = Pop();
                Peek<List<object?>>().Add(item);
                return true;
            case (byte)'e' or 0x90: // APPENDS, ADDITEMS
                var items = PopToMark();
                Peek<List<object?>>().AddRange(items);
                return true;
            case (byte)'d': // DICT
                var pairs = PopToMark();
                _stack.Add(new PickleMap());
                SetItems(pairs);
                return true;
            case (byte)'s': // SETITEM
                SetItems(PopLast(2));
                return true;
            case (byte)'u': // SETITEMS
                SetItems(PopToMark());
                return true;
            default:
                return false;
        }
    }

    private void SetItems(List<object?> items)
    {
        var map = Peek<PickleMap>();
        if (items.Count % 2 != 0)
        {
            throw Invalid("a key without a value");
        }

        for (var i = 0; i < items.Count; i += 2)
        {
            map.Pairs.Add(new(items[i], items[i + 1]));
        }
    }

    private void Call()
    {
        var arguments = Pop<List<object?>>();
        var name = Pop<PickleGlobal>().Name;
        if (name == "encode" && arguments is [string text, "latin1" or "latin-1"])
        {
            // How protocol 2 keeps bytes. A text can be used many times but the bytes are new each time, so their sum is bounded.
            _encodable -= text.Length;
            _stack.Add(_encodable >= 0 ? Encoding.Latin1.GetBytes(text) : throw Invalid("more encoded bytes than the pickle is long"));
            return;
        }

        _stack.Add(PickleConstruction.Call(name, arguments) ?? throw Invalid($"a call of {name} with arguments that do not fit"));
    }

    private void PushGlobal(string module, string name, bool swapped = false)
    {
        (module, name) = swapped ? (name, module) : (module, name);
        _stack.Add(PickleConstruction.Global(module, name)
            ?? throw Invalid($"the global {TensorEntry.Quote($"{module}.{name}")}, which is not data and is refused"));
    }

    /// <summary>A long, or where it does not fit (a random seed) the double next to it.</summary>
    private readonly object Integer(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 256)
        {
            throw Invalid($"a number of {bytes.Length} bytes");
        }

        if (bytes.Length > sizeof(long))
        {
            return (double)new BigInteger(bytes);
        }

        var number = bytes.IsEmpty ? 0L : (sbyte)bytes[^1];
        for (var i = bytes.Length - 2; i >= 0; i--)
        {
            number = (number << 8) | bytes[i];
        }

        return number;
    }

    private string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Invalid("a text that is not UTF-8");
        }
    }

    private ReadOnlySpan<byte> Line()
    {
        var length = _pickle[_position..].IndexOf((byte)'\n');
        var line = Take(length < 0 ? _pickle.Length : length);
        Take(1);
        return line;
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > _pickle.Length - _position)
        {
            throw Invalid($"{count} bytes where {_pickle.Length - _position} are left");
        }

        var bytes = _pickle.Slice(_position, (int)count);
        _position += (int)count;
        return bytes;
    }

    private readonly object? Peek() => _stack.Count > Floor ? _stack[^1] : throw Invalid("an operation on an empty stack");

    private readonly T Peek<T>() => Peek() is T value ? value : throw Invalid($"an operation on something that is no {typeof(T).Name}");

    private object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private T Pop<T>()
    {
        var value = Peek<T>();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private List<object?> PopLast(int count)
    {
        if (_stack.Count - count < Floor)
        {
            throw Invalid("an operation on too few values");
        }

        var items = _stack.GetRange(_stack.Count - count, count);
        _stack.RemoveRange(_stack.Count - count, count);
        return items;
    }

    private List<object?> PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw Invalid("an operation that needs a mark");
        }

        var items = PopLast(_stack.Count - Floor);
        _marks.RemoveAt(_marks.Count - 1);
        return items;
    }

    /// <summary>What lies below the last mark is out of reach.</summary>
    private readonly int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    private readonly InvalidDataException Invalid(string what) => new($"The pickle has {what}, at its byte {_start}.");
}
