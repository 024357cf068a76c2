using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>One codebook on each kernel: codes, what is left of the residuals, and no access outside the documented shapes.</summary>
public sealed unsafe class KernelTests
{
    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void FindAndSubtract_AnySizeBetweenGuardPages_StayInside(string name)
    {
        var kernel = TestKernels.Get(name);
        foreach (var (atEnd, size, dimensions) in GuardCases.Codebooks().Where(shape => shape.Dimensions is 1 or 7 or 8 or 9 or 33 or 65))
        {
            const int Count = 15;
            var (codewords, frames) = TestVectors.Create("random", size, dimensions, Count, size);
            var codebook = new Codebook(codewords, dimensions);
            var table = new SearchTable(codebook, SearchMetric.Euclidean);
            using var rows = new GuardedBuffer<float>(codebook.PaddedRows.Span[..(size * codebook.RowStride)], atEnd);
            using var vectors = new GuardedBuffer<float>(GuardCases.Padded(frames, dimensions), atEnd);
            using var codes = new GuardedBuffer<int>(((Count - 1) * 3) + 1, atEnd);
            kernel.Search(table).Find(vectors.Pointer, Count, codes.Pointer, 3, new SearchScratch([new Stage(codebook)]));
            kernel.Rows.Subtract(rows.Pointer, codes.Pointer, 3, vectors.Pointer, Count, table.Stride);
            for (var t = 0; t < Count; t++)
            {
                var frame = frames.AsSpan(t * dimensions, dimensions).ToArray();
                var code = Oracle.Nearest(codebook, frame);
                Assert.Equal(code, codes.Span[t * 3]);
                var left = frame.Zip(codebook[code].ToArray(), (r, c) => r - c);
                Assert.Equal(left, vectors.Span.Slice(t * table.Stride, dimensions).ToArray());
            }
        }
    }
}
