using System.Diagnostics;
using Rvq.Tests.Tool.Corpus;

namespace Rvq.Tests.Tool.Slurm;

/// <summary>A corpus over the tasks of a job array on a real Slurm, which this test starts and stops.</summary>
public sealed class SlurmTests : IDisposable
{
    private readonly ToolRun _tool = new();
    private readonly Dictionary<string, string> _environment = [];

    private string State => _tool.File("slurm");

    [Fact]
    public async Task Encode_OverAnArrayWithATaskKilledAndRequeued_GivesWhatOneRunGives()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Starting a Slurm needs Linux and root.");
        Assert.SkipUnless(
            await Shell("command -v slurmctld && command -v slurmd && command -v sbatch && command -v munged") is (0, _),
            "Slurm is not installed: apt-get install slurmctld slurmd slurm-client munge.");
        var (model, corpus, output) = (_tool.File("model.safetensors"), _tool.File("corpus"), _tool.File("array"));
        ArithmeticModel.Create().Save(model);
        CorpusTree.Write(corpus);
        _tool.Succeed("encode", model, corpus, "--output-dir", _tool.File("one"));

        // Inputs 1 and 5 are task 1's; number 5 is a pipe that nobody writes to, so the task waits there until it is killed.
        var blocked = Path.Combine(corpus, CorpusTree.Clips[5].Name + ".npy");
        File.Move(blocked, _tool.File("blocked.npy"));
        await Succeed($"mkfifo {blocked}");
        await Start();
        var job = await Submit(model, corpus, output);
        var first = Path.Combine(output, CorpusTree.Clips[1].Name + ".npy");
        await Wait.Until(() => File.Exists(first) && Directory.EnumerateFiles(
            Path.Combine(output, "x"), ".rvq-*.tmp", new EnumerationOptions { AttributesToSkip = 0 }).Any(), Told);

        File.Delete(blocked);
        File.Move(_tool.File("blocked.npy"), blocked);
        await Succeed($"scontrol requeue {job}_1");

        // A requeued task waits two minutes, unless it is told to start now; which it does not hear while it still ends.
        await Wait.Until(
            () =>
            {
                _ = Shell($"scontrol update jobid={job}_1 StartTime=now").Result;
                return Shell($"squeue -h -j {job}").Result is (0, var left) && left.Trim().Length == 0;
            },
            Told);

        Assert.Contains("Restarts=1", await Succeed($"scontrol -o show job {job}_1"), StringComparison.Ordinal);
        Assert.Equal(CorpusTree.Hashes(_tool.File("one")), CorpusTree.Hashes(output));
    }

    private string Told() => Shell($"squeue; scontrol -o show job; tail -n 5 {_tool.File("task-*.log")}").Result.Output;

    private async Task Start()
    {
        var scripts = Path.Combine(AppContext.BaseDirectory, "Tool", "Slurm");
        _environment["SLURM_CPUS"] = "2";
        await Succeed($"bash {Path.Combine(scripts, "slurm-up.sh")} {State}");
        _environment["SLURM_CONF"] = Path.Combine(State, "slurm.conf");
    }

    private async Task<string> Submit(string model, string corpus, string output)
    {
        var script = _tool.File("job.sh");
        await File.WriteAllTextAsync(
            script,
            $"""
            #!/bin/bash
            #SBATCH --array=0-3
            #SBATCH --cpus-per-task=1
            #SBATCH --requeue
            #SBATCH --open-mode=append
            #SBATCH --output={_tool.File("task-%a.log")}
            {Path.Combine(AppContext.BaseDirectory, "Rvq.Tool")} encode {model} {corpus} --output-dir {output} --shard slurm --resume --threads 2

            """,
            TestContext.Current.CancellationToken);
        return (await Succeed($"sbatch --parsable {script}")).Trim();
    }

    private async Task<string> Succeed(string command)
    {
        var (code, printed) = await Shell(command);
        Assert.True(code == 0, $"{command}: {printed}");
        return printed;
    }

    private async Task<(int Code, string Output)> Shell(string command)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-c", $"{command} 2>&1"]) { RedirectStandardOutput = true };
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }

    public void Dispose()
    {
        if (Directory.Exists(State))
        {
            _ = Shell($"bash {Path.Combine(AppContext.BaseDirectory, "Tool", "Slurm", "slurm-down.sh")} {State} --rm").GetAwaiter()
                .GetResult();
        }

        _tool.Dispose();
    }
}
