using System.Globalization;

namespace Rvq.Tool.Json;

/// <summary>What <c>rvq inspect --json</c> says of a model.</summary>
internal sealed record ModelDocument(
    string Schema,
    string? Family,
    int Dimensions,
    int CodebookCount,
    int FramesPerBlock,
    int CodesPerBlock,
    double BitsPerFrame,
    int? SampleRate,
    int? HopLength,
    double? FrameRate,
    double? KilobitsPerSecond,
    int? BeamWidth,
    string Fingerprint,
    IReadOnlyList<StackDocument> Stacks)
{
    public static ModelDocument Of(RvqModel model) => new(
        "rvq.model/1",
        model.Family,
        model.Dimensions,
        model.CodebookCount,
        model.FramesPerBlock,
        model.CodesPerBlock,
        Bits(model),
        model.SampleRate,
        model.HopLength,
        model.FrameRate,
        model.Bitrate,
        model.BeamWidth,
        Name(model.Fingerprint),
        [.. model.Stacks.ToArray().Select(stack => new StackDocument(
            stack.InputProjection is not null, stack.OutputProjection is not null, [.. stack.Stages.ToArray().Select(StageDocument.Of)]))]);

    /// <summary>A fingerprint as 32 hexadecimal digits.</summary>
    public static string Name(UInt128 fingerprint) => fingerprint.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>The bits of a frame, which is no whole number where several frames share a code.</summary>
    public static double Bits(RvqModel model) => (double)model.BitsPerBlock / model.FramesPerBlock;
}
