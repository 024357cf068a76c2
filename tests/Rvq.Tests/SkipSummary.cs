using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(Rvq.Tests.SkipSummary))]

namespace Rvq.Tests;

/// <summary>
/// Collects why tests are skipped and leaves one line a reason beside the tests, which <c>dotnet test</c> shows at the end (see the project
/// file).
/// </summary>
public sealed class SkipSummary : IDisposable
{
    private static readonly string Summary = Path.Combine(AppContext.BaseDirectory, "skipped.txt");

    private readonly ConcurrentDictionary<string, int> _reasons = new();
    private readonly ConditionalWeakTable<Exception, object> _seen = []; // an exception that is thrown again is one skip

    public SkipSummary()
    {
        File.Delete(Summary);
        AppDomain.CurrentDomain.FirstChanceException += Record;
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.FirstChanceException -= Record;
        if (!_reasons.IsEmpty)
        {
            File.WriteAllLines(
                Summary,
                _reasons.OrderBy(reason => reason.Key, StringComparer.Ordinal).Select(reason => $"Skipped {reason.Value}: {reason.Key}"));
        }
    }

    private void Record(object? sender, FirstChanceExceptionEventArgs arguments)
    {
        // A skip is an exception whose message begins with a token.
        var exception = arguments.Exception;
        if (exception.Message.StartsWith(DynamicSkipToken.Value, StringComparison.Ordinal) && _seen.TryAdd(exception, this))
        {
            _reasons.AddOrUpdate(exception.Message[DynamicSkipToken.Value.Length..].ReplaceLineEndings(" "), 1, (_, count) => count + 1);
        }
    }
}
