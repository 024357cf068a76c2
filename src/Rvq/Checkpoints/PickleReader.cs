using System.Text;

namespace Rvq.Checkpoints;

/// <summary>
/// Reads Python pickles of protocol 2 to 5. It is a machine without calls: the few globals that it knows are imitated by
/// <see cref="PickleConstruction"/>, all others make objects that do nothing. Nesting needs no recursion, and time and memory are bounded
/// by the pickle's length.
/// </summary>
internal ref struct PickleReader
{
    // Each operation makes at most one small object. The longest real pickles are training histories, which need two bytes or more an
    // operation.
    private const int FreeOperations = 2_000_000;
    private const int MaxTensors = 1 << 16;

    private static readonly object NoConstant = new();

    private readonly PickleStack _stack = new();
    private readonly Dictionary<uint, object?> _memo = [];
    private readonly List<PickleStorage> _storages;
    private PickleInput _input;
    private long _copyable;
    private int _tensors;

    private PickleReader(ReadOnlySpan<byte> pickle, List<PickleStorage> storages)
    {
        _storages = storages;
        _input = new PickleInput(pickle);
        _copyable = pickle.Length;
    }

    /// <summary>Reads one pickle; what follows it is ignored.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, List{PickleStorage}, out int)"/>
    public static object? Read(ReadOnlySpan<byte> pickle) => Read(pickle, [], out _);

    /// <summary>Reads one pickle.</summary>
    /// <param name="pickle">The bytes, from the pickle's start.</param>
    /// <param name="storages">Gets the PyTorch storages that the pickle names, in its order, each time that it does.</param>
    /// <param name="length">The pickle's length in bytes.</param>
    /// <returns>
    /// null, bool, long, double, string, byte[], List&lt;object?&gt; for lists, tuples and sets,
    /// <see cref="PickleMap"/>, <see cref="PickleArray"/>, <see cref="PickleTensor"/> and kin. Objects may contain themselves.
    /// </returns>
    /// <exception cref="InvalidDataException">The pickle is damaged; the message says what and at which byte.</exception>
    public static object? Read(ReadOnlySpan<byte> pickle, List<PickleStorage> storages, out int length)
    {
        var reader = new PickleReader(pickle, storages);
        var start = 0;
        try
        {
            for (var operations = FreeOperations + (pickle.Length / 2); operations > 0; operations--)
            {
                start = reader._input.Position;
                if (reader.Step(reader._input.Byte()))
                {
                    length = reader._input.Position;
                    return reader._stack.Pop();
                }
            }

            throw new InvalidDataException($"more than {FreeOperations + (pickle.Length / 2)} operations");
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
                var storage = PickleConstruction.Storage(_stack.Pop());
                _stack.Push(storage);
                if (storage is PickleStorage known)
                {
                    _storages.Add(known);
                }

                break;
            case (byte)'R' or 0x81: // REDUCE, NEWOBJ
                Call(_stack.Pop<List<object?>>());
                break;
            case 0x92: // NEWOBJ_EX
                _stack.Pop(); // arguments by name
                Call(_stack.Pop<List<object?>>());
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
                _stack.Push(
                    _memo.TryGetValue(key, out var value) ? value : throw new InvalidDataException($"memo {key}, which was never written"));
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
                Elements().Add(item);
                return true;
            case (byte)'e' or 0x90: // APPENDS, ADDITEMS
                var items = _stack.PopToMark();
                Elements().AddRange(items);
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
        var map = _stack.Peek() is PickleObject unknown ? unknown.Items : _stack.Peek<PickleMap>();
        if (items.Count % 2 != 0)
        {
            throw new InvalidDataException("a key without a value");
        }

        for (var i = 0; i < items.Count; i += 2)
        {
            map.Pairs.Add(new(items[i], items[i + 1]));
        }
    }

    private readonly List<object?> Elements() => _stack.Peek() is PickleObject unknown ? unknown.Elements : _stack.Peek<List<object?>>();

    private void Call(List<object?> arguments)
    {
        var callable = _stack.Pop();
        if (callable is PickleObject unknown)
        {
            _stack.Push(new PickleObject(unknown.Name));
            return;
        }

        var name = callable is PickleGlobal global ? global.Name
            : throw new InvalidDataException("a call of something that is no PickleGlobal");
        if (name == "encode" && arguments is [string text, "latin1" or "latin-1"])
        {
            Spend(text.Length); // how protocol 2 keeps bytes
            _stack.Push(Encoding.Latin1.GetBytes(text));
            return;
        }

        if (name == "dict" && arguments is [List<object?> pairs])
        {
            Spend(pairs.Count);
        }

        var made = PickleConstruction.Call(name, arguments)
            ?? throw new InvalidDataException($"a call of {name} with arguments that do not fit");
        if (made is PickleTensor or PickleUnread && ++_tensors > MaxTensors)
        {
            throw new InvalidDataException($"more than {MaxTensors} tensors");
        }

        _stack.Push(made);
    }

    // An argument can be used many times but a copy is new each time, so their sum is bounded.
    private void Spend(int count)
    {
        _copyable -= count;
        if (_copyable < 0)
        {
            throw new InvalidDataException("more copied values than the pickle is long");
        }
    }

    private readonly void PushGlobal(string module, string name) => _stack.Push(PickleConstruction.Global(module, name));
}
