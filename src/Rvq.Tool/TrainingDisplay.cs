using System.Globalization;
using Rvq.Training;
using Spectre.Console;

namespace Rvq.Tool;

/// <summary>Shows a training run while it goes on: the stage, the iteration, the error and the time that is left.</summary>
internal static class TrainingDisplay
{
    /// <summary>Runs the training under a progress bar, if standard error is a terminal.</summary>
    public static RvqModel Show(Shell shell, Func<IProgress<TrainingProgress>?, RvqModel> train)
        => !shell.ErrorConsole.Profile.Out.IsTerminal ? train(null) : shell.ErrorConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var task = context.AddTask("reading the frames", maxValue: 1);
                var model = train(new Reporter(task));
                task.Value = 1;
                return model;
            });

    // Progress<T> would report from other threads and late; this one reports in turn.
    private sealed class Reporter(ProgressTask task) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            task.Description = string.Create(
                CultureInfo.InvariantCulture,
                $"codebook {value.Stage + 1} of {value.StageCount}, iteration {value.Iteration} of {value.IterationCount}, error "
                + $"{value.Error:G4}");
            task.Value = value.Fraction;
        }
    }
}
