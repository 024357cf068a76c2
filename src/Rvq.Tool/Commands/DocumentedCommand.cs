using System.CommandLine;

namespace Rvq.Tool.Commands;

/// <summary>A command whose help ends with examples, and with what <c>--json</c> prints.</summary>
internal sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    /// <summary>Command lines to copy.</summary>
    public required IReadOnlyList<string> Examples { get; init; }

    /// <summary>The properties of the document that <c>--json</c> prints; null where there is none.</summary>
    public string? Json { get; init; }
}
