using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Transposed matrices of every size, between guard pages.</summary>
public sealed class TranspositionTests
{
    [Fact]
    public void Copy_Floats_Transposes() => CopyTransposes(i => (float)i);

    [Fact]
    public void Copy_Halves_Transposes() => CopyTransposes(BitConverter.UInt16BitsToHalf);

    private static unsafe void CopyTransposes<T>(Func<ushort, T> create)
        where T : unmanaged
    {
        foreach (var rows in GuardCases.Sizes)
        {
            foreach (var columns in GuardCases.Sizes)
            {
                foreach (var atEnd in GuardCases.Ends)
                {
                    // The last row is as long as its values: nothing may be read or written behind it.
                    var (sourceStride, stride) = (columns + (atEnd ? 0 : 3), rows + (atEnd ? 5 : 0));
                    using var source = new GuardedBuffer<T>(((rows - 1) * sourceStride) + columns, atEnd);
                    using var destination = new GuardedBuffer<T>(((columns - 1) * stride) + rows, atEnd);
                    using var other = new GuardedBuffer<T>(destination.Length, atEnd);
                    for (var i = 0; i < source.Span.Length; i++)
                    {
                        source.Span[i] = create((ushort)(i + 1));
                    }

                    var untouched = destination.Span[0];
                    Transposition.CopyAlongSource(source.Pointer, sourceStride, rows, columns, destination.Pointer, stride);
                    Transposition.CopyAlongDestination(source.Pointer, sourceStride, rows, columns, other.Pointer, stride);
                    for (var i = 0; i < destination.Span.Length; i++)
                    {
                        var (column, row) = Math.DivRem(i, stride);
                        var expected = row < rows ? create((ushort)((row * sourceStride) + column + 1)) : untouched;
                        Assert.Equal(expected, destination.Span[i]);
                        Assert.Equal(expected, other.Span[i]);
                    }
                }
            }
        }
    }
}
