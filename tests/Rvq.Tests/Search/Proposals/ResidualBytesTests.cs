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
            var random = new Random(length);
            foreach (var values in new[]
            {
                TestVectors.Normal(random, length),
                [.. Enumerable.Repeat(1f, length)],
                [.. TestVectors.Normal(random, length).Select(value => -MathF.Abs(value))],
                [.. Enumerable.Range(0, length).Select(i => i == length - 1 ? -3f : 0)],
            })
            {
                using var residual = new GuardedBuffer<float>(values, atEnd);
                using var bytes = new GuardedBuffer<sbyte>(length, atEnd);
                Rounds<DotProdLanes, T>(residual, bytes);
                Assert.Equal(127, bytes.Span.ToArray().Max(value => Math.Abs((int)value)));
                Rounds<ByteLanes256<Avx2Dot>, T>(residual, bytes);

                // Four values are rounded by at most a half each, from a sum of 126.
                Assert.InRange(LargestAddedIn16Bits(bytes.Span), 124, 128);
            }
        }
    }

    private static void Rounds<TByte, T>(GuardedBuffer<float> residual, GuardedBuffer<sbyte> bytes)
        where TByte : struct, IByteLanes<TByte>
        where T : struct, IFloatLanes<T>
    {
        var (scale, sum, peak, norm, error) = ResidualBytes<TByte, T>.Quantize(residual.Pointer, residual.Length, bytes.Pointer);
        Assert.Equal(bytes.Span.ToArray().Sum(value => value), sum);
        var largest = residual.Span.ToArray().Max(Math.Abs);
        Assert.InRange(peak, largest, TByte.AddsIn16Bits ? 4.00001f * largest : largest);
        double squaredNorm = 0, squaredError = 0;
        for (var i = 0; i < residual.Length; i++)
        {
            var lost = residual.Span[i] - ((double)scale * bytes.Span[i]);
            Assert.InRange(lost, -0.501 * scale, 0.501 * scale);
            squaredNorm += (double)residual.Span[i] * residual.Span[i];
            squaredError += lost * lost;
        }

        Assert.Equal(1, norm / squaredNorm, 1e-5);
        Assert.InRange(error, (squaredError * 0.999) - 1e-9, (squaredError * 1.001) + 1e-9);
    }

    /// <summary>A 16-bit sum holds dimensions 0, 1, 4, 5 or 2, 3, 6, 7 of eight.</summary>
    private static int LargestAddedIn16Bits(ReadOnlySpan<sbyte> bytes)
    {
        var largest = 0;
        foreach (var i in Enumerable.Range(0, bytes.Length / 8).SelectMany(i => new[] { 8 * i, (8 * i) + 2 }))
        {
            int[] added = [bytes[i], bytes[i + 1], bytes[i + 4], bytes[i + 5]];
            largest = Math.Max(largest, Math.Max(added.Sum(value => Math.Max(value, 0)), -added.Sum(value => Math.Min(value, 0))));
        }

        return largest;
    }
}
