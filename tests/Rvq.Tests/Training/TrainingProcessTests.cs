using System.Diagnostics;
using Rvq.Training;

namespace Rvq.Tests.Training;

/// <summary>
/// Two processes of this machine, one of them without vector instructions, as another machine's would be, train what one process trains.
/// </summary>
public sealed class TrainingProcessTests
{
    [Fact]
    public async Task Train_TwoProcesses_GiveTheFilesOfOne()
    {
        var executable = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Rvq.Tests.exe" : "Rvq.Tests");
        Assert.SkipUnless(File.Exists(executable), $"{executable} is not there to be started.");
        var folder = Directory.CreateTempSubdirectory("rvq-training-");
        try
        {
            using var first = Start(executable, 0, folder.FullName);
            using var second = Start(executable, 1, folder.FullName);
            await Task.Run(() => Relay(first, second), TestContext.Current.CancellationToken);
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
            await second.WaitForExitAsync(TestContext.Current.CancellationToken);

            var model = RvqTrainer.Train(TrainingWorker.Frames(0), TrainingWorker.Dimensions, TrainingWorker.Offline,
                cancellationToken: TestContext.Current.CancellationToken);
            model.Save(Path.Combine(folder.FullName, "model"));
            var trainer = EmaTrainer.From(model, TrainingWorker.Online);
            var replaced = 0;
            for (var step = 1; step <= TrainingWorker.Steps; step++)
            {
                replaced += trainer.Step(TrainingWorker.Frames(step), new float[300 * TrainingWorker.Dimensions], new int[900]).Stages.Sum(
                    stage => stage.ReplacedCodes);
            }

            Assert.True(replaced > 0);
            trainer.Save(Path.Combine(folder.FullName, "state"));
            foreach (var name in new[] { "model", "state" })
            {
                var expected = await File.ReadAllBytesAsync(Path.Combine(folder.FullName, name), TestContext.Current.CancellationToken);
                Assert.Equal(
                    expected, await File.ReadAllBytesAsync(Path.Combine(folder.FullName, name + 0), TestContext.Current.CancellationToken));
                Assert.Equal(
                    expected, await File.ReadAllBytesAsync(Path.Combine(folder.FullName, name + 1), TestContext.Current.CancellationToken));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Process Start(string executable, int worker, string folder)
    {
        var start = new ProcessStartInfo(executable) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment[TrainingWorker.Index] = $"{worker}";
        start.Environment[TrainingWorker.Output] = folder;
        if (worker == 1)
        {
            start.Environment["DOTNET_EnableHWIntrinsic"] = "0";
        }

        return Process.Start(start)!;
    }

    // Each gets the other's statistics until both have sent none.
    private static void Relay(Process first, Process second)
    {
        while (true)
        {
            var one = TrainingWorker.Receive(first.StandardOutput.BaseStream);
            var other = TrainingWorker.Receive(second.StandardOutput.BaseStream);
            if (one.Length == 0 && other.Length == 0)
            {
                return;
            }

            TrainingWorker.Send(first.StandardInput.BaseStream, other);
            TrainingWorker.Send(second.StandardInput.BaseStream, one);
        }
    }
}
