using System.Numerics.Tensors;

namespace Rvq;

public sealed partial class RvqModel
{
    /// <summary>
    /// The codes of one codebook as a view of block codes, in time order: one of the ragged arrays that SNAC's own code works with, or a
    /// column of [T, N] where nothing has a stride. <c>FlattenTo</c> copies it out; a tensor span of the same shape is copied in with
    /// <c>CopyTo</c>.
    /// </summary>
    /// <param name="codebook">The codebook, in [0, <see cref="CodebookCount"/>).</param>
    /// <param name="codes">Codes of whole blocks, length a multiple of <see cref="CodesPerBlock"/>.</param>
    /// <returns>A view of shape [blocks, <see cref="FramesPerBlock"/> / stride].</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codebook"/> is not in that range.</exception>
    /// <exception cref="ArgumentException">The length is not a multiple of <see cref="CodesPerBlock"/>.</exception>
    public TensorSpan<TCode> CodesOf<TCode>(int codebook, Span<TCode> codes)
    {
        var (first, count, blocks) = Locate<TCode>(codebook, codes);
        return new(blocks == 0 ? Array.Empty<TCode>() : codes[first..], [blocks, count], Strides(blocks, count));
    }

    /// <inheritdoc cref="CodesOf{TCode}(int, Span{TCode})"/>
    public ReadOnlyTensorSpan<TCode> CodesOf<TCode>(int codebook, ReadOnlySpan<TCode> codes)
    {
        var (first, count, blocks) = Locate<TCode>(codebook, codes);
        return new(blocks == 0 ? Array.Empty<TCode>() : codes[first..], [blocks, count], Strides(blocks, count));
    }

    // A tensor span wants a stride of 0 along an axis of length 1, and neither strides nor a default span where there is no element.
    private nint[] Strides(int blocks, int count) => blocks == 0 ? [] : [blocks == 1 ? 0 : CodesPerBlock, count == 1 ? 0 : 1];

    private (int First, int Count, int Blocks) Locate<TCode>(int codebook, ReadOnlySpan<TCode> codes)
    {
        if ((uint)codebook >= (uint)CodebookCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(codebook), codebook, $"codebook must be in [0, {CodebookCount}), but is {codebook}.");
        }

        var blocks = Argument.RowCount(codes.Length, CodesPerBlock, nameof(codes), "codes of a block");
        var first = 0;
        for (var i = 0; i < codebook; i++)
        {
            first += FramesPerBlock / _stages[i].Stride;
        }

        return (first, FramesPerBlock / _stages[codebook].Stride, blocks);
    }
}
