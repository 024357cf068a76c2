using System.Numerics;

namespace Rvq;

/// <summary>
/// Everything that defines the codes of a residual vector quantizer: one or more stacks that are fed the same frame, their outputs
/// added and their codes concatenated. Immutable and thread-safe; the search tables are built once, when a quantizer first needs them.
/// </summary>
public sealed partial class RvqModel
{
    private readonly ResidualStack[] _stacks;
    private readonly Stage[] _stages;

    /// <summary>A plain stack of Euclidean codebooks (EnCodec, SoundStream; VQ-VAE with one codebook).</summary>
    /// <param name="codebooks">The codebooks in the order in which they quantize, at least one, all of the same dimensions.</param>
    /// <exception cref="ArgumentException">No codebook, a null codebook, or dimensions that differ.</exception>
    public RvqModel(params ReadOnlySpan<Codebook> codebooks)
        : this([PlainStack(codebooks)], 0)
    {
    }

    /// <summary>Stacks that are fed the same frame, as Mimi's semantic and acoustic ones.</summary>
    /// <param name="stacks">The stacks in the order of their codes, at least one, all of the same dimensions.</param>
    /// <exception cref="ArgumentException">No stack, a null stack, or dimensions that differ.</exception>
    public RvqModel(params ReadOnlySpan<ResidualStack> stacks)
        : this(stacks.ToArray(), 0)
    {
    }

    private RvqModel(ResidualStack[] stacks, int framesPerBlock)
    {
        if (stacks.Length == 0)
        {
            throw new ArgumentException("stacks is empty; a model has at least one stack.", nameof(stacks));
        }

        for (var i = 0; i < stacks.Length; i++)
        {
            if (stacks[i] is null)
            {
                throw new ArgumentException($"stacks holds null at {i}.", nameof(stacks));
            }

            if (stacks[i].Dimensions != stacks[0].Dimensions)
            {
                throw new ArgumentException(
                    $"Stack {i} takes frames of {stacks[i].Dimensions} dimensions, but stack 0 of {stacks[0].Dimensions}.", nameof(stacks));
            }
        }

        _stacks = stacks;
        _stages = [.. stacks.SelectMany(stack => stack.Stages.ToArray())];
        FramesPerBlock = framesPerBlock == 0 ? LeastCommonStride(_stages) : framesPerBlock;
        var codesPerBlock = _stages.Sum(stage => (long)(FramesPerBlock / stage.Stride));
        var bitsPerBlock = _stages.Sum(stage => (long)stage.Codebook.BitsPerCode * (FramesPerBlock / stage.Stride));
        if (bitsPerBlock > int.MaxValue || codesPerBlock > int.MaxValue)
        {
            throw new ArgumentException(
                $"A block would have {codesPerBlock} codes of {bitsPerBlock} bits; at most {int.MaxValue} are possible.", nameof(stacks));
        }

        CodesPerBlock = (int)codesPerBlock;
        BitsPerBlock = (int)bitsPerBlock;
    }

    /// <summary>The length of a frame, D.</summary>
    public int Dimensions => _stacks[0].Dimensions;

    /// <summary>The number of codebooks over all stacks, N.</summary>
    public int CodebookCount => _stages.Length;

    /// <summary>
    /// The frames that are coded together: the least common multiple of the stages' strides; 1 unless stages have strides.
    /// </summary>
    public int FramesPerBlock { get; }

    /// <summary>
    /// The codes of a block: for each stage in turn <see cref="FramesPerBlock"/> / stride of them; N unless stages have strides.
    /// </summary>
    public int CodesPerBlock { get; }

    /// <summary>The bits that the codes of a block take when packed.</summary>
    public int BitsPerBlock { get; }

    /// <summary>The bits that the codes of a frame take when packed; rounded up where a block has several frames.</summary>
    public int BitsPerFrame => (int)(((long)BitsPerBlock + FramesPerBlock - 1) / FramesPerBlock);

    /// <summary>The stacks in the order of their codes.</summary>
    public ReadOnlySpan<ResidualStack> Stacks => _stacks;

    /// <summary>The stages of all stacks in the order of their codes, length <see cref="CodebookCount"/>.</summary>
    public ReadOnlySpan<Stage> Stages => _stages;

    /// <summary>The codec that the model comes from, such as "EnCodec", or null where that is not known.</summary>
    public string? Family { get; init; }

    /// <summary>The sample rate of the codec's audio in Hz, or null where that is not known.</summary>
    public int? SampleRate { get; init; }

    /// <summary>The audio samples from one frame to the next, or null where that is not known.</summary>
    public int? HopLength { get; init; }

    /// <summary>
    /// The beam width with which the model's own program encodes (faiss keeps it as <c>max_beam_size</c>), at least 1, or null where that
    /// is not known. A quantizer is greedy all the same: <see cref="QuantizerOptions.BeamWidth"/> of this width gives that program's codes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The width is below 1.</exception>
    public int? BeamWidth
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"BeamWidth must be at least 1, but is {value}.");
    }

    /// <summary>Frames per second, <see cref="SampleRate"/> / <see cref="HopLength"/>, or null where that is not known.</summary>
    public double? FrameRate => (double?)SampleRate / HopLength;

    /// <summary>
    /// The model of the first <paramref name="codebookCount"/> codebooks, sharing memory and search tables with this one.
    /// </summary>
    /// <param name="codebookCount">The number of codebooks to keep, in [1, <see cref="CodebookCount"/>].</param>
    /// <returns>A model whose greedy codes are the first columns of this one's.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codebookCount"/> is not in that range.</exception>
    public RvqModel Take(int codebookCount)
    {
        if (codebookCount < 1 || codebookCount > CodebookCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(codebookCount), codebookCount, $"codebookCount must be in [1, {CodebookCount}], but is {codebookCount}.");
        }

        if (codebookCount == CodebookCount)
        {
            return this;
        }

        var stacks = new List<ResidualStack>();
        for (var (i, left) = (0, codebookCount); left > 0; left -= stacks[i++].Stages.Length)
        {
            stacks.Add(_stacks[i].Take(Math.Min(left, _stacks[i].Stages.Length)));
        }

        return new RvqModel([.. stacks], FramesPerBlock)
        {
            Family = Family,
            SampleRate = SampleRate,
            HopLength = HopLength,
            BeamWidth = BeamWidth,
        };
    }

    private static ResidualStack PlainStack(ReadOnlySpan<Codebook> codebooks)
    {
        if (codebooks.IsEmpty)
        {
            throw new ArgumentException("codebooks is empty; a model has at least one codebook.", nameof(codebooks));
        }

        var stages = new Stage[codebooks.Length];
        for (var i = 0; i < stages.Length; i++)
        {
            stages[i] = codebooks[i] is null
                ? throw new ArgumentException($"codebooks holds null at {i}.", nameof(codebooks))
                : codebooks[i].Dimensions != codebooks[0].Dimensions
                ? throw new ArgumentException(
                    $"Codebook {i} has {codebooks[i].Dimensions} dimensions, but codebook 0 has {codebooks[0].Dimensions}.",
                    nameof(codebooks))
                : new Stage(codebooks[i]);
        }

        return new ResidualStack(stages);
    }

    private static int LeastCommonStride(Stage[] stages)
    {
        var common = 1L;
        foreach (var stage in stages)
        {
            common = common / (long)BigInteger.GreatestCommonDivisor(common, stage.Stride) * stage.Stride;
            if (common > int.MaxValue)
            {
                throw new ArgumentException(
                    $"The least common multiple of the stages' strides is {common}; at most {int.MaxValue} is possible.", nameof(stages));
            }
        }

        return (int)common;
    }
}
