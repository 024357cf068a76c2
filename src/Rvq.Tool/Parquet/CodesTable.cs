using System.Globalization;
using Rvq.Streams;

namespace Rvq.Tool.Parquet;

/// <summary>A model's codes as columns of a Parquet file, and what such a file says of the model.</summary>
/// <param name="Model">The model that makes the codes.</param>
/// <param name="PerCodebook">Whether each codebook has a column of its own, <c>codes_0</c> and so on, rather than all of them one,
/// <c>codes</c>.</param>
internal sealed record CodesTable(RvqModel Model, bool PerCodebook)
{
    /// <summary>The column of codes, or the start of the columns' names.</summary>
    public const string Codes = "codes";

    /// <summary>The name of the model's fingerprint in the file's metadata.</summary>
    public const string Fingerprint = "rvq.fingerprint";

    /// <summary>The name of the sizes of the codebooks in the file's metadata.</summary>
    public const string Sizes = "rvq.codebook_sizes";

    /// <summary>The columns of lists.</summary>
    public IEnumerable<string> Columns
        => PerCodebook ? Enumerable.Range(0, Model.CodebookCount).Select(i => $"{Codes}_{Text(i)}") : [Codes];

    /// <summary>A model's fingerprint as text.</summary>
    public static string FingerprintOf(RvqModel model) => new RvqHeader(model).Fingerprint.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>What the file says of itself.</summary>
    public Dictionary<string, string> Metadata()
    {
        var header = new RvqHeader(Model);
        var metadata = new Dictionary<string, string>
        {
            [Fingerprint] = FingerprintOf(Model),
            [Sizes] = string.Join(',', header.CodebookSizes.ToArray().Select(Text)),
            ["rvq.strides"] = string.Join(',', header.Strides.ToArray().Select(Text)),
            ["rvq.frames_per_block"] = Text(header.FramesPerBlock),
            ["rvq.codes_per_block"] = Text(Model.CodesPerBlock),
            ["rvq.layout"] = PerCodebook ? "one list a codebook, in time order" : Model.FramesPerBlock == 1 ? "[T, N]"
                : "[blocks, codes_per_block]",
        };
        if (header.FrameRate is not null)
        {
            metadata["rvq.frame_rate"] = header.FrameRateDenominator == 1
                ? Text(header.FrameRateNumerator)
                : $"{Text(header.FrameRateNumerator)}/{Text(header.FrameRateDenominator)}";
        }

        return metadata;
    }

    /// <summary>A clip's codes [blocks, codes per block] as one list a column.</summary>
    public int[][] Split(int[] codes)
    {
        if (!PerCodebook)
        {
            return [codes];
        }

        var lists = new int[Model.CodebookCount][];
        Array.Fill(lists, []);
        for (var i = 0; i < lists.Length && codes.Length > 0; i++)
        {
            var view = Model.CodesOf(i, codes.AsSpan());
            lists[i] = new int[view.FlattenedLength];
            view.FlattenTo(lists[i]);
        }

        return lists;
    }

    /// <summary>A clip's codes [blocks, codes per block] from lists of one column or of one each for the first codebooks.</summary>
    /// <exception cref="InvalidDataException">The lists are not of whole blocks.</exception>
    public static int[] Join(RvqModel prefix, int[][] lists, string id)
    {
        if (lists.Length == 1 && prefix.CodebookCount > 1 || prefix.CodesPerBlock == 1)
        {
            return lists[0].Length % prefix.CodesPerBlock == 0
                ? lists[0]
                : throw new InvalidDataException(
                    $"Clip '{id}' has {lists[0].Length} codes, which is not a multiple of the {prefix.CodesPerBlock} codes of a block.");
        }

        var blocks = lists[0].Length / (prefix.FramesPerBlock / prefix.Stages[0].Stride);
        var codes = new int[checked(blocks * prefix.CodesPerBlock)];
        for (var i = 0; i < lists.Length; i++)
        {
            var needed = (long)blocks * (prefix.FramesPerBlock / prefix.Stages[i].Stride);
            if (lists[i].Length != needed)
            {
                throw new InvalidDataException(
                    $"Clip '{id}' has {lists[i].Length} codes of codebook {i}, but {blocks} blocks need {needed}.");
            }

            if (needed > 0)
            {
                var view = prefix.CodesOf(i, codes.AsSpan());
                new System.Numerics.Tensors.ReadOnlyTensorSpan<int>(lists[i], view.Lengths).CopyTo(view);
            }
        }

        return codes;
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
