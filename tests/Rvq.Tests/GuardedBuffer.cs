using System.Runtime.InteropServices;

namespace Rvq.Tests;

/// <summary>
/// Memory with a page on either side that cannot be touched. It lies right before the one or right behind the other, so that the first
/// access out of bounds ends the process. What of its pages it does not use is filled with 0xFF: NaN as float32.
/// </summary>
internal sealed unsafe class GuardedBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly byte* _mapping;
    private readonly nuint _size;

    public GuardedBuffer(int length, bool atEnd)
    {
        var page = (nuint)Environment.SystemPageSize;
        var bytes = (nuint)length * (nuint)sizeof(T);
        var inner = Math.Max((bytes + page - 1) / page, 1) * page;
        _size = inner + (2 * page);
        _mapping = GuardPages.Map(_size);
        GuardPages.Protect(_mapping, page);
        GuardPages.Protect(_mapping + page + inner, page);
        NativeMemory.Fill(_mapping + page, inner, 0xFF);
        Length = length;
        Pointer = (T*)(_mapping + page + (atEnd ? inner - bytes : 0));
    }

    public GuardedBuffer(ReadOnlySpan<T> values, bool atEnd)
        : this(values.Length, atEnd)
        => values.CopyTo(Span);

    public GuardedBuffer(T* values, int length, bool atEnd)
        : this(new ReadOnlySpan<T>(values, length), atEnd)
    {
    }

    public int Length { get; }

    public T* Pointer { get; }

    public Span<T> Span => new(Pointer, Length);

    public void Dispose() => GuardPages.Unmap(_mapping, _size);
}

/// <summary>What the operating system calls all that.</summary>
internal static unsafe partial class GuardPages
{
    public static byte* Map(nuint size)
    {
        var address = OperatingSystem.IsWindows()
            ? VirtualAlloc(0, size, 0x3000 /* reserve and commit */, 4 /* read and write */)
            : Mmap(0, size, 3 /* read and write */, OperatingSystem.IsMacOS() ? 0x1002 : 0x22 /* private and anonymous */, -1, 0);
        Assert.True(address is not (0 or -1), $"No memory: {Marshal.GetLastPInvokeErrorMessage()}");
        return (byte*)address;
    }

    public static void Protect(byte* address, nuint size)
        => Assert.True(
            OperatingSystem.IsWindows()
                ? VirtualProtect((nint)address, size, 1 /* no access */, out _) != 0
                : Mprotect((nint)address, size, 0) == 0,
            $"No protection: {Marshal.GetLastPInvokeErrorMessage()}");

    public static void Unmap(byte* address, nuint size)
        => Assert.True(
            OperatingSystem.IsWindows() ? VirtualFree((nint)address, 0, 0x8000 /* release */) != 0 : Munmap((nint)address, size) == 0);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Mmap(nint address, nuint size, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Mprotect(nint address, nuint size, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Munmap(nint address, nuint size);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial nint VirtualAlloc(nint address, nuint size, uint type, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualProtect(nint address, nuint size, uint protection, out uint before);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualFree(nint address, nuint size, uint type);
}
