using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rvq.Search;

/// <summary>
/// Zeroed memory that begins at a cache line and does not move. The garbage collector owns it: whoever uses <see cref="Pointer"/> keeps the
/// buffer reachable until the last access.
/// </summary>
internal sealed unsafe class AlignedBuffer<T>
    where T : unmanaged
{
    private const int Alignment = CacheLines.Bytes;

    private readonly T[] _array;
    private readonly nint _start;

    public AlignedBuffer(long length)
    {
        var padded = length + ((Alignment + sizeof(T) - 1) / sizeof(T));
        if (padded > Array.MaxLength)
        {
            throw new ArgumentException(
                $"A table of {length} values is needed, but at most {Array.MaxLength} are possible.", nameof(length));
        }

        _array = GC.AllocateArray<T>((int)padded, pinned: true);
        Length = (int)length;
        var address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array));
        Pointer = (T*)((address + Alignment - 1) & -Alignment);
        _start = (nint)Pointer - address;
    }

    public int Length { get; }

    public T* Pointer { get; }

    /// <summary>The values; the span keeps them alive, as one made of the pointer would not.</summary>
    public Span<T> Span
        => MemoryMarshal.CreateSpan(ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(_array), _start), Length);
}
