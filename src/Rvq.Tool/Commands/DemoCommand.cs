using System.CommandLine;
using Rvq.Tool.Demo;
using Rvq.Tool.Files;
using Spectre.Console;

namespace Rvq.Tool.Commands;

/// <summary>The whole way, from sound to bytes and back.</summary>
internal static class DemoCommand
{
    private const string Clip = "speech.wav";

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
        var command = new Command("demo", "Train on a speech clip, encode it, pack it, decode it, and show what it costs.") { speech, folder, threads };
        command.SetAction((given, cancellation) => shell.Run(
            () => Run(shell, given.GetValue(speech), given.GetRequiredValue(folder), given.GetValue(threads), cancellation), cancellation));
        return command;
    }

    private static void Run(Shell shell, string? path, string folder, int threads, CancellationToken cancellation)
    {
        var (audio, demo) = path is null ? Prepare(Resource()) : shell.Read(path, Prepare);
        shell.Output.WriteLine(
            $"{path ?? "built-in clip"}: {Format.Number(audio.Seconds)} s at {audio.SampleRate} Hz, {demo.FrameCount} frames of {demo.Dimensions} values");
        var model = TrainingDisplay.Show(shell, progress => demo.Train(threads, progress, cancellation));

        Directory.CreateDirectory(folder);
        Save(folder, "original.wav", audio);
        var table = new Table
        {
            Caption = new TableTitle(
                $"{model.CodebookCount} codebooks of {model.Stages[0].Codebook.Size} codewords, trained on the clip itself;\nspeed on one thread, as a multiple of real time"),
        };
        foreach (var column in (IEnumerable<string>)["codebooks", "bytes", "kbit/s", "compression", "SNR dB", "encoding", "decoding"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        for (var count = 1; count <= model.CodebookCount; count *= 2)
        {
            cancellation.ThrowIfCancellationRequested();
            var result = demo.Run(model.Take(count));
            Save(folder, $"{count}-codebooks.wav", result.Audio);
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
        shell.Output.WriteLine($"Listen: original.wav and {{1,2,4,8}}-codebooks.wav in {Path.GetFullPath(folder)}");
    }

    private static (WavAudio Audio, SpeechDemo Demo) Prepare(Stream stream)
    {
        var audio = WavReader.Read(stream);
        return (audio, new SpeechDemo(audio));
    }

    private static Stream Resource() => typeof(DemoCommand).Assembly.GetManifestResourceStream(Clip)
        ?? throw new InvalidDataException($"The resource {Clip} is missing from the command.");

    private static void Save(string folder, string name, WavAudio audio)
        => OutputFile.Write(Path.Combine(folder, name), stream => WavWriter.Write(stream, audio));
}
