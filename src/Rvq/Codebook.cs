using System.Numerics;
using System.Numerics.Tensors;
using Rvq.Search;

namespace Rvq;

/// <summary>An immutable table of <see cref="Size"/> codewords of <see cref="Dimensions"/> float32 values each. Thread-safe.</summary>
public sealed class Codebook
{
    // Rows are padded with zeros to a multiple of Definition.Lanes, so that vector loads of a row never leave it.
    private readonly AlignedBuffer<float> _rows;

    /// <summary>Copies the codewords.</summary>
    /// <param name="codewords">The codewords, row-major, length Size × <paramref name="dimensions"/>; every value finite.</param>
    /// <param name="dimensions">The length of one codeword, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimensions"/> is below 1.</exception>
    /// <exception cref="ArgumentException">
    /// No codeword, a length that is not a multiple of <paramref name="dimensions"/>, or a value that is not finite.
    /// </exception>
    public Codebook(ReadOnlySpan<float> codewords, int dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        if (codewords.IsEmpty)
        {
            throw new ArgumentException(
                $"codewords has length 0, but a codebook has at least one codeword of {dimensions} values.", nameof(codewords));
        }

        Size = Argument.RowCount(codewords.Length, dimensions, nameof(codewords), "dimensions of a codeword");
        Argument.ThrowIfNotFinite(codewords, dimensions, nameof(codewords), "codeword");
        Dimensions = dimensions;
        RowStride = Definition.PaddedLength(dimensions);
        _rows = new AlignedBuffer<float>((Size + 1L) * RowStride);
        for (var code = 0; code < Size; code++)
        {
            codewords.Slice(code * dimensions, dimensions).CopyTo(_rows.Span[(code * RowStride)..]);
        }
    }

    /// <summary>The number of codewords, K; at least 1.</summary>
    public int Size { get; }

    /// <summary>The length of a codeword, D; at least 1.</summary>
    public int Dimensions { get; }

    /// <summary>The bits that a code takes when packed: ⌈log2 Size⌉, 0 for a single codeword.</summary>
    public int BitsPerCode => BitOperations.Log2((uint)Size - 1) + (Size > 1 ? 1 : 0);

    /// <summary>The codeword of a code, length <see cref="Dimensions"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="code"/> is not in [0, Size).</exception>
    public ReadOnlySpan<float> this[int code]
    {
        get
        {
            if ((uint)code >= (uint)Size)
            {
                throw new ArgumentOutOfRangeException(nameof(code), code, $"code must be in [0, {Size}).");
            }

            return _rows.Span.Slice(code * RowStride, Dimensions);
        }
    }

    /// <summary>
    /// All codewords as a view, shape [<see cref="Size"/>, <see cref="Dimensions"/>]; <c>FlattenTo</c> copies them out, row-major.
    /// </summary>
    public ReadOnlyTensorSpan<float> Codewords
        => new(_rows.Span[..(Size * RowStride)], [Size, Dimensions], [Size == 1 ? 0 : RowStride, Dimensions == 1 ? 0 : 1]);

    /// <summary>The same codewords scaled to length 1, in binary64 and rounded once; zeros stay.</summary>
    internal unsafe Codebook ToUnitLength()
    {
        var values = new float[Size * Dimensions];
        var row = new AlignedBuffer<float>(RowStride);
        for (var code = 0; code < Size; code++)
        {
            UnitLength.Scale(_rows.Pointer + ((nint)code * RowStride), row.Pointer, RowStride);
            row.Span[..Dimensions].CopyTo(values.AsSpan(code * Dimensions));
        }

        return new Codebook(values, Dimensions);
    }

    /// <summary>The distance between the starts of two padded rows.</summary>
    internal int RowStride { get; }

    /// <summary>
    /// All rows, [Size + 1, RowStride], zero beyond Dimensions; the last row is zero, what a codebook that is left out adds.
    /// </summary>
    internal AlignedBuffer<float> PaddedRows => _rows;
}
