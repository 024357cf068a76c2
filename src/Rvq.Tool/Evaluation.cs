using System.Numerics.Tensors;
using Rvq.Tool.Json;
using Rvq.Training;
using Spectre.Console;

namespace Rvq.Tool;

/// <summary>Measures what each codebook of a model adds on given frames.</summary>
internal static class Evaluation
{
    /// <summary>Measures every number of codebooks: bits, signal-to-noise ratio, and how the last of them is used.</summary>
    /// <param name="model">The model.</param>
    /// <param name="frames">The frames, row-major [T, D], T a multiple of the frames of a block.</param>
    /// <param name="frameRate">Frames per second, or null where that is not known.</param>
    /// <param name="beamWidth">The partial stacks kept at every stage.</param>
    /// <param name="threads">The threads that encode.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>One row for every number of codebooks.</returns>
    public static EvaluationRow[] Measure(
        RvqModel model, float[] frames, double? frameRate, int beamWidth, int threads, CancellationToken cancellation)
    {
        var options = new QuantizerOptions { BeamWidth = beamWidth, MaxDegreeOfParallelism = threads };
        var codes = new Quantizer(model, options).Encode(frames);
        var decoded = new float[frames.Length];
        var rows = new EvaluationRow[model.CodebookCount];
        for (var count = 1; count <= rows.Length; count++)
        {
            cancellation.ThrowIfCancellationRequested();
            var prefix = model.Take(count);

            // A beam's codes for fewer codebooks are not the first of those for more.
            var own = beamWidth == 1 || count == rows.Length ? codes : new Quantizer(prefix, options).Encode(frames);
            Decode(prefix, own, own.Length / (frames.Length / model.Dimensions / model.FramesPerBlock), decoded);
            var counts = CodebookStatistics.CountCodes<int>(own == codes ? model : prefix, own, count - 1);
            var bits = ModelDocument.Bits(prefix);
            rows[count - 1] = new EvaluationRow(
                count,
                bits,
                bits * frameRate / 1000,
                Documents.Finite(CodebookStatistics.SignalToNoiseRatio(frames, decoded)),
                counts.Length,
                CodebookStatistics.UsedCodes(counts),
                CodebookStatistics.Perplexity(counts));
        }

        return rows;
    }

    /// <summary>Prints one line per number of codebooks.</summary>
    /// <param name="console">Where to print.</param>
    /// <param name="rows">What was measured.</param>
    /// <param name="caption">What the frames are.</param>
    public static void Print(IAnsiConsole console, IReadOnlyList<EvaluationRow> rows, string caption)
    {
        var hasRate = rows.Any(row => row.KilobitsPerSecond is not null);
        var table = new Table { Caption = new TableTitle($"{caption}; used and perplexity are the last codebook's") };
        foreach (var column in (IEnumerable<string>)["codebooks", "bits/frame", .. hasRate ? ["kbit/s"] : Array.Empty<string>(), "SNR dB",
            "used", "perplexity"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var row in rows)
        {
            table.AddRow([
                $"{row.CodebookCount}",
                Format.Number(row.BitsPerFrame),
                .. row.KilobitsPerSecond is { } rate ? [Format.Fixed(rate, 2)] : Array.Empty<string>(),
                Format.Fixed(row.SignalToNoiseRatio ?? double.PositiveInfinity, 2),
                $"{row.UsedCodes} of {row.CodebookSize}",
                Format.Fixed(row.Perplexity, 1),
            ]);
        }

        console.Write(table);
    }

    /// <summary>Decodes the first codes of every block, [blocks, codesPerBlock], of which the prefix has fewer.</summary>
    private static void Decode(RvqModel prefix, int[] codes, int codesPerBlock, float[] frames)
    {
        nint blocks = codes.Length / codesPerBlock;
        nint Step(nint stride) => blocks == 1 ? 0 : stride;
        new Dequantizer(prefix).Decode<int>(
            new ReadOnlyTensorSpan<int>(codes, [blocks, prefix.CodesPerBlock], [Step(codesPerBlock), prefix.CodesPerBlock == 1 ? 0 : 1]),
            new TensorSpan<float>(frames, [blocks * prefix.FramesPerBlock, prefix.Dimensions]));
    }
}
