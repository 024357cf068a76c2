using System.Reflection;

namespace Rvq.Tests.Readme;

/// <summary>Every piece of C# in the README stands, line by line, in a test of this folder that runs it.</summary>
public class ReadmeTests
{
    private static readonly Assembly Here = typeof(ReadmeTests).Assembly;

    [Fact]
    public void Readme_EveryPieceOfCode_IsTestedAndEveryTestedPieceIsShown()
    {
        var shown = Pieces(Read("README.md"), "```csharp", "```").ToArray();
        var tested = Here.GetManifestResourceNames().Where(name => name.StartsWith("Readme/", StringComparison.Ordinal))
            .SelectMany(name => Pieces(Read(name), "// README", "// END")).ToArray();
        Assert.NotEmpty(shown);
        Assert.Equal(tested.Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Readme_SetUp_IsTheTwoCommands()
    {
        var commands = Assert.Single(Pieces(Read("README.md"), "```sh", "```"), piece => piece.Contains("-- demo", StringComparison.Ordinal));
        Assert.Equal("dotnet run -c Release --project src/Rvq.Tool -- demo\ndotnet test -c Release", commands);
    }

    private static IEnumerable<string> Pieces(string[] lines, string start, string end)
    {
        for (var from = Array.FindIndex(lines, line => line.Trim() == start); from >= 0;)
        {
            var to = Array.FindIndex(lines, from, line => line.Trim() == end);
            var piece = string.Join('\n', lines[(from + 1)..to]).TrimEnd().Split('\n');
            var indent = piece.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
            yield return string.Join('\n', piece.Select(line => line.Length > 0 ? line[indent..] : line));
            from = Array.FindIndex(lines, to + 1, line => line.Trim() == start);
        }
    }

    private static string[] Read(string name)
    {
        using var reader = new StreamReader(Here.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n").Split('\n');
    }
}
