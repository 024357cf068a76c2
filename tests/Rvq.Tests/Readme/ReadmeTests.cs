using System.Reflection;
using Rvq.Tests.Checkpoints;

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
        var commands = Assert.Single(
            Pieces(Read("README.md"), "```sh", "```"), piece => piece.Contains("-- demo", StringComparison.Ordinal));
        Assert.Equal("dotnet run -c Release --project src/Rvq.Tool -- demo\ndotnet test -c Release", commands);
    }

    [Fact]
    public void Readme_TableOfCodecs_NamesEveryFamilyAndTheOptionsThatThereAre()
    {
        // The message for a family that there is not lists those that there are; these two are only there to be refused.
        var model = TensorBytes.Safetensors([TensorBytes.Single("codebooks", [1, 2, 1], 0, 1)]);
        var message = Assert.Throws<InvalidDataException>(
            () => RvqModel.Load(new MemoryStream(model), new LoadOptions { Family = "?" })).Message;
        var families = message[(message.IndexOf("known are ", StringComparison.Ordinal) + 10)..].TrimEnd('.').Split(", ").Except(
            ["RandomProjectionQuantizer", "DALL-E"]);

        var lines = Read("README.md");
        var rows = lines.SkipWhile(line => line != "| `Family`: what loads | needs |").Skip(2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|')).ToArray();
        Assert.InRange(rows.Length, 10, 25);
        Assert.Equal(families.Order(StringComparer.Ordinal), rows.SelectMany(row => Quoted(row[1])).Order(StringComparer.Ordinal));
        var options = typeof(LoadOptions).GetProperties().Select(property => property.Name).Append("config.json");
        Assert.All(rows.SelectMany(row => Quoted(row[2])), need => Assert.Contains(need, options));
    }

    private static IEnumerable<string> Quoted(string cell) => cell.Split('`').Where((_, i) => i % 2 == 1);

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
