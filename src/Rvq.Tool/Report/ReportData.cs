namespace Rvq.Tool.Report;

/// <summary>All numbers of a report.</summary>
internal sealed record ReportData
{
    /// <summary>The model.</summary>
    public required RvqModel Model { get; init; }

    /// <summary>What the model's file is called.</summary>
    public required string ModelName { get; init; }

    /// <summary>What the frames are.</summary>
    public required string Frames { get; init; }

    /// <summary>The number of frames.</summary>
    public required int FrameCount { get; init; }

    /// <summary>Frames per second, or null where that is not known.</summary>
    public required double? FrameRate { get; init; }

    /// <summary>The squared norm per frame.</summary>
    public required double Energy { get; init; }

    /// <summary>Greedy codes, for every number of codebooks from 1 on.</summary>
    public required RatePoint[] Greedy { get; init; }

    /// <summary>A beam's codes likewise, or empty where there is no beam.</summary>
    public required RatePoint[] Beam { get; init; }

    /// <summary>The beam's width, or 1.</summary>
    public required int BeamWidth { get; init; }

    /// <summary>How often each codeword occurs, for every codebook, in greedy codes.</summary>
    public required long[][] Counts { get; init; }

    /// <summary>Greedy codes of the first blocks, [blocks, codes per block].</summary>
    public required int[] FirstCodes { get; init; }
}
