using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class CodebookStatisticsTests
{
    [Theory]
    [InlineData(new long[] { 5, 5, 5, 5 }, 4.0)]
    [InlineData(new long[] { 0, 9, 0 }, 1.0)]
    [InlineData(new long[] { 0, 0 }, 0.0)]
    [InlineData(new long[] { 1, 1, 2 }, 2.8284271247461903)] // entropy ½ ln 2 + ½ ln 4 = 1.5 ln 2
    public void Perplexity_HandComputed_Agrees(long[] counts, double expected)
        => Assert.Equal(expected, CodebookStatistics.Perplexity(counts), 12);

    [Fact]
    public void UsedCodes_SomeZero_CountsTheRest() => Assert.Equal(2, CodebookStatistics.UsedCodes([0, 3, 0, 1]));

    [Fact]
    public void SignalToNoiseRatio_HandComputed_Agrees()
        => Assert.Equal(20, CodebookStatistics.SignalToNoiseRatio([3, 4, 0, 0], [3, 4, 0.3f, 0.4f]), 6); // 25 / 0.25

    [Fact]
    public void SignalToNoiseRatio_EqualFrames_IsInfinite()
        => Assert.Equal(double.PositiveInfinity, CodebookStatistics.SignalToNoiseRatio([1, 2], [1, 2]));

    [Fact]
    public void MeanSquaredError_HandComputed_SumsOverDimensionsAndAveragesOverFrames()
        => Assert.Equal(3.5, CodebookStatistics.MeanSquaredError([1, 2, 3, 4], [0, 0, 3, 5.4142137f], 2), 6); // (5 + 2) / 2

    [Fact]
    public void MeanSquaredError_NoFrames_IsZero_UnlessThereIsSomethingDecoded()
    {
        Assert.Equal(0, CodebookStatistics.MeanSquaredError([], [], 3));
        Assert.Throws<ArgumentException>(() => CodebookStatistics.MeanSquaredError([], [1f], 1));
    }

    [Fact]
    public void MeanSquaredError_LengthsDiffer_NamesBoth()
    {
        var error = Assert.Throws<ArgumentException>(() => CodebookStatistics.MeanSquaredError([1, 2], [1, 2, 3], 2));
        Assert.Contains("length 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("has 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CountCodes_TwoCodebooks_CountsTheColumn()
    {
        var model = new RvqModel(new Codebook([0, 1], 1), new Codebook([0, 1, 2], 1));
        Assert.Equal([1, 0, 2], CodebookStatistics.CountCodes<byte>(model, [0, 2, 1, 2, 0, 0], 1));
        Assert.Equal([2, 1], CodebookStatistics.CountCodes<long>(model, [0, 2, 1, 2, 0, 0], 0));
    }

    [Fact]
    public void CountCodes_Strides_FindsTheStageInTheBlock()
    {
        var stages = new[] { new Stage(new Codebook([0, 1], 1), stride: 2), new Stage(new Codebook([0, 1, 2], 1)) };
        var model = new RvqModel(new ResidualStack(stages));
        Assert.Equal([1, 1], CodebookStatistics.CountCodes<int>(model, [0, 2, 2, 1, 0, 1], 0));
        Assert.Equal([1, 1, 2], CodebookStatistics.CountCodes<int>(model, [0, 2, 2, 1, 0, 1], 1));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    [InlineData(int.MinValue)]
    public void CountCodes_OutsideTheCodebook_Throws(int code)
    {
        var model = new RvqModel(new Codebook([0, 1], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => CodebookStatistics.CountCodes<int>(model, [0, code], 0));
    }
}
