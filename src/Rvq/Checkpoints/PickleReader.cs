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

    private static readonly object NoConstant = new();

    private readonly PickleStack _stack = new();
    private readonly Dictionary<uint, object?> _memo = [];
    private PickleInput _input;
    private long _encodable;

    private PickleReader(ReadOnlySpan<byte> pickle)
    {
        _input = new PickleInput(pickle);
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
        var start = 0;
        try
        {
            for (var operations = 0; operations < MaxOperations; operations++)
            {
                start = reader._input.Position;
                if (reader.Step(reader._input.Byte()))
                {
                    return reader._stack.Pop();
                }
            }

            throw new InvalidDataException($"more than {MaxOperations} operations");
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"The pickle has {e.Message}, at its byte {start}.", e);
        }
    }

    /// <summary>Executes one operation; true at the end.</summary>
    private bool Step(byte operation)
    {
        switch (operation)
        {
            case (byte)'.':
                return true;
            case 0x80: // PROTO
                if (_input.Byte() is < 2 or > 5)
                {
                    throw new InvalidDataException("a protocol other than 2 to 5");
                }

                break;
            case 0x95: // FRAME
                _input.Int64();
                break;
            case (byte)'0': // POP
                _stack.Pop();
                break;
            case (byte)'c': // GLOBAL
                PushGlobal(_input.Line(), _input.Line());
                break;
            case 0x93: // STACK_GLOBAL
                var name = _stack.Pop<string>();
                PushGlobal(_stack.Pop<string>(), name);
                break;
            case (byte)'Q': // BINPERSID
                _stack.Push(PickleConstruction.Storage(_stack.Pop())
                    ?? throw new InvalidDataException("a persistent id that is no storage of a known type"));
                break;
            case (byte)'R': // REDUCE
                Call();
                break;
            case (byte)'b': // BUILD
                var state = _stack.Pop();
                if (!PickleConstruction.Build(_stack.Peek(), state))
                {
                    throw new InvalidDataException("a state that does not fit its object");
                }

                break;
            default:
                if (!StepMemo(operation) && !StepConstant(operation) && !StepCollection(operation))
                {
                    throw new InvalidDataException($"the operation 0x{operation:x2}, which is not accepted");
                }

                break;
        }

        return false;
    }

    private bool StepMemo(byte operation)
    {
        switch (operation)
        {
            case (byte)'h' or (byte)'j': // BINGET, LONG_BINGET
                var key = operation == 'h' ? _input.Byte() : _input.UInt32();
                _stack.Push(_memo.TryGetValue(key, out var value) ? value : throw new InvalidDataException($"memo {key}, which was never written"));
                return true;
            case (byte)'q': // BINPUT
                _memo[_input.Byte()] = _stack.Peek();
                return true;
            case (byte)'r': // LONG_BINPUT
                _memo[_input.UInt32()] = _stack.Peek();
                return true;
            case 0x94: // MEMOIZE
                _memo[(uint)_memo.Count] = _stack.Peek();
                return true;
            case (byte)'2': // DUP
                _stack.Push(_stack.Peek());
                return true;
            default:
                return false;
        }
    }

    private bool StepConstant(byte operation)
    {
        var constant = operation switch
        {
            (byte)'N' => null,
            0x88 => true,
            0x89 => false,
            (byte)'K' => (long)_input.Byte(),
            (byte)'M' => (long)_input.UInt16(),
            (byte)'J' => (long)_input.Int32(),
            0x8A => _input.Integer(_input.Byte()), // LONG1
            0x8B => _input.Integer(_input.Int32()), // LONG4
            (byte)'G' => _input.Double(),
            (byte)'X' => _input.Text(_input.UInt32()),
            0x8C => _input.Text(_input.Byte()),
            0x8D => _input.Text(_input.Int64()),
            (byte)'B' => _input.Bytes(_input.UInt32()),
            (byte)'C' => _input.Bytes(_input.Byte()),
            0x8E or 0x96 => _input.Bytes(_input.Int64()), // BINBYTES8, BYTEARRAY8
            (byte)'T' => _input.Latin1(_input.Int32()), // BINSTRING
            (byte)'U' => _input.Latin1(_input.Byte()), // SHORT_BINSTRING
            (byte)']' or (byte)')' or 0x8F => new List<object?>(), // EMPTY_LIST, EMPTY_TUPLE, EMPTY_SET
            (byte)'}' => new PickleMap(), // EMPTY_DICT
            _ => NoConstant,
        };
        if (constant == NoConstant)
        {
            return false;
        }

        _stack.Push(constant);
        return true;
    }

    private bool StepCollection(byte operation)
    {
        switch (operation)
        {
            case (byte)'(': // MARK
                _stack.Mark();
                return true;
            case (byte)'1': // POP_MARK
                _stack.PopToMark();
                return true;
            case (byte)'l' or (byte)'t' or 0x91: // LIST, TUPLE, FROZENSET
                _stack.Push(_stack.PopToMark());
                return true;
            case 0x85 or 0x86 or 0x87: // TUPLE1, 2, 3
                _stack.Push(_stack.PopLast(operation - 0x84));
                return true;
            case (byte)'a': // APPEND
                var item = _stack.Pop();
                _stack.Peek<List<object?>>().Add(item);
                return true;
            case (byte)'e' or 0x90: // APPENDS, ADDITEMS
                var items = _stack.PopToMark();
                _stack.Peek<List<object?>>().AddRange(items);
                return true;
            case (byte)'d': // DICT
                var pairs = _stack.PopToMark();
                _stack.Push(new PickleMap());
                SetItems(pairs);
                return true;
            case (byte)'s': // SETITEM
                SetItems(_stack.PopLast(2));
                return true;
            case (byte)'u': // SETITEMS
                SetItems(_stack.PopToMark());
                return true;
            default:
                return false;
        }
    }

    private readonly void SetItems(List<object?> items)
    {
        var map = _stack.Peek<PickleMap>();
        if (items.Count % 2 != 0)
        {
            throw new InvalidDataException("a key without a value");
        }

        for (var i = 0; i < items.Count; i += 2)
        {
            map.Pairs.Add(new(items[i], items[i + 1]));
        }
    }

    private void Call()
    {
        var arguments = _stack.Pop<List<object?>>();
        var name = _stack.Pop<PickleGlobal>().Name;
        if (name == "encode" && arguments is [string text, "latin1" or "latin-1"])
        {
            // How protocol 2 keeps bytes. A text can be used many times but the bytes are new each time, so their sum is bounded.
            _encodable -= text.Length;
            _stack.Push(_encodable >= 0 ? Encoding.Latin1.GetBytes(text) : throw new InvalidDataException("more encoded bytes than the pickle is long"));
            return;
        }

        _stack.Push(PickleConstruction.Call(name, arguments) ?? throw new InvalidDataException($"a call of {name} with arguments that do not fit"));
    }

    private readonly void PushGlobal(string module, string name)
        => _stack.Push(PickleConstruction.Global(module, name)
            ?? throw new InvalidDataException($"the global {TensorEntry.Quote($"{module}.{name}")}, which is not data and is refused"));
}
