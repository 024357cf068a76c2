using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>The unit in which memory is cached, and hints to fetch it early.</summary>
internal static unsafe class CacheLines
{
    public const int Bytes = 64;

    /// <summary>Prefetches one cache line into L2, where the machine takes such hints; any address is safe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(address);
        }
    }

    /// <summary>Prefetches all cache lines of a block of memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* start, nint bytes)
    {
        for (nint at = 0; at < bytes; at += Bytes)
        {
            Prefetch((byte*)start + at);
        }
    }
}
