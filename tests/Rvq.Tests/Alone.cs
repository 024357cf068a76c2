namespace Rvq.Tests;

/// <summary>The collection of tests that look at the whole process's memory: while they run, no other does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
