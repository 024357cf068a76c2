namespace Rvq.Tests;

/// <summary>Finds the data that tests read: cases copied into the tests first, then <c>shared/data</c> beside the checkout.</summary>
internal static class TestData
{
    private static readonly (string Folder, string Copied)[] Copied =
        [("reference", "ReferenceData"), ("checkpoints", "CheckpointData"), ("files", "FileData")];

    /// <summary>The path of a file or folder such as <c>reference/encodec-small</c>; the test is skipped where there is none.</summary>
    public static string Path(string relative)
    {
        if (Find(relative) is { } path)
        {
            return path;
        }

        Assert.Skip($"{relative} is neither in the tests nor in shared/data beside the checkout (or in RVQ_DATA).");
        return relative;
    }

    /// <summary>The path, or null where there is no such file or folder.</summary>
    public static string? Find(string relative) => Candidates(relative).FirstOrDefault(System.IO.Path.Exists);

    private static IEnumerable<string> Candidates(string relative)
    {
        foreach (var (folder, copied) in Copied)
        {
            if (relative.StartsWith($"{folder}/", StringComparison.Ordinal))
            {
                yield return System.IO.Path.Combine(AppContext.BaseDirectory, copied, relative[(folder.Length + 1)..]);
            }
        }

        if (Environment.GetEnvironmentVariable("RVQ_DATA") is { Length: > 0 } root)
        {
            yield return System.IO.Path.Combine(root, relative);
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return System.IO.Path.Combine(folder.FullName, "shared", "data", relative);
        }
    }
}
