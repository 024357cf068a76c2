using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>What moves between the caches at once.</summary>
internal static unsafe class CacheLines
{
    public const int Bytes = 64;

    /// <summary>Has a line on its way from memory, where the machine takes such hints; nothing is read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(address);
        }
    }

    /// <summary>Has all lines of some memory on their way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* start, nint bytes)
    {
        for (nint at = 0; at < bytes; at += Bytes)
        {
            Prefetch((byte*)start + at);
        }
    }
}
