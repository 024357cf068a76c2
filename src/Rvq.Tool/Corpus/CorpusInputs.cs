namespace Rvq.Tool.Corpus;

/// <summary>Finds the inputs that are meant by files, folders and lists, in one order on every machine.</summary>
/// <param name="Extensions">The ends of the names of the files that are taken from folders.</param>
/// <param name="Root">The folder that names are relative to, or null.</param>
/// <param name="Output">The folder of outputs, of which nothing is an input, or null.</param>
internal sealed record CorpusInputs(string[] Extensions, string? Root, string? Output)
{
    private static readonly EnumerationOptions Visible = new()
    {
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        IgnoreInaccessible = false,
    };

    /// <summary>Whether an argument means more than one file.</summary>
    public static bool IsMany(string input) => input.StartsWith('@') || Directory.Exists(input);

    /// <summary>The inputs, as given; those of a folder in the order of their names' characters.</summary>
    /// <exception cref="InvalidDataException">A name leads out of the tree of outputs, or two inputs have one.</exception>
    /// <param name="inputs">Files, folders, and lists after '@'.</param>
    /// <param name="shell">Where lists are read.</param>
    /// <param name="named">Whether names matter; else a file's own is enough.</param>
    public List<CorpusItem> Find(IEnumerable<string> inputs, Shell shell, bool named = true)
    {
        var items = new List<CorpusItem>();
        foreach (var input in inputs)
        {
            if (input.StartsWith('@'))
            {
                items.AddRange(shell.Read(input[1..], ReadList).SelectMany(line => Expand(line, named)));
            }
            else
            {
                items.AddRange(Expand(input, named));
            }
        }

        return items;
    }

    private IEnumerable<CorpusItem> Expand(string input, bool named)
    {
        if (!Directory.Exists(input))
        {
            return [new CorpusItem(input, named ? NameOf(input) : WithoutExtension(Path.GetFileName(input)))];
        }

        var output = Output is null ? null : Path.GetFullPath(Output);
        return FilesOf(input, output).OrderBy(path => Relative(input, path), StringComparer.Ordinal)
            .Select(path => new CorpusItem(path, WithoutExtension(Root is null ? Relative(input, path) : NameFrom(Root, path))));
    }

    private IEnumerable<string> FilesOf(string folder, string? output)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*", Visible))
        {
            if (Extensions.Contains(Path.GetExtension(path)))
            {
                yield return path;
            }
        }

        // A link to a folder may lead back to where it lies.
        foreach (var path in Directory.EnumerateDirectories(folder, "*", Visible))
        {
            if (Path.GetFullPath(path) != output && new DirectoryInfo(path).LinkTarget is null)
            {
                foreach (var file in FilesOf(path, output))
                {
                    yield return file;
                }
            }
        }
    }

    private static List<string> ReadList(Stream stream)
    {
        var lines = new List<string>();
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Trim() is { Length: > 0 } path && !path.StartsWith('#'))
            {
                lines.Add(path);
            }
        }

        return lines;
    }

    private string NameOf(string path) => WithoutExtension(
        Root is not null ? NameFrom(Root, path)
        : Normal(path[(Path.GetPathRoot(path)?.Length ?? 0)..]) is var name && !IsOutside(name) ? name
        : throw new InvalidDataException($"{path}: It lies outside the working folder; --root says which folder names are relative to."));

    private static string NameFrom(string root, string path)
        => Relative(root, path) is var name && !IsOutside(name) && !Path.IsPathRooted(name)
            ? name
            : throw new InvalidDataException($"{path}: It does not lie in the folder '{root}' that --root gives.");

    private static string Relative(string folder, string path) => Normal(Path.GetRelativePath(folder, path));

    private static string Normal(string path)
        => string.Join('/', Resolve(path.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar)));

    private static bool IsOutside(string name) => name == ".." || name.StartsWith("../", StringComparison.Ordinal);

    private static string WithoutExtension(string name) => name[..^Path.GetExtension(name).Length];

    private static List<string> Resolve(string[] parts)
    {
        var resolved = new List<string>();
        foreach (var part in parts)
        {
            if (part == ".." && resolved.Count > 0 && resolved[^1] != "..")
            {
                resolved.RemoveAt(resolved.Count - 1);
            }
            else if (part is not ("" or "."))
            {
                resolved.Add(part);
            }
        }

        return resolved;
    }
}
