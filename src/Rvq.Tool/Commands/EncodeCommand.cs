using System.CommandLine;
using Rvq.Tool.Corpus;
using Rvq.Tool.Files;
using Rvq.Tool.Json;

namespace Rvq.Tool.Commands;

/// <summary>Frames to codes.</summary>
internal static class EncodeCommand
{
    public static Command Create(Shell shell)
    {
        var command = new DocumentedCommand("encode", "Turn frames into codes.")
        {
            Examples =
            [
                "rvq encode model.safetensors frames.npy -o codes.npy",
                "rvq encode model.safetensors frames.npy -o codes.rvq --bitrate 3",
                "rvq encode model.safetensors frames.npy -o - --rvq | ssh host rvq decode model.safetensors - -o frames.npy",
                "rvq encode model.safetensors clips/ --output-dir codes --format rvq --resume",
                "rvq encode model.safetensors clips/ -o codes.parquet",
            ],
            Json = "one input: {schema: \"rvq.encoding/1\", output, format: npy or rvq, shape, frames, codebookCount, bitsPerFrame, "
                + "beamWidth, fingerprint}",
        };
        var (model, frames) = (new ModelInput(command), new FrameInput(command));
        var output = Options.Output("CODES", "the codes: an .npy file, or a packed stream where the name ends with .rvq");
        var (codebooks, beam, threads, json) = (new CodebookChoice(command), Options.Beam(), Options.Threads(), Options.Json());
        var rvq = new Option<bool>("--rvq") { Description = "Write an .rvq stream whatever the name, as to standard output." };
        command.Add(output);
        command.Add(rvq);
        command.Add(beam);
        command.Add(threads);
        command.Add(json);
        var type = Options.ElementType(NpyElements.Codes);
        command.Add(type);
        var perCodebook = new Option<bool>("--per-codebook")
        {
            Description = "Give each codebook a column of its own in Parquet outputs: codes_0, codes_1 and so on.",
        };
        command.Add(perCodebook);
        var many = new CorpusInput(
            command, output, frames.Path, FrameFiles.Extensions, FrameFiles.Column, ClipFormat.Npy, ClipFormat.Rvq, ClipFormat.Parquet);
        command.SetAction((given, cancellation) => many.IsMany(given)
            ? shell.Run(
            () =>
            {
                var loaded = codebooks.Apply(given, model.Read(given), model.Path(given));
                var beamWidth = given.GetValue(beam) ?? loaded.BeamWidth ?? 1;
                var element = Options.Element(given, type, NpyElements.Codes, many.Format(given) == ClipFormat.Npy, given.GetValue(output));
                NpyElements.ThrowIfTooSmall(element, loaded);
                var encoder = new ClipEncoder(loaded, beamWidth, given.GetValue(threads));
                var work = CorpusEncoding.Create(
                    encoder,
                    beamWidth,
                    given.GetValue(threads),
                    frames.IsChannelsFirst(given),
                    given.GetValue(perCodebook),
                    element,
                    many.Column(given),
                    cancellation);
                return many.Run(shell, given, work, cancellation);
            },
            cancellation)
            : shell.Run(
            () =>
            {
                var path = given.GetRequiredValue(output);
                var asStream = path.EndsWith(".rvq", StringComparison.OrdinalIgnoreCase) || given.GetValue(rvq);
                var element = Options.Element(given, type, NpyElements.Codes, !asStream, path);
                shell.CheckOutput(path, model.Path(given), frames.Path(given));
                var loaded = codebooks.Apply(given, model.Read(given), model.Path(given));
                var beamWidth = given.GetValue(beam) ?? loaded.BeamWidth ?? 1;
                NpyElements.ThrowIfTooSmall(element, loaded);
                var (array, layout) = frames.Read(shell, given, loaded.Dimensions);
                if (asStream)
                {
                    RvqFile.ThrowIfNotOne(layout, frames.Path(given));
                }

                var length = (long)layout.Batch * layout.Count / loaded.FramesPerBlock * loaded.CodesPerBlock * element.Size;
                shell.CheckRoom(path, asStream ? 0 : length);
                var (codes, target) = Encode(loaded, array.Values, layout, beamWidth, given.GetValue(threads), frames.Path(given));
                shell.Write(path, stream =>
                {
                    if (asStream)
                    {
                        RvqFile.Write(stream, loaded, target.ToRows(codes), cancellation);
                    }
                    else
                    {
                        NpyWriter.Write(stream, codes, target.Shape, element, cancellation);
                    }
                });
                if (given.GetValue(json))
                {
                    Print(shell, path, asStream ? "rvq" : "npy", loaded, layout, target, beamWidth);
                    return;
                }

                var search = beamWidth > 1 ? $", --beam {beamWidth}{(given.GetValue(beam) is null ? " as the model's file says" : "")}"
                    : "";
                shell.Report(
                    path, $"{layout.Batch * (long)layout.Count} frames, {loaded.CodebookCount} codebooks, {Format.BitsPerFrame(loaded)} "
                        + $"bits a frame{search}");
            },
            cancellation));
        return command;
    }

    private static void Print(
        Shell shell, string path, string format, RvqModel model, VectorLayout frames, VectorLayout codes, int beamWidth) => shell.Print(
        new EncodeDocument(
            "rvq.encoding/1",
            path,
            format,
            codes.Shape,
            (long)frames.Batch * frames.Count,
            model.CodebookCount,
            ModelDocument.Bits(model),
            beamWidth,
            ModelDocument.Name(model.Fingerprint)),
        Documents.Plain.EncodeDocument,
        path);

    private static (int[] Codes, VectorLayout Layout) Encode(
        RvqModel model, float[] frames, VectorLayout layout, int beamWidth, int threads, string path)
    {
        var (blocks, rest) = Math.DivRem(layout.Count, model.FramesPerBlock);
        if (rest != 0)
        {
            throw new InvalidDataException(
                $"{path}: It has {layout.Count} frames, but the model codes {model.FramesPerBlock} of them together.");
        }

        var target = layout.With(blocks, model.CodesPerBlock);
        var codes = new int[target.Length];
        if (codes.Length > 0)
        {
            new Quantizer(model, new QuantizerOptions { BeamWidth = beamWidth, MaxDegreeOfParallelism = threads }).Encode(
                layout.View<float>(frames.AsSpan()), target.View<int>(codes.AsSpan()));
        }

        return (codes, target);
    }
}
