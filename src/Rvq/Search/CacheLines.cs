using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>What moves between the caches at once.</summary>
internal static unsafe class CacheLines
{
    public const int Bytes = 64;

    /// <summary>Has one line on its way from memory, likewise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(address);
        }
    }

    /// <summary>Has memory on its way, where the machine takes such hints; nothing is read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* start, nint bytes)
    {
        for (nint at = 0; at < bytes && Sse.IsSupported; at += Bytes)
        {
            Sse.Prefetch1((byte*)start + at);
        }
    }
}
