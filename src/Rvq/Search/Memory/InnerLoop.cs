using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>How the JIT compiles the loops that take most of the time.</summary>
internal static class InnerLoop
{
    /// <summary>
    /// Fully optimised from the first call, and not inlined: inlined, a loop would compete with its caller for registers, and for the JIT's
    /// inlining budget, beyond which its vector helpers become calls (measured: three times slower).
    /// </summary>
    public const MethodImplOptions Options = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;
}
