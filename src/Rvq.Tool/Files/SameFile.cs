using Rvq.Files;

namespace Rvq.Tool.Files;

/// <summary>Tells whether two paths lead to one file; "-" is a standard stream.</summary>
internal static class SameFile
{
    private const string StandardInput = "/dev/stdin";
    private const string StandardOutput = "/dev/stdout";

    private static readonly StringComparison NameComparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal
        : StringComparison.OrdinalIgnoreCase;

    /// <summary>Whether an output would overwrite an input: the same regular file, whatever links lead there.</summary>
    public static bool WouldOverwrite(string output, string input)
    {
        var (source, target) = (input == "-" ? StandardInput : input, output == "-" ? StandardOutput : output);
        return FileStatus.Of(source) is { } from && FileStatus.Of(target) is { } to
            ? from.Kind == FileStatus.Regular && IsOne(from, to)
            : File.Exists(source) && File.Exists(target) && string.Equals(PhysicalPath.Of(source), PhysicalPath.Of(target), NameComparison);
    }

    /// <summary>Whether an output is the standard output, by whatever name.</summary>
    public static bool IsStandardOutput(string output)
        => output is "-" or StandardOutput or "/dev/fd/1" or "/proc/self/fd/1"
            || (FileStatus.Of(output) is { } status && FileStatus.Of(StandardOutput) is { } standard && IsOne(status, standard)
                && FileStatus.Of("/dev/null") is { } nothing && !IsOne(status, nothing));

    private static bool IsOne(FileStatus one, FileStatus other) => (one.Device, one.Number) == (other.Device, other.Number);
}
