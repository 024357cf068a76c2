using System.CommandLine;
using Rvq.Tool.Demo;
using Rvq.Tool.Files;
using Spectre.Console;

namespace Rvq.Tool.Commands;

/// <summary>The whole way, from sound to bytes and back.</summary>
internal static class DemoCommand
{
    private const string Clip = "speech.wav";
    private const string Original = "original.wav";
    private static readonly int[] Counts = [1, 2, 4, SpeechDemo.CodebookCount];

    public static Command Create(Shell shell)
    {
        var speech = new Argument<string?>("SPEECH.wav")
        {
            Description = "A WAV file of your own; by default a short clip that comes with the command.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var folder = new Option<string>("--output", "-o")
        {
            Description = "The folder for the WAV files to listen to.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "rvq-demo"),
        };
        var threads = Options.Threads();
        var measure = new Option<double>("--measure")
        {
            Description = "The seconds that each speed is measured for, of which the fastest ten milliseconds count.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => 1,
        };
        var command = new DocumentedCommand(
            "demo",
            "Train on a speech clip, encode it, pack it, decode it, and show what it costs. The encoder is no neural one but a lapped "
            + "transform (MDCT), so that the demo needs nothing else: hear what the codebooks do, not what a codec can do.")
        {
            Examples = ["rvq demo", "rvq demo my-speech.wav -o listen"],
        };
        command.Add(speech);
        command.Add(folder);
        command.Add(threads);
        command.Add(measure);

        command.SetAction((given, cancellation) => shell.Run(
            () => Run(shell, given.GetValue(speech), given.GetRequiredValue(folder), given.GetValue(threads), given.GetValue(measure),
                cancellation), cancellation));
        return command;
    }

    private static void Run(Shell shell, string? path, string folder, int threads, double measure, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in (IEnumerable<string>)[Original, .. Counts.Select(Decoded)])
        {
            shell.CheckOutput(Path.Combine(folder, name), path is null ? [] : [path]);
        }

        var (audio, demo) = path is null ? Prepare(Resource(), shell.Warn)
            : shell.Read(path, stream => Prepare(stream, what => shell.Warn($"{path}: {what}")));
        shell.Output.WriteLine(
            $"{path ?? "built-in clip"}: {Format.Number(audio.Seconds)} s at {audio.SampleRate} Hz, {demo.FrameCount} frames of "
            + $"{demo.Dimensions} values by a lapped transform (MDCT)");
        var model = TrainingDisplay.Show(shell, progress => demo.Train(threads, progress, cancellation));

        Save(shell, folder, Original, audio);
        var table = new Table
        {
            Caption = new TableTitle(
                $"{model.CodebookCount} codebooks of {model.Stages[0].Codebook.Size} codewords, trained on the clip itself;\nspeed on one "
                + "thread, as a multiple of real time"),
        };
        foreach (var column in (IEnumerable<string>)["codebooks", "bytes", "kbit/s", "compression", "SNR dB", "encoding", "decoding"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var (count, result) in Counts.Zip(demo.Run([.. Counts.Select(model.Take)], measure, cancellation)))
        {
            Save(shell, folder, Decoded(count), result.Audio);
            table.AddRow(
                $"{count}",
                $"{result.Bytes}",
                Format.Fixed(result.KilobitsPerSecond, 2),
                Format.Fixed(result.Compression, 1),
                Format.Fixed(result.SignalToNoiseRatio, 2),
                $"{Format.Fixed(result.EncodeSpeed, 0)} ×",
                $"{Format.Fixed(result.DecodeSpeed, 0)} ×");
        }

        shell.Console.Write(table);
        shell.Output.WriteLine($"Listen: {Original} and {{{string.Join(',', Counts)}}}-codebooks.wav in {Path.GetFullPath(folder)}");
    }

    private static (WavAudio Audio, SpeechDemo Demo) Prepare(Stream stream, Action<string> warn)
    {
        var audio = WavReader.Read(stream, warn);
        return (audio, new SpeechDemo(audio));
    }

    private static Stream Resource() => typeof(DemoCommand).Assembly.GetManifestResourceStream(Clip)
        ?? throw new InvalidDataException($"The resource {Clip} is missing from the command.");

    private static string Decoded(int count) => $"{count}-codebooks.wav";

    private static void Save(Shell shell, string folder, string name, WavAudio audio)
        => shell.Write(Path.Combine(folder, name), stream => WavWriter.Write(stream, audio));
}
