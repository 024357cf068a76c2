using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>How the JIT is to treat the loops that all time is spent in.</summary>
internal static class InnerLoop
{
    /// <summary>
    /// A method compiled once, at its best, and on its own: inlined into its caller it would share the caller's registers and use up
    /// what the JIT is willing to inline in one method, so that its vector helpers become calls (seen to cost a factor of three).
    /// </summary>
    public const MethodImplOptions Options = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;
}
