using System.CommandLine;
using Rvq.Streams;
using Rvq.Tool.Corpus;
using Rvq.Tool.Files;
using Rvq.Tool.Parquet;

namespace Rvq.Tool.Commands;

/// <summary>Codes to frames.</summary>
internal static class DecodeCommand
{
    public static Command Create(Shell shell)
    {
        var command = new DocumentedCommand("decode", "Turn codes back into frames.")
        {
            Examples =
            [
                "rvq decode model.safetensors codes.npy -o frames.npy",
                "rvq decode model.safetensors codes.rvq -o frames.npy --codebooks 4 --recover",
                "rvq decode encodec_24khz.th speech.ecdc -o frames.npy",
                "rvq decode model.safetensors codes/ --output-dir frames --dtype float16",
            ],
        };
        var model = new ModelInput(command);
        var codes = new Argument<string>("CODES")
        {
            Description = "Codes of all the model's codebooks or the first N: .npy of any integer type, [T, N] or [B, T, N], an .rvq "
                + "stream, EnCodec's .ecdc or DAC's .dac; '-' for standard input.",
        };
        var output = Options.Output("FRAMES.npy", "the frames");
        var (codebooks, channelsFirst, type) = (
            new CodebookChoice(command), Options.ChannelsFirst(), Options.ElementType(NpyElements.Frames));
        var recover = new Option<bool>("--recover")
        {
            Description = "Go on behind what is damaged in an .rvq stream instead of stopping there; lost frames are zeros, so that time "
                + "does not shift.",
        };
        var allowOtherModel = new Option<bool>("--allow-other-model")
        {
            Description = "Decode an .rvq stream that another model has written.",
        };
        foreach (var symbol in (Option[])[output, channelsFirst, type, recover, allowOtherModel])
        {
            command.Add(symbol);
        }

        command.Add(codes);
        var threads = Options.Threads();
        command.Add(threads);
        var many = new CorpusInput(command, output, given => given.GetRequiredValue(codes), CodeFiles.Extensions, CodesTable.Codes,
            ClipFormat.Npy, ClipFormat.Parquet);
        RvqReaderOptions ReaderOptions(ParseResult given, RvqModel loaded) => new()
        {
            Recover = given.GetValue(recover),
            FillGaps = given.GetValue(recover),
            AllowOtherModel = given.GetValue(allowOtherModel),
            CodebookCount = codebooks.Count(given, loaded),
        };
        command.SetAction((given, cancellation) => many.IsMany(given)
            ? shell.Run(
            () =>
            {
                var loaded = model.Read(given);
                var options = ReaderOptions(given, loaded);
                var element = Options.Element(
                    given, type, NpyElements.Frames, many.Format(given) == ClipFormat.Npy, given.GetValue(output));
                var decoder = new ClipDecoder(loaded, options.CodebookCount);
                var work = CorpusDecoding.Create(
                    decoder, given.GetValue(threads), given.GetValue(channelsFirst), element, many.Column(given), options, cancellation);
                return many.Run(shell, given, work, cancellation);
            },
            cancellation)
            : shell.Run(
            () =>
            {
                var (source, path) = (given.GetRequiredValue(codes), given.GetRequiredValue(output));
                shell.CheckOutput(path, model.Path(given), source);
                var loaded = model.Read(given);
                var options = ReaderOptions(given, loaded);
                var (frames, shape) = shell.Read(source, stream => FileStart.IsRvq(FileStart.Peek(ref stream))
                    ? DecodeStream(shell, loaded, stream, given.GetValue(channelsFirst), options, cancellation)
                    : DecodeArray(loaded, CodeFile.Read(stream, given.GetValue(channelsFirst)).Codes, given.GetValue(channelsFirst),
                        options.CodebookCount, source));
                var element = given.GetValue(type) ?? NpyElements.Frames[0];
                shell.Write(path, stream => NpyWriter.Write(stream, frames, shape, element, cancellation));
                shell.Report(path, $"{frames.Length / loaded.Dimensions} frames of {loaded.Dimensions} values");
            },
            cancellation));
        return command;
    }

    private static (float[] Frames, int[] Shape) DecodeStream(
        Shell shell, RvqModel model, Stream stream, bool channelsFirst, RvqReaderOptions options, CancellationToken cancellation)
    {
        using var reader = RvqReader.Open(stream, model, options, leaveOpen: true);
        if (options.CodebookCount > reader.Header.CodebookCount)
        {
            throw new InvalidDataException(
                $"It has the codes of {reader.Header.CodebookCount} codebooks, but {options.CodebookCount} are asked for.");
        }

        var rows = RvqFile.Decode(reader, model, cancellation);
        if (reader.FirstFault is { } fault)
        {
            shell.Warn($"{fault} ({reader.FaultCount} faults, {reader.FramesLost} frames known to be lost)");
        }

        var layout = VectorLayout.Sequence(rows.Length / model.Dimensions, model.Dimensions, channelsFirst);
        return (layout.FromRows(rows), layout.Shape);
    }

    private static (float[] Frames, int[] Shape) DecodeArray(
        RvqModel model, NpyArray<int> codes, bool channelsFirst, int? codebooks, string path)
    {
        var layout = VectorLayout.Of(codes, channelsFirst, path);
        var used = ClipDecoder.PrefixOf(model, layout.Width, codebooks);
        var target = layout.With((long)layout.Count * used.FramesPerBlock, used.Dimensions);
        var frames = new float[target.Length];
        if (frames.Length > 0)
        {
            new Dequantizer(used)
                .Decode<int>(layout.Prefix(used.CodesPerBlock).View<int>(codes.Values.AsSpan()), target.View<float>(frames.AsSpan()));
        }

        return (frames, target.Shape);
    }
}
