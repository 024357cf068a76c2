using System.CommandLine;
using Rvq.Streams;
using Rvq.Tool.Corpus;
using Rvq.Tool.Files;

namespace Rvq.Tool.Commands;

/// <summary>Codes of one kind of file to another, without a model.</summary>
internal static class ConvertCommand
{
    private const string Names = ".npy or .rvq";

    public static Command Create(Shell shell)
    {
        var command = new DocumentedCommand("convert", "Turn a file of codes into one of another kind; no model is needed.")
        {
            Examples =
            [
                "rvq convert speech.ecdc -o speech.npy",
                "rvq convert speech.ecdc -o speech.rvq",
                "rvq convert speech.dac -o speech.rvq --size 1024",
                "rvq convert speech.rvq -o speech.npy --codebooks 4 --dtype uint16",
            ],
        };
        var codes = new Argument<string>("CODES")
        {
            Description = "Codes: EnCodec's .ecdc, DAC's .dac, an .rvq stream, or .npy of any integer type, [T, N] or [B, T, N]; '-' for "
                + "standard input.",
        };
        var output = Options.Output("CODES", "the codes: an .npy file, or a packed stream where the name ends with .rvq");
        var size = new Option<int?>("--size")
        {
            Description = "The codewords of each codebook, which an .rvq stream has to know and .dac and .npy files do not say.",
            HelpName = "N",
            CustomParser = result => Options.ParseCount(result),
        };
        var (codebooks, channelsFirst, type) = (Options.Codebooks(), Options.ChannelsFirst(), Options.ElementType(NpyElements.Codes));
        command.Add(codes);
        foreach (var option in (Option[])[output, codebooks, size, channelsFirst, type])
        {
            command.Add(option);
        }

        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var (source, path) = (given.GetRequiredValue(codes), given.GetRequiredValue(output));
                var asStream = IsStream(path);
                var element = Options.Element(given, type, NpyElements.Codes, !asStream, path);
                shell.CheckOutput(path, source);
                var file = shell.Read(source, stream => CodeFile.Read(stream, given.GetValue(channelsFirst)));
                var (rows, layout, count) = First(
                    file, VectorLayout.Of(file.Codes, given.GetValue(channelsFirst), source), given.GetValue(codebooks), source);
                if (asStream)
                {
                    RvqFile.ThrowIfNotOne(layout, source);
                    var header = Header(file, count, given.GetValue(size), source);
                    shell.Write(path, stream => RvqFile.Write(stream, header, count, rows));
                }
                else
                {
                    shell.Write(path, stream => NpyWriter.Write(stream, layout.FromRows(rows), layout.Shape, element, cancellation));
                    WarnOfScales(shell, file, source);
                }

                shell.Report(path, $"{(long)layout.Batch * layout.Count} frames, {count} codebooks");
            },
            cancellation));
        return command;
    }

    private static bool IsStream(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".rvq" => true,
        ".ecdc" or ".dac" or ".npz" or ".parquet" => throw new InvalidDataException($"{path}: Codes are written to {Names}."),
        _ => false,
    };

    /// <summary>The codes of the first codebooks, [B, T, N], how they lie in an array, and the number of the codebooks.</summary>
    private static (int[] Rows, VectorLayout Layout, int Count) First(CodeFile file, VectorLayout layout, int? wanted, string source)
    {
        var there = file.Header is { } header
            ? Enumerable.Range(1, header.CodebookCount).First(n => header.GetCodesPerBlock(n) == layout.Width) : layout.Width;
        if (wanted > there)
        {
            throw new InvalidDataException($"{source}: It has the codes of {there} codebooks, but {wanted} are asked for.");
        }

        var count = wanted ?? there;
        var kept = file.Header?.GetCodesPerBlock(count) ?? count;
        return (ClipDecoder.Columns(layout.ToRows(file.Codes.Values), layout.Width, kept), layout.With(layout.Count, kept), count);
    }

    private static RvqHeader Header(CodeFile file, int count, int? size, string source) => (file.Header, size) switch
    {
        (_, _) when file.Format == "rvq" => throw new InvalidDataException($"{source}: It is an .rvq stream already."),
        ({ } header, null) => header,
        ({ } header, _) => throw new InvalidDataException(
            $"{source}: It says itself how large its codebooks are ({header.CodebookSizes[0]}); --size is for .dac and .npy files."),
        (null, { } all) => new RvqHeader([.. Enumerable.Repeat(all, count)])
        {
            Metadata = file.Format == "dac" ? file.Metadata : new Dictionary<string, string>(),
        },
        _ => throw new InvalidDataException(
            $"{source}: A .{file.Format} file does not say how large its codebooks are, which an .rvq stream has to; --size says it (DAC's "
            + "have 1024 codewords)."),
    };

    // The sound of each segment is divided by its scale before it is encoded; codes alone do not bring it back.
    private static void WarnOfScales(Shell shell, CodeFile file, string source)
    {
        if (file.Metadata.TryGetValue("scales", out var scales) && file.Format == "ecdc")
        {
            shell.Warn($"{source}: It has the scales of {scales.Split(' ').Length} segments of sound, which an array does not hold; an "
                + ".rvq stream keeps them.");
        }
    }
}
