using Rvq.Training;

namespace Rvq.Tool.Report;

/// <summary>Measures what a report shows.</summary>
internal static class ReportMeasurement
{
    // What a raster shows: enough to see a sentence, few enough to draw.
    private const int FirstCodes = 2400;
    private const int FirstFrames = 150;

    /// <summary>Measures a model on frames.</summary>
    /// <param name="model">The model.</param>
    /// <param name="modelName">What its file is called.</param>
    /// <param name="frames">Frames, row-major [T, D], a positive multiple of the frames of a block.</param>
    /// <param name="what">What the frames are.</param>
    /// <param name="frameRate">Frames per second, or null.</param>
    /// <param name="beamWidth">The beam beside the greedy codes, 1 for none.</param>
    /// <param name="threads">The threads that encode.</param>
    /// <param name="cancellation">Stops it.</param>
    public static ReportData Measure(
        RvqModel model, string modelName, float[] frames, string what, double? frameRate, int beamWidth, int threads,
        CancellationToken cancellation)
    {
        var count = frames.Length / model.Dimensions;
        var codes = Encode(model, frames, 1, threads);
        var greedy = Points(model, frames, prefix => Columns(codes, model.CodesPerBlock, prefix.CodesPerBlock), cancellation);
        var beam = beamWidth == 1 ? [] : Points(model, frames, prefix => Encode(prefix, frames, beamWidth, threads), cancellation);
        var blocks = Math.Max(1, Math.Min(FirstFrames / model.FramesPerBlock, FirstCodes / model.CodesPerBlock));
        return new ReportData
        {
            Model = model,
            ModelName = modelName,
            Frames = what,
            FrameCount = count,
            FrameRate = frameRate,
            Energy = CodebookStatistics.MeanSquaredError(frames, new float[frames.Length], model.Dimensions),
            Greedy = greedy,
            Beam = beam,
            BeamWidth = beamWidth,
            Counts = [.. Enumerable.Range(0, model.CodebookCount)
                .Select(codebook => CodebookStatistics.CountCodes<int>(model, codes, codebook))],
            FirstCodes = codes[..Math.Min(codes.Length, blocks * model.CodesPerBlock)],
        };
    }

    private static int[] Encode(RvqModel model, float[] frames, int beamWidth, int threads)
        => new Quantizer(model, new QuantizerOptions { BeamWidth = beamWidth, MaxDegreeOfParallelism = threads }).Encode(frames);

    private static RatePoint[] Points(RvqModel model, float[] frames, Func<RvqModel, int[]> encode, CancellationToken cancellation)
    {
        var (points, decoded) = (new RatePoint[model.CodebookCount], new float[frames.Length]);
        for (var count = 1; count <= points.Length; count++)
        {
            cancellation.ThrowIfCancellationRequested();
            var prefix = model.Take(count);
            new Dequantizer(prefix).Decode<int>(encode(prefix), decoded);
            points[count - 1] = new RatePoint(
                count,
                (double)prefix.BitsPerBlock / prefix.FramesPerBlock,
                CodebookStatistics.SignalToNoiseRatio(frames, decoded),
                CodebookStatistics.MeanSquaredError(frames, decoded, model.Dimensions));
        }

        return points;
    }

    private static int[] Columns(int[] codes, int width, int kept)
    {
        var rows = codes.Length / width;
        var columns = new int[rows * kept];
        for (var row = 0; row < rows; row++)
        {
            codes.AsSpan(row * width, kept).CopyTo(columns.AsSpan(row * kept));
        }

        return columns;
    }
}
