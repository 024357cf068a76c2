namespace Rvq.Tests.Checkpoints;

/// <summary>The files that Fixtures/make_fixtures.py writes with Python's own pickle and zipfile.</summary>
internal static class FixtureFiles
{
    public static string Path(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Checkpoints", "Fixtures", name);
}
