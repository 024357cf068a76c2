using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Rvq.Streams;

/// <summary>
/// Writes codes, lowest bits first, through a 64-bit accumulator that is emptied by 32 bits, so that it holds at most 31 + 32.
/// </summary>
internal ref struct BitWriter(Span<byte> bytes)
{
    private readonly Span<byte> _bytes = bytes;
    private ulong _accumulator;
    private int _held;
    private int _at;

    /// <summary>Writes a code that fits in <paramref name="width"/> bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ulong code, int width)
    {
        _accumulator |= code << _held;
        _held += width;
        if (_held >= 32)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes[_at..], (uint)_accumulator);
            _accumulator >>= 32;
            _held -= 32;
            _at += 4;
        }
    }

    /// <summary>Writes what is held, filled up with zero bits.</summary>
    public void Finish()
    {
        for (; _held > 0; _held -= 8, _accumulator >>= 8)
        {
            _bytes[_at++] = (byte)_accumulator;
        }
    }
}
