namespace Rvq.Tests.Tool.Corpus;

/// <summary>Waits for what another process does.</summary>
internal static class Wait
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Waits until something is so; fails where it does not become so.</summary>
    /// <param name="isSo">Whether it is.</param>
    /// <param name="state">What there is to say where it never is.</param>
    public static async Task Until(Func<bool> isSo, Func<string>? state = null)
    {
        for (var end = DateTime.UtcNow + Patience; !isSo(); await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            if (DateTime.UtcNow > end)
            {
                Assert.Fail($"What was waited for did not happen. {state?.Invoke()}");
            }
        }
    }
}
