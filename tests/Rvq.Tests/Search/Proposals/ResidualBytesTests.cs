using System.Runtime.Intrinsics.X86;
using Rvq.Search;

namespace Rvq.Tests.Search;

public sealed unsafe class ResidualBytesTests
{
    [Fact]
    public void Quantize_AnyLengthBetweenGuardPages_RoundsToTheNearestLevel()
    {
        Assert.SkipUnless(Avx.IsSupported, "Eight-bit residuals need AVX.");
        foreach (var (atEnd, length) in GuardCases.Rows())
        {
            using var residual = new GuardedBuffer<float>(TestVectors.Normal(new Random(length), length), atEnd);
            using var bytes = new GuardedBuffer<sbyte>(length, atEnd);
            foreach (var levels in new[] { 63, 127 })
            {
                var (scale, sum, peak, _, _) = ResidualBytes.Quantize(residual.Pointer, length, levels, bytes.Pointer);
                Assert.Equal(bytes.Span.ToArray().Sum(value => value), sum);
                Assert.Equal(residual.Span.ToArray().Max(Math.Abs), peak);
                for (var i = 0; i < length; i++)
                {
                    Assert.InRange(bytes.Span[i], -levels, levels);
                    Assert.InRange(residual.Span[i] - (scale * bytes.Span[i]), -0.501f * scale, 0.501f * scale);
                }
            }
        }
    }
}
