namespace Rvq.Tool.Files;

/// <summary>Reads the text of a .npy header, a Python dictionary of three known keys.</summary>
internal ref struct NpyHeaderText(string text, int offset)
{
    private const int MaxAxes = 64;
    private int _position;

    public NpyHeader Parse()
    {
        string? type = null;
        bool? fortranOrder = null;
        int[]? shape = null;
        Expect('{');
        while (!Accept('}'))
        {
            var key = Quoted();
            Expect(':');
            if (key == "descr" && type is null)
            {
                type = Accept('[') ? throw new InvalidDataException(
                    "Its values are structures of several fields; numbers alone are read, as array['field'] or "
                    + "structured_to_unstructured(array) of NumPy gives them.")
                    : Quoted();
            }
            else if (key == "fortran_order" && fortranOrder is null)
            {
                fortranOrder = Boolean();
            }
            else if (key == "shape" && shape is null)
            {
                shape = Tuple();
            }
            else
            {
                throw Fault($"has the key '{key}' twice or does not know it");
            }

            if (!Accept(','))
            {
                Expect('}');
                break;
            }
        }

        SkipSpace();
        if (_position < text.Length)
        {
            throw Fault("goes on after its end");
        }

        if (type is null || fortranOrder is null || shape is null)
        {
            throw Fault("lacks one of descr, fortran_order and shape");
        }

        if (type == "|O")
        {
            throw new InvalidDataException(
                "Its values are Python objects, as in a .dac file; floats (f2, f4, f8) and integers (i1 to i8, u1 to u8) are read.");
        }

        if (type.Length != 3 || !"<>|=".Contains(type[0]) || !"fiu".Contains(type[1]) || !"1248".Contains(type[2]) || type[1..] == "f1")
        {
            throw new InvalidDataException(
                $"Its values have the type '{type}'; floats (f2, f4, f8) and integers (i1 to i8, u1 to u8) are read.");
        }

        return new NpyHeader(type[1], type[2] - '0', type[0] == '>', fortranOrder.Value, shape);
    }

    private int[] Tuple()
    {
        var lengths = new List<int>();
        var product = 1L;
        Expect('(');
        while (!Accept(')'))
        {
            var length = Number();
            product = length > Array.MaxLength ? length : product * Math.Max(length, 1);
            if (product > Array.MaxLength || lengths.Count == MaxAxes)
            {
                throw Fault($"claims more than {Array.MaxLength} values or {MaxAxes} axes");
            }

            lengths.Add((int)length);
            if (!Accept(','))
            {
                Expect(')');
                break;
            }
        }

        return [.. lengths];
    }

    private long Number()
    {
        SkipSpace();
        var start = _position;
        while (_position < text.Length && char.IsAsciiDigit(text[_position]) && _position - start < 10)
        {
            _position++;
        }

        if (!long.TryParse(text.AsSpan(start, _position - start), out var value))
        {
            throw Fault("should have a length there");
        }

        // Python 2 wrote its long integers with an L.
        if (_position < text.Length && text[_position] == 'L')
        {
            _position++;
        }

        return value;
    }

    private bool Boolean()
    {
        SkipSpace();
        foreach (var (word, value) in (ReadOnlySpan<(string, bool)>)[("True", true), ("False", false)])
        {
            if (text.AsSpan(_position).StartsWith(word, StringComparison.Ordinal))
            {
                _position += word.Length;
                return value;
            }
        }

        throw Fault("should have True or False there");
    }

    private string Quoted()
    {
        SkipSpace();
        var quote = _position < text.Length ? text[_position] : '\0';
        var end = quote is '\'' or '"' ? text.IndexOf(quote, _position + 1) : -1;
        if (end < 0)
        {
            throw Fault("should have a quoted word there");
        }

        var word = text[(_position + 1)..end];
        _position = end + 1;
        return word;
    }

    private bool Accept(char expected)
    {
        SkipSpace();
        if (_position == text.Length || text[_position] != expected)
        {
            return false;
        }

        _position++;
        return true;
    }

    private void Expect(char expected)
    {
        if (!Accept(expected))
        {
            throw Fault($"should have '{expected}' there");
        }
    }

    private void SkipSpace()
    {
        while (_position < text.Length && text[_position] is (' ' or '\n'))
        {
            _position++;
        }
    }

    private readonly InvalidDataException Fault(string what) => new($"Its header, at byte {offset + _position}, {what}.");
}
