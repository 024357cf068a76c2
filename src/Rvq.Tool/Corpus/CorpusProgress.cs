using System.Diagnostics;
using System.Globalization;

namespace Rvq.Tool.Corpus;

/// <summary>
/// Shows how far a run is, on one line of a terminal's standard error and nowhere else, and sums it up at the end. Thread-safe.
/// </summary>
internal sealed class CorpusProgress : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.2);

    private readonly Shell _shell;
    private readonly double? _frameRate;
    private readonly Stopwatch _time = Stopwatch.StartNew();
    private readonly Timer? _timer;
    private readonly Lock _drawing = new();
    private readonly int _files;
    private readonly long _bytes;
    private long _bytesDone;
    private long _bytesSkipped;
    private long _frames;
    private int _done;
    private int _skipped;
    private int _failed;

    public CorpusProgress(Shell shell, IEnumerable<string> inputs, double? frameRate)
    {
        (_shell, _frameRate) = (shell, frameRate);
        foreach (var input in inputs)
        {
            _files++;
            _bytes += Length(input);
        }

        _timer = shell.ErrorConsole.Profile.Out.IsTerminal ? new Timer(_ => Draw(), null, Interval, Interval) : null;
    }

    /// <summary>Some frames have been read.</summary>
    public void Frames(int count) => Interlocked.Add(ref _frames, count);

    /// <summary>An input's output was written.</summary>
    public void Done(string input) => Count(ref _done, input, ref _bytesDone);

    /// <summary>An input's output need not be written.</summary>
    public void Skipped(string input) => Count(ref _skipped, input, ref _bytesSkipped);

    /// <summary>An input was bad.</summary>
    public void Failed(string input) => Count(ref _failed, input, ref _bytesDone);

    /// <summary>A clip whose frames are counted as they are read.</summary>
    public Clip<float> Counted(Clip<float> clip) => clip with
    {
        Read = (first, rows) =>
        {
            clip.Read(first, rows);
            Frames(clip.Width == 0 ? 0 : rows.Length / clip.Width);
        },
    };

    /// <summary>Says what was done.</summary>
    public void Finish(string output)
    {
        Dispose();
        var skipped = _skipped > 0 ? $", {Number(_skipped)} that were there skipped" : "";
        var failed = _failed > 0 ? $", {Number(_failed)} failed" : "";
        _shell.Report(output, $"{Number(_done)} of {Number(_files)} inputs written{skipped}{failed}; {Rates()}");
    }

    public void Dispose()
    {
        _timer?.Dispose();
        if (_timer is not null)
        {
            lock (_drawing)
            {
                _shell.Error.Write("\r\u001b[K");
            }
        }
    }

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static void Count(ref int files, string input, ref long bytes)
    {
        Interlocked.Increment(ref files);
        Interlocked.Add(ref bytes, Length(input));
    }

    private string Rates()
    {
        var seconds = Math.Max(_time.Elapsed.TotalSeconds, 1e-3);
        var perSecond = _frames / seconds;
        var realTime = _frameRate is { } rate ? $", {Number(perSecond / rate)} × real time" : "";
        return $"{Number(_frames)} frames in {seconds.ToString("F1", CultureInfo.InvariantCulture)} s ({Number(_done / seconds)} files/s, "
            + $"{Number(perSecond)} frames/s{realTime})";
    }

    private void Draw()
    {
        lock (_drawing)
        {
            var finished = _done + _skipped + _failed;
            var left = (_bytes - _bytesDone - _bytesSkipped) / Math.Max(_bytesDone / _time.Elapsed.TotalSeconds, 1e-9);
            var format = left < 86400 ? @"h\:mm\:ss" : @"d\.hh\:mm\:ss";
            var remaining = TimeSpan.FromSeconds(Math.Min(left, 1e8)).ToString(format, CultureInfo.InvariantCulture);
            var time = _bytesDone > 0 ? $", {remaining} left" : "";
            _shell.Error.Write($"\r{Number(finished)} of {Number(_files)} files, {Rates()}{time}\u001b[K");
        }
    }
}
