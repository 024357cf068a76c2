using System.CommandLine;
using Rvq.Tool.Files;
using Rvq.Tool.Inspection;

namespace Rvq.Tool.Commands;

/// <summary>Shows what a file holds.</summary>
internal static class InspectCommand
{
    public static Command Create(Shell shell)
    {
        var command = new DocumentedCommand(
            "inspect", "Show what a model is made of, or what a file of codes holds and how its codebooks are used.")
        {
            Examples = ["rvq inspect model.safetensors", "rvq inspect codes.rvq", "rvq inspect codes.npy --json", "rvq inspect speech.ecdc",
                "rvq inspect unknown.pt --tensors"],
            Json =
                "a model: {schema: \"rvq.model/1\", family, dimensions, codebookCount, framesPerBlock, codesPerBlock, bitsPerFrame, "
                + "sampleRate, hopLength, frameRate, kilobitsPerSecond, beamWidth, fingerprint, stacks: [{inputProjection, "
                + "outputProjection, stages: [{codewords, codewordLength, bitsPerCode, metric, stride, inputProjection, "
                + "outputProjection}]}]}; with --tensors: {schema: \"rvq.tensors/1\", format, metadata: {}, tensors: [{name, type, "
                + "shape}]}; codes: {schema: \"rvq.codes/1\", format: rvq, ecdc, dac or npy, sequences, frames, codes, frameRate, "
                + "fingerprint, complete, fault, metadata: {}, codebooks: [{size, used, largest, perplexity}]}",
        };
        var model = new ModelInput(command, ", or codes: an .rvq stream, .npy of integers, EnCodec's .ecdc or DAC's .dac");
        var json = Options.Json();
        var tensors = new Option<bool>("--tensors")
        {
            Description = "List the names, types and shapes of a checkpoint's tensors instead, whatever codec it is of.",
        };
        command.Add(tensors);
        command.Add(json);
        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var (path, asJson) = (model.Path(given), given.GetValue(json));
                if (given.GetValue(tensors))
                {
                    TensorInspection.Print(shell, path, asJson);
                }
                else if (Directory.Exists(path) || !shell.Read(path, stream => PrintCodes(shell, stream, asJson, path, cancellation)))
                {
                    ModelInspection.Print(shell, model.Read(given), asJson);
                }
            },
            cancellation));
        return command;
    }

    /// <summary>Shows a file if it is one of codes.</summary>
    private static bool PrintCodes(Shell shell, Stream stream, bool json, string path, CancellationToken cancellation)
    {
        var start = FileStart.Peek(ref stream);
        if (FileStart.IsRvq(start))
        {
            StreamInspection.Print(shell, stream, json, cancellation);
        }
        else if (FileStart.IsEcdc(start) || FileStart.IsDac(start) || FileStart.IsIntegers(start))
        {
            CodeInspection.Print(shell, CodeFile.Read(stream, channelsFirst: false), json, path);
        }
        else
        {
            return false;
        }

        return true;
    }
}
