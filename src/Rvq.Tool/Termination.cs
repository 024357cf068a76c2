using System.Runtime.InteropServices;

namespace Rvq.Tool;

/// <summary>
/// Ctrl-C and SIGTERM: the first asks the command to stop, which removes its unfinished files; computing does not listen and is left behind
/// after a second. Another one ends the process at once.
/// </summary>
internal sealed class Termination : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _code;

    public Termination() => _registrations =
        [PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Handle(context, 2)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Handle(context, 15))];

    /// <summary>Is cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The exit code of a command that was asked to stop and did, as shells have it; else the command's own.</summary>
    public int ExitCode(int code) => code == Shell.Cancelled && _code != 0 ? _code : code;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Handle(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        var code = 128 + signal;
        if (Interlocked.CompareExchange(ref _code, code, 0) != 0)
        {
            Environment.Exit(code);
        }

        _ = Task.Delay(Patience).ContinueWith(_ => Environment.Exit(code), TaskScheduler.Default);
        _source.Cancel();
    }
}
