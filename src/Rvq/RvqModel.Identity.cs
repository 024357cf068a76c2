using System.Globalization;
using System.Text;

namespace Rvq;

public sealed partial class RvqModel
{
    private int[]? _bitsPerCode;
    private object? _fingerprint; // a boxed UInt128: a reference is written at once

    /// <summary>
    /// The width in bits of each code of a block when packed, length <see cref="CodesPerBlock"/>: one per codebook unless stages have
    /// strides.
    /// What <see cref="Streams.CodePacking"/> takes.
    /// </summary>
    public ReadOnlySpan<int> BitsPerCode
        => _bitsPerCode ??= [.. _stages.SelectMany(stage => Enumerable.Repeat(stage.Codebook.BitsPerCode, FramesPerBlock / stage.Stride))];

    /// <summary>
    /// The bit rate of packed codes in kbit/s (1000 bits), <see cref="BitsPerBlock"/> × blocks per second, or null where the frame rate is
    /// not known.
    /// </summary>
    public double? Bitrate => FrameRate * BitsPerBlock / FramesPerBlock / 1000;

    /// <summary>
    /// A 128-bit hash (XxHash128) over all that determines codes and frames, and nothing else: equal for equal models on every machine,
    /// whatever file they came from. Computed when
    /// first asked for. Streams carry it, so that codes are not decoded with another model.
    /// </summary>
    public UInt128 Fingerprint => (UInt128)(_fingerprint ??= ModelFingerprint.Compute(this));

    /// <summary>
    /// The model in one line: the codec, the codebooks as number × [size, dimensions], the frames' dimensions where projections lead to
    /// others, and rates where they are known.
    /// </summary>
    /// <returns>Such as "EnCodec: 8 × [1024, 128], 75 frames/s, 6 kbit/s".</returns>
    public override string ToString()
    {
        var text = new StringBuilder(Family is null ? "" : $"{Family}: ");
        for (int first = 0, next; first < _stages.Length; first = next)
        {
            var (codebook, stride) = (_stages[first].Codebook, _stages[first].Stride);
            for (next = first + 1; next < _stages.Length && IsLike(_stages[next], _stages[first]); next++)
            {
            }

            text.Append(first > 0 ? " + " : "");
            text.Append(CultureInfo.InvariantCulture, $"{next - first} × [{codebook.Size}, {codebook.Dimensions}]");
            text.Append(stride > 1 ? string.Create(CultureInfo.InvariantCulture, $" every {stride} frames") : "");
        }

        var projectedFrom = _stages.Any(stage => stage.Codebook.Dimensions != Dimensions) ? Dimensions : 0;
        text.Append(projectedFrom > 0 ? string.Create(CultureInfo.InvariantCulture, $" in {projectedFrom} dimensions") : "");
        text.Append(FrameRate is { } rate ? string.Create(CultureInfo.InvariantCulture, $", {rate:0.###} frames/s") : "");
        text.Append(Bitrate is { } kilobits ? string.Create(CultureInfo.InvariantCulture, $", {kilobits:0.###} kbit/s") : "");
        return text.ToString();
    }

    private static bool IsLike(Stage left, Stage right)
        => left.Codebook.Size == right.Codebook.Size
            && left.Codebook.Dimensions == right.Codebook.Dimensions
            && left.Stride == right.Stride;
}
