using System.Diagnostics;

namespace Rvq.Tests.Tool.Corpus;

/// <summary>A run that is killed in the middle. An input that is a pipe without a writer makes it wait there for ever.</summary>
public sealed class KilledRunTests : IDisposable
{
    private readonly ToolRun _tool = new();

    [Theory]
    [InlineData("npy")]
    [InlineData("rvq")]
    [InlineData("parquet")]
    public async Task Encode_Killed_LeavesNoHalfOutputAndEndsTheSameWhenRunAgain(string format)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pipes with names are Unix's.");
        var (model, corpus, killed) = (_tool.File("model.safetensors"), _tool.File("corpus"), _tool.File("killed"));
        ArithmeticModel.Create().Save(model);
        CorpusTree.Write(corpus);
        _tool.Succeed("encode", model, corpus, "--output-dir", _tool.File("whole"), "--format", format);
        var whole = CorpusTree.Hashes(_tool.File("whole"));

        var blocked = Path.Combine(corpus, "x/y.npy");
        File.Move(blocked, _tool.File("y.npy"));
        using (var pipe = Process.Start("mkfifo", [blocked]))
        {
            await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        string[] command = ["encode", model, corpus, "--output-dir", killed, "--format", format, "--resume", "--threads", "2"];
        using (var process = Process.Start(
            new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Rvq.Tool"), command) { RedirectStandardError = true })!)
        {
            try
            {
                await Wait.Until(() => whole.Keys.Count(name => File.Exists(Path.Combine(killed, name))) == whole.Count - 1
                    && Directory.Exists(Path.Combine(killed, "x"))
                    && Directory.EnumerateFiles(Path.Combine(killed, "x"), "*.tmp", new EnumerationOptions { AttributesToSkip = 0 }).Any());
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            }
        }

        // What is there is whole, but for the file that the run was writing, which has no output's name.
        var left = CorpusTree.Hashes(killed);
        Assert.Single(left.Keys, name => !whole.ContainsKey(name)
            && Path.GetFileName(name) is ['.', 'r', 'v', 'q', '-', .., '.', 't', 'm', 'p']);
        Assert.Equal(whole.Count, left.Count);
        Assert.All(left.Where(file => whole.ContainsKey(file.Key)), file => Assert.Equal(whole[file.Key], file.Value));

        File.Delete(blocked);
        File.Move(_tool.File("y.npy"), blocked);
        _tool.Succeed(command);
        Assert.Contains("1 of 8 inputs written, 7 that were there skipped", _tool.Output, StringComparison.Ordinal);
        Assert.Equal(whole, CorpusTree.Hashes(killed));
    }

    public void Dispose() => _tool.Dispose();
}
