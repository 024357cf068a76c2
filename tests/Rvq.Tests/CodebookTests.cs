using System.Runtime.CompilerServices;

namespace Rvq.Tests;

public sealed class CodebookTests
{
    /// <summary>A span is all that a caller may keep of a codebook.</summary>
    [Fact]
    public void Row_CodebookUnreachable_StaysAlive()
    {
        var row = Row();
        for (var i = 0; i < 20; i++)
        {
            GC.Collect();
            GC.KeepAlive(new Codebook(Enumerable.Repeat(2f, 4096).ToArray(), 4096));
        }

        Assert.True(row.IndexOfAnyExcept(1f) < 0, "The codeword's memory was given to another.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ReadOnlySpan<float> Row() => new Codebook(Enumerable.Repeat(1f, 4096).ToArray(), 4096)[0];
}
