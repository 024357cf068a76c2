using System.Collections.Frozen;
using System.Numerics;

namespace Rvq.Streams;

/// <summary>What an .rvq stream says of its codes before the first chunk. Immutable and thread-safe.</summary>
public sealed class RvqHeader
{
    private readonly int[] _sizes;
    private readonly int[] _strides;

    /// <summary>The codes of a model, with its fingerprint, and its frame rate where it is known.</summary>
    /// <param name="model">The model that makes the codes; only its first codebooks need to be in a chunk.</param>
    /// <exception cref="ArgumentException">The model has more than 1024 codebooks or 2^22 codes in a block.</exception>
    public RvqHeader(RvqModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        (_sizes, _strides) = (new int[model.CodebookCount], new int[model.CodebookCount]);
        for (var i = 0; i < _sizes.Length; i++)
        {
            (_sizes[i], _strides[i]) = (model.Stages[i].Codebook.Size, model.Stages[i].Stride);
        }

        FramesPerBlock = model.FramesPerBlock;
        Fingerprint = model.Fingerprint;
        if (model is { SampleRate: > 0 and var rate, HopLength: > 0 and var hop })
        {
            var common = (int)BigInteger.GreatestCommonDivisor(rate, hop);
            (FrameRateNumerator, FrameRateDenominator) = (rate / common, hop / common);
        }

        if (Fault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(model));
        }
    }

    /// <summary>Codes without a model at hand: one code per frame and codebook, no fingerprint.</summary>
    /// <param name="codebookSizes">The size of each codebook, at least 1; length N.</param>
    /// <exception cref="ArgumentException">No codebook, more than 1024, or a size below 1.</exception>
    public RvqHeader(ReadOnlySpan<int> codebookSizes)
        : this(codebookSizes.ToArray(), Enumerable.Repeat(1, codebookSizes.Length).ToArray(), 1)
    {
        if (Fault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(codebookSizes));
        }
    }

    internal RvqHeader(int[] sizes, int[] strides, int framesPerBlock)
        => (_sizes, _strides, FramesPerBlock) = (sizes, strides, framesPerBlock);

    /// <summary>The number of codebooks, N; a chunk may have fewer.</summary>
    public int CodebookCount => _sizes.Length;

    /// <summary>The size of each codebook, length <see cref="CodebookCount"/>.</summary>
    public ReadOnlySpan<int> CodebookSizes => _sizes;

    /// <summary>The frames that share a code, per codebook; 1 unless the model is multi-scale.</summary>
    public ReadOnlySpan<int> Strides => _strides;

    /// <summary>The frames that are coded together; 1 unless the model is multi-scale.</summary>
    public int FramesPerBlock { get; }

    /// <summary>The hash of the model, or 0 where it is not known.</summary>
    public UInt128 Fingerprint { get; init; }

    /// <summary>Frames per second × <see cref="FrameRateDenominator"/>, or 0 where the rate is not known.</summary>
    public int FrameRateNumerator { get; init; }

    /// <summary>The denominator of the frame rate, or 0 where the rate is not known.</summary>
    public int FrameRateDenominator { get; init; }

    /// <summary>Frames per second, or null where that is not known.</summary>
    public double? FrameRate => FrameRateDenominator > 0 ? (double)FrameRateNumerator / FrameRateDenominator : null;

    /// <summary>Whatever the writer wants to say, by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>The codes of a block of the first codebooks: the length of a row of a chunk's codes.</summary>
    /// <param name="codebookCount">The number of codebooks, in [1, <see cref="CodebookCount"/>].</param>
    /// <returns>The codebooks' <see cref="FramesPerBlock"/> / stride, added up.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codebookCount"/> is out of range.</exception>
    public int GetCodesPerBlock(int codebookCount)
    {
        ThrowIfNotInRange(codebookCount);
        var sum = 0;
        for (var i = 0; i < codebookCount; i++)
        {
            sum += CodesPerBlock(i);
        }

        return sum;
    }

    /// <summary>The width of a codebook's codes when packed: ⌈log2 size⌉.</summary>
    /// <param name="codebook">The codebook, in [0, <see cref="CodebookCount"/>).</param>
    /// <returns>Bits, in [0, 31].</returns>
    public int GetBitsPerCode(int codebook) => 32 - BitOperations.LeadingZeroCount((uint)_sizes[codebook] - 1);

    /// <summary>The codes of one codebook in a block.</summary>
    internal int CodesPerBlock(int codebook) => FramesPerBlock / _strides[codebook];

    /// <summary>The bytes of one codebook's layer in a chunk.</summary>
    internal int LayerLength(int codebook, int blockCount)
        => (int)((((long)blockCount * CodesPerBlock(codebook) * GetBitsPerCode(codebook)) + 7) / 8);

    /// <summary>The bits of a block of the first codebooks.</summary>
    internal long BitsPerBlock(int codebookCount)
    {
        var sum = 0L;
        for (var i = 0; i < codebookCount; i++)
        {
            sum += (long)CodesPerBlock(i) * GetBitsPerCode(i);
        }

        return sum;
    }

    /// <summary>The blocks of so many frames, the last of which may be in part filling.</summary>
    internal long BlockCount(long frameCount) => (frameCount / FramesPerBlock) + (frameCount % FramesPerBlock == 0 ? 0 : 1);

    /// <summary>The codebooks whose codes make a row of so many, or null.</summary>
    internal int? CodebookCountOf(nint rowLength)
    {
        for (var (i, sum) = (0, 0); i < CodebookCount && sum < rowLength; i++)
        {
            sum += CodesPerBlock(i);
            if (sum == rowLength)
            {
                return i + 1;
            }
        }

        return null;
    }

    internal void ThrowIfNotInRange(int codebookCount)
    {
        if (codebookCount < 1 || codebookCount > CodebookCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(codebookCount), codebookCount, $"codebookCount must be in [1, {CodebookCount}], but is {codebookCount}.");
        }
    }

    /// <summary>What cannot be in a stream, or null.</summary>
    internal string? Fault()
    {
        if (_sizes.Length is < 1 or > RvqFormat.MaxCodebooks)
        {
            return $"There are {_sizes.Length} codebooks; from 1 to {RvqFormat.MaxCodebooks} are possible.";
        }

        var codes = 0L;
        for (var i = 0; i < _sizes.Length; i++)
        {
            if (_sizes[i] < 1 || _strides[i] < 1 || FramesPerBlock < 1 || FramesPerBlock % _strides[i] != 0)
            {
                return $"Codebook {i} has {_sizes[i]} codewords and the stride {_strides[i]} in blocks of {FramesPerBlock} frames.";
            }

            codes += CodesPerBlock(i);
        }

        return codes > RvqFormat.MaxCodesPerChunk ? $"A block has {codes} codes; at most {RvqFormat.MaxCodesPerChunk} are possible."
            : FrameRateNumerator < 0 || FrameRateDenominator < 0 || (FrameRateNumerator == 0) != (FrameRateDenominator == 0)
            ? $"The frame rate is {FrameRateNumerator}/{FrameRateDenominator}."
            : null;
    }
}
