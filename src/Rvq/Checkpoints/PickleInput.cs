using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Rvq.Checkpoints;

/// <summary>Reads the arguments of a pickle's operations, every length checked against the bytes that are left.</summary>
internal ref struct PickleInput(ReadOnlySpan<byte> pickle)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _pickle = pickle;

    public int Position { get; private set; }

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double)));

    /// <summary>
    /// A number of that many bytes in two's complement: a long, or where it does not fit (a random seed) the double next to it.
    /// </summary>
    public object Integer(int length)
    {
        var bytes = Take(length);
        if (length > 256)
        {
            throw new InvalidDataException($"a number of {length} bytes");
        }

        if (length > sizeof(long))
        {
            return (double)new BigInteger(bytes);
        }

        var number = length == 0 ? 0L : (sbyte)bytes[^1];
        for (var i = length - 2; i >= 0; i--)
        {
            number = (number << 8) | bytes[i];
        }

        return number;
    }

    public string Text(long length) => Text(Take(length));

    /// <summary>A text of Python 2, whose bytes have no encoding.</summary>
    public string Latin1(long length) => Encoding.Latin1.GetString(Take(length));

    public byte[] Bytes(long length) => Take(length).ToArray();

    /// <summary>The text up to the end of the line.</summary>
    public string Line()
    {
        var length = _pickle[Position..].IndexOf((byte)'\n');
        var line = Text(Take(length < 0 ? _pickle.Length : length));
        Position++;
        return line;
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException("a text that is not UTF-8");
        }
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > _pickle.Length - Position)
        {
            throw new InvalidDataException($"{count} bytes where {_pickle.Length - Position} are left");
        }

        var bytes = _pickle.Slice(Position, (int)count);
        Position += (int)count;
        return bytes;
    }
}
