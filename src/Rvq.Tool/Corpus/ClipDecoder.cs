using System.Collections.Concurrent;

namespace Rvq.Tool.Corpus;

/// <summary>Decodes clips; thread-safe.</summary>
/// <param name="model">The model.</param>
/// <param name="codebooks">The codebooks whose codes are used, or null for all that there are.</param>
internal sealed class ClipDecoder(RvqModel model, int? codebooks)
{
    private readonly ConcurrentDictionary<int, Dequantizer> _dequantizers = [];

    /// <summary>The model.</summary>
    public RvqModel Model => model;

    /// <summary>The frames of a clip's codes, [blocks, codes per block] of the model's first codebooks, decoded as they are read.</summary>
    /// <exception cref="InvalidDataException">The codes do not fit the model. A code that its codebook does not have is found when it is
    /// read.</exception>
    public Clip<float> Decode(Clip<int> clip)
    {
        var prefix = PrefixOf(model, clip.Width, codebooks);
        var dequantizer = _dequantizers.GetOrAdd(prefix.CodebookCount, _ => new Dequantizer(prefix));
        var framesPerBlock = model.FramesPerBlock;
        var step = Clip<float>.StepOf(framesPerBlock * model.Dimensions) * framesPerBlock;
        return new Clip<float>(clip.Id, checked(clip.Count * framesPerBlock), model.Dimensions, step, (first, frames) =>
        {
            var blocks = frames.Length / model.Dimensions / framesPerBlock;
            var codes = new int[blocks * clip.Width];
            clip.Read(first / framesPerBlock, codes);
            try
            {
                dequantizer.Decode<int>(Columns(codes, clip.Width, prefix.CodesPerBlock), frames);
            }
            catch (ArgumentOutOfRangeException fault)
            {
                throw new InvalidDataException($"'{clip.Id}', from block {first / framesPerBlock}: {Shell.Describe(fault)}", fault);
            }
        });
    }

    /// <summary>The model of the codebooks whose codes are there, or of the first of them.</summary>
    /// <exception cref="InvalidDataException">No number of codebooks has so many codes, or fewer are there than are asked for.</exception>
    public static RvqModel PrefixOf(RvqModel model, int codesPerBlock, int? codebooks)
    {
        for (var count = model.CodebookCount; count > 0; count--)
        {
            if (model.Take(count) is { } prefix && prefix.CodesPerBlock == codesPerBlock)
            {
                return codebooks is not { } wanted ? prefix
                    : wanted <= count ? prefix.Take(wanted)
                    : throw new InvalidDataException($"It has the codes of {count} codebooks, but {wanted} are asked for.");
            }
        }

        throw new InvalidDataException(
            $"Its code axis has length {codesPerBlock}, but the model's {model.CodebookCount} codebooks give {model.CodesPerBlock} codes"
            + (model.FramesPerBlock == 1 ? "." : $" for {model.FramesPerBlock} frames."));
    }

    /// <summary>The first columns of rows.</summary>
    public static int[] Columns(int[] codes, int width, int kept)
    {
        if (kept == width)
        {
            return codes;
        }

        var columns = new int[codes.Length / width * kept];
        for (var row = 0; row < codes.Length / width; row++)
        {
            codes.AsSpan(row * width, kept).CopyTo(columns.AsSpan(row * kept));
        }

        return columns;
    }
}
