using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvq.Search;

namespace Rvq.Tests.Search;

public sealed unsafe class AlignedBufferTests
{
    [Fact]
    public void Span_ValuesOfAnySize_BeginsAtThePointer()
    {
        // A pinned array begins at a multiple of eight bytes, but not of twelve, sixteen or more.
        for (var length = 0; length < 40; length++)
        {
            AssertSame<byte>(length);
            AssertSame<double>(length);
            AssertSame<(int, int, int)>(length);
            AssertSame<UInt128>(length);
            AssertSame<(long, long, long, long, byte)>(length);
            AssertSame<(UInt128, UInt128, UInt128, UInt128, UInt128)>(length);
        }
    }

    private static void AssertSame<T>(int length)
        where T : unmanaged
    {
        var buffer = new AlignedBuffer<T>(length);
        Assert.Equal(length, buffer.Span.Length);
        Assert.Equal(0, (nint)buffer.Pointer % CacheLines.Bytes);
        Assert.True(Unsafe.AreSame(ref *buffer.Pointer, ref MemoryMarshal.GetReference(buffer.Span)));
        buffer.Span.Clear();
        GC.KeepAlive(buffer);
    }
}
