using System.Numerics;

namespace Rvq.Training;

/// <summary>How well codes use their codebooks, and how far decoded frames lie from the original ones.</summary>
public static class CodebookStatistics
{
    /// <summary>Counts how often each codeword of one codebook occurs.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="model">The model that the codes belong to.</param>
    /// <param name="codes">
    /// The codes, row-major [T, N]; for a model with strides [blocks, <see cref="RvqModel.CodesPerBlock"/>]. A code of −1, a codebook
    /// left out, is not counted.
    /// </param>
    /// <param name="codebook">The position of the codebook among <see cref="RvqModel.Stages"/>.</param>
    /// <returns>The counts, one per codeword.</returns>
    /// <exception cref="ArgumentException">
    /// The length of <paramref name="codes"/> is not a multiple of <see cref="RvqModel.CodesPerBlock"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="codebook"/> is not in [0, N), or a code is neither in its codebook nor −1.
    /// </exception>
    public static long[] CountCodes<TCode>(RvqModel model, ReadOnlySpan<TCode> codes, int codebook)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ArgumentNullException.ThrowIfNull(model);
        if ((uint)codebook >= (uint)model.CodebookCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(codebook), codebook, $"codebook must be in [0, {model.CodebookCount}), but is {codebook}.");
        }

        Argument.RowCount(codes.Length, model.CodesPerBlock, nameof(codes), "codes of a block");

        var first = 0;
        foreach (var stage in model.Stages[..codebook])
        {
            first += model.FramesPerBlock / stage.Stride;
        }

        var length = model.FramesPerBlock / model.Stages[codebook].Stride;
        var counts = new long[model.Stages[codebook].Codebook.Size];
        for (var block = 0; block < codes.Length; block += model.CodesPerBlock)
        {
            foreach (var code in codes.Slice(block + first, length))
            {
                if (Argument.IsLeftOut(code))
                {
                    continue;
                }

                if (!Argument.IsCode(code, counts.Length))
                {
                    throw new ArgumentOutOfRangeException(
                        nameof(codes), $"codes holds {code} for codebook {codebook}, which has {counts.Length} codewords.");
                }

                counts[int.CreateTruncating(code)]++;
            }
        }

        return counts;
    }

    /// <summary>The number of codewords that occur at all.</summary>
    /// <param name="counts">How often each codeword occurs, none negative.</param>
    public static int UsedCodes(ReadOnlySpan<long> counts)
    {
        var used = 0;
        foreach (var count in counts)
        {
            used += count > 0 ? 1 : 0;
        }

        return used;
    }

    /// <summary>
    /// The perplexity exp(−Σ p ln p) of the codewords' frequencies p: the number of codewords that, used evenly, would carry as much
    /// information. K where all are used alike, 1 where only one is used, 0 where there is no code at all.
    /// Logarithms are the machine's: the last bit may differ from one to another.
    /// </summary>
    /// <param name="counts">How often each codeword occurs, none negative.</param>
    public static double Perplexity(ReadOnlySpan<long> counts)
    {
        var total = 0.0;
        foreach (var count in counts)
        {
            total += count;
        }

        if (total == 0)
        {
            return 0;
        }

        var entropy = 0.0;
        foreach (var count in counts)
        {
            if (count > 0)
            {
                entropy -= count / total * Math.Log(count / total);
            }
        }

        return Math.Exp(entropy);
    }

    /// <summary>The mean over the frames of ‖x − y‖², summed over the dimensions; summed in binary64.</summary>
    /// <param name="frames">The original frames, row-major [T, D].</param>
    /// <param name="decoded">The decoded frames, row-major [T, D].</param>
    /// <param name="dimensions">D, the length of a frame.</param>
    /// <returns>The squared error per frame; 0 where there is no frame.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimensions"/> is below 1.</exception>
    /// <exception cref="ArgumentException">Lengths that differ or that are not a multiple of <paramref name="dimensions"/>.</exception>
    public static double MeanSquaredError(ReadOnlySpan<float> frames, ReadOnlySpan<float> decoded, int dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        var count = Argument.RowCount(frames.Length, dimensions, nameof(frames), "dimensions of a frame");
        return frames.IsEmpty && decoded.IsEmpty ? 0 : ErrorEnergy(frames, decoded) / count;
    }

    /// <summary>
    /// The signal-to-noise ratio 10 log10(Σ x² / Σ (x − y)²) in decibel; positive infinity where nothing differs. The logarithm's last
    /// bit may differ from machine to machine.
    /// </summary>
    /// <param name="frames">The original frames x.</param>
    /// <param name="decoded">The decoded frames y, of the same length.</param>
    /// <exception cref="ArgumentException">Lengths that differ.</exception>
    public static double SignalToNoiseRatio(ReadOnlySpan<float> frames, ReadOnlySpan<float> decoded)
    {
        var noise = ErrorEnergy(frames, decoded);
        var signal = 0.0;
        foreach (double value in frames)
        {
            signal += value * value;
        }

        return noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise);
    }

    private static double ErrorEnergy(ReadOnlySpan<float> frames, ReadOnlySpan<float> decoded)
    {
        if (decoded.Length != frames.Length)
        {
            throw new ArgumentException($"decoded has length {decoded.Length}, but frames has {frames.Length}.", nameof(decoded));
        }

        var energy = 0.0;
        for (var i = 0; i < frames.Length; i++)
        {
            var difference = (double)frames[i] - decoded[i];
            energy += difference * difference;
        }

        return energy;
    }
}
