using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Padded rows of every length between guard pages, against plain loops.</summary>
public sealed unsafe class RowArithmeticTests
{
    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void SubtractAddAndSquaredNorm_AnyLength_StayInside(string name)
    {
        var arithmetic = TestKernels.Get(name).Rows;
        foreach (var (atEnd, length) in GuardCases.Rows())
        {
            using var left = new GuardedBuffer<float>(TestVectors.Normal(new Random(1), length), atEnd);
            using var right = new GuardedBuffer<float>(TestVectors.Normal(new Random(2), length), atEnd);
            using var result = new GuardedBuffer<float>(length, atEnd);
            using var code = new GuardedBuffer<int>([0], atEnd);
            left.Span.CopyTo(result.Span);
            arithmetic.Subtract(right.Pointer, code.Pointer, 1, result.Pointer, 1, length);
            Assert.Equal(left.Span.ToArray().Zip(right.Span.ToArray(), (a, b) => a - b), result.Span.ToArray());
            arithmetic.Add(left.Pointer, right.Pointer, result.Pointer, length);
            Assert.Equal(left.Span.ToArray().Zip(right.Span.ToArray(), (a, b) => a + b), result.Span.ToArray());
            var norm = left.Span.ToArray().Sum(value => (double)value * value);
            Assert.Equal(1, RowArithmetic.SquaredNorm(left.Pointer, length) / norm, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void SumAll_AnyLength_StaysInside(string name)
    {
        var arithmetic = TestKernels.Get(name).Rows;
        const int Frames = 5;
        foreach (var (atEnd, length) in GuardCases.Rows())
        {
            foreach (var (count, step) in new[] { (1, 1), (2, 2), (3, 5), (9, 9) })
            {
                using var values = new GuardedBuffer<float>(TestVectors.Normal(new Random(length), Frames * length), atEnd);
                using var rows = new GuardedBuffer<nint>(((Frames - 1) * step) + count, atEnd);
                for (var i = 0; i < rows.Length; i++)
                {
                    rows.Span[i] = (nint)(values.Pointer + (i * 3 % Frames * length));
                }

                using var sums = new GuardedBuffer<float>(Frames * length, atEnd);
                arithmetic.SumAll((float**)rows.Pointer, step, Frames, count, sums.Pointer, length);
                for (var i = 0; i < sums.Length; i++)
                {
                    var (frame, at) = Math.DivRem(i, length);
                    var terms = Enumerable.Range(frame * step, count).Select(n => values.Span[(n * 3 % Frames * length) + at]);
                    Assert.Equal(terms.Aggregate((a, b) => a + b), sums.Span[i]);
                }
            }
        }
    }
}
