using Rvq.Search;

namespace Rvq.Tests.Search;

public sealed unsafe class ResidualBytesTests
{
    [Fact]
    public void Quantize_Lanes128BetweenGuardPages_RoundsToTheNearestLevel() => RoundsToTheNearestLevel<FloatLanes128>();

    [Fact]
    public void Quantize_Lanes256BetweenGuardPages_RoundsToTheNearestLevel() => RoundsToTheNearestLevel<FloatLanes256>();

    [Fact]
    public void Quantize_Lanes512BetweenGuardPages_RoundsToTheNearestLevel() => RoundsToTheNearestLevel<FloatLanes512>();

    private static void RoundsToTheNearestLevel<T>()
        where T : struct, IFloatLanes<T>
    {
        TestKernels.SkipUnlessSupported<T>();
        foreach (var (atEnd, length) in GuardCases.Rows())
        {
            using var residual = new GuardedBuffer<float>(TestVectors.Normal(new Random(length), length), atEnd);
            using var bytes = new GuardedBuffer<sbyte>(length, atEnd);
            foreach (var levels in new[] { 63, 127 })
            {
                var (scale, sum, peak, norm, error) = ResidualBytes<T>.Quantize(residual.Pointer, length, levels, bytes.Pointer);
                Assert.Equal(bytes.Span.ToArray().Sum(value => value), sum);
                Assert.Equal(residual.Span.ToArray().Max(Math.Abs), peak);
                double squaredNorm = 0, squaredError = 0;
                for (var i = 0; i < length; i++)
                {
                    var lost = residual.Span[i] - ((double)scale * bytes.Span[i]);
                    Assert.InRange(bytes.Span[i], -levels, levels);
                    Assert.InRange(lost, -0.501 * scale, 0.501 * scale);
                    squaredNorm += (double)residual.Span[i] * residual.Span[i];
                    squaredError += lost * lost;
                }

                Assert.Equal(1, norm / squaredNorm, 1e-5);
                Assert.InRange(error, (squaredError * 0.999) - 1e-9, (squaredError * 1.001) + 1e-9);
            }
        }
    }
}
