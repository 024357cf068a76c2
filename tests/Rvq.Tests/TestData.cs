namespace Rvq.Tests;

/// <summary>Finds the data that tests read: cases copied into the tests first, then <c>shared/data</c> beside the checkout.</summary>
internal static class TestData
{
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
        if (relative.StartsWith("reference/", StringComparison.Ordinal))
        {
            yield return System.IO.Path.Combine(AppContext.BaseDirectory, "ReferenceData", relative["reference/".Length..]);
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
