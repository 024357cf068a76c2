using System.Runtime.InteropServices;

namespace Rvq.Tool;

/// <summary>
/// The process's standard streams. One that the caller has closed (<c>rvq … &lt;&amp;-</c>) leaves its number to the next file that the
/// runtime opens for itself: reading it would wait for ever, writing would disturb the runtime.
/// </summary>
internal static partial class StandardStreams
{
    private const int GetFlags = 1;
    private const int CloseOnExec = 1;

    /// <summary>Where results are printed; nowhere if the stream is closed.</summary>
    public static TextWriter Output { get; } = IsGiven(1) ? Console.Out : TextWriter.Null;

    /// <summary>Where errors are printed; nowhere if the stream is closed.</summary>
    public static TextWriter Error { get; } = IsGiven(2) ? Console.Error : TextWriter.Null;

    /// <summary>Opens standard input for bytes.</summary>
    /// <exception cref="IOException">It is closed.</exception>
    public static Stream OpenInput() => IsGiven(0) ? Console.OpenStandardInput() : throw new IOException("Standard input is closed.");

    /// <summary>Opens standard output for bytes.</summary>
    /// <exception cref="IOException">It is closed.</exception>
    public static Stream OpenOutput() => IsGiven(1) ? Console.OpenStandardOutput() : throw new IOException("Standard output is closed.");

    // What the caller gave came through exec, so it is not closed there; what the runtime opens for itself is.
    private static bool IsGiven(int number)
        => OperatingSystem.IsWindows() || GetDescriptorFlags(number, GetFlags) is var flags && flags >= 0 && (flags & CloseOnExec) == 0;

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int GetDescriptorFlags(int number, int command);
}
