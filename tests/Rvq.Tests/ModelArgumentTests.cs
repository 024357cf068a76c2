namespace Rvq.Tests;

/// <summary>What the parts of a model refuse in their constructors, with both numbers.</summary>
public sealed class ModelArgumentTests
{
    [Fact]
    public void Codebook_BadArguments_AreRefused()
    {
        Refused.For<ArgumentOutOfRangeException>("dimensions", () => _ = new Codebook([1], 0), "0");
        Refused.For<ArgumentOutOfRangeException>("dimensions", () => _ = new Codebook([1], -1), "-1");
        Refused.For<ArgumentException>("codewords", () => _ = new Codebook([], 3), "0", "3");
        Refused.For<ArgumentException>("codewords", () => _ = new Codebook(new float[7], 2), "7", "2");
        Refused.For<ArgumentException>(
            "codewords", () => _ = new Codebook([1, 2, 3, 4, 5, float.NaN], 3), "NaN", "codeword 1, dimension 2");
        Refused.For<ArgumentException>("codewords", () => _ = new Codebook([float.NegativeInfinity], 1), "codeword 0, dimension 0");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void Codebook_CodeOutside_IsRefused(int code)
        => Refused.For<ArgumentOutOfRangeException>("code", () => new Codebook([1, 2, 3], 1)[code].ToArray(), $"{code}", "3");

    [Fact]
    public void Codebook_ItsInput_IsCopied()
    {
        float[] codewords = [1, 2, 3, 4];
        var codebook = new Codebook(codewords, 2);
        codewords[2] = 9;
        Assert.Equal([3, 4], codebook[1]);
    }

    [Fact]
    public void Projection_BadArguments_AreRefused()
    {
        Refused.For<ArgumentOutOfRangeException>("inputs", () => _ = new Projection([1], 0), "0");
        Refused.For<ArgumentException>("weight", () => _ = new Projection([], 3), "0", "3");
        Refused.For<ArgumentException>("weight", () => _ = new Projection(new float[7], 2), "7", "2");
        Refused.For<ArgumentException>("bias", () => _ = new Projection(new float[6], 2, new float[2]), "2", "3 outputs");
        Refused.For<ArgumentException>("weight", () => _ = new Projection([1, 2, 3, float.PositiveInfinity], 2), "row 1, dimension 1");
        Refused.For<ArgumentException>("bias", () => _ = new Projection([1, 2], 1, [1, float.NaN]), "NaN", "output 1");
    }

    [Fact]
    public void Stage_BadArguments_AreRefused()
    {
        var codebook = new Codebook(new float[8], 4);
        Refused.For<ArgumentNullException>("codebook", () => _ = new Stage(null!));
        Refused.For<ArgumentOutOfRangeException>("stride", () => _ = new Stage(codebook, stride: 0), "0");
        Refused.For<ArgumentOutOfRangeException>("metric", () => _ = new Stage(codebook, metric: (SearchMetric)4));
        Refused.For<ArgumentException>("input", () => _ = new Stage(codebook, Map(6, 3), Map(4, 6)), "3", "4");
        Refused.For<ArgumentException>("output", () => _ = new Stage(codebook, Map(6, 4), Map(5, 6)), "5", "4");
        Refused.For<ArgumentException>("output", () => _ = new Stage(codebook, Map(6, 4), Map(4, 7)), "6", "7");
        Refused.For<ArgumentException>("output", () => _ = new Stage(codebook, Map(6, 4)), "6", "4");
        Refused.For<ArgumentException>("output", () => _ = new Stage(codebook, null, Map(4, 7)), "4", "7");
    }

    [Fact]
    public void ResidualStack_BadArguments_AreRefused()
    {
        Stage four = new(new Codebook(new float[8], 4)), five = new(new Codebook(new float[10], 5));
        Refused.For<ArgumentException>("stages", () => _ = new ResidualStack([]));
        Refused.For<ArgumentException>("stages", () => _ = new ResidualStack([four, null!]), "1");
        Refused.For<ArgumentException>("stages", () => _ = new ResidualStack([four, four, five]), "Stage 2", "5", "4");
        Refused.For<ArgumentException>("input", () => _ = new ResidualStack([four], Map(6, 3), Map(4, 6)), "3", "4");
        Refused.For<ArgumentException>("output", () => _ = new ResidualStack([four], Map(6, 4), Map(5, 6)), "5", "4");
        Refused.For<ArgumentException>("output", () => _ = new ResidualStack([four], Map(6, 4), Map(4, 7)), "6", "7");
        Refused.For<ArgumentException>("output", () => _ = new ResidualStack([four], Map(6, 4)), "6", "4");
    }

    [Fact]
    public void RvqModel_BadArguments_AreRefused()
    {
        Codebook four = new(new float[8], 4), five = new(new float[10], 5);
        Refused.For<ArgumentException>("codebooks", () => _ = new RvqModel(ReadOnlySpan<Codebook>.Empty));
        Refused.For<ArgumentException>("codebooks", () => _ = new RvqModel(four, null!), "1");
        Refused.For<ArgumentException>("codebooks", () => _ = new RvqModel(four, five), "Codebook 1", "5", "4");
        Refused.For<ArgumentException>("stacks", () => _ = new RvqModel(ReadOnlySpan<ResidualStack>.Empty));
        Refused.For<ArgumentException>("stacks", () => _ = new RvqModel(new ResidualStack([new Stage(four)]), null!), "1");
        Refused.For<ArgumentException>(
            "stacks", () => _ = new RvqModel(new ResidualStack([new Stage(four)]), new ResidualStack([new Stage(five)])), "5", "4");
    }

    [Fact]
    public void RvqModel_BlocksBeyondInt32_AreRefused()
    {
        var codebook = new Codebook(new float[8], 1);

        // Two primes whose product is above 2³¹; 2³⁰ codes of 3 bits in a block.
        Assert.Contains($"{65521L * 65537}", Assert.Throws<ArgumentException>(() => Model(65521, 65537)).Message, StringComparison.Ordinal);
        Refused.For<ArgumentException>("stacks", () => Model(1 << 30, 1), $"{3 * ((1L << 30) + 1)}", $"{int.MaxValue}");

        RvqModel Model(params int[] strides) => new(new ResidualStack([.. strides.Select(stride => new Stage(codebook, stride: stride))]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4)]
    public void Take_CountOutside_IsRefused(int count)
        => Refused.For<ArgumentOutOfRangeException>("codebookCount", () => TestModels.All().First().Model.Take(count), $"{count}", "3");

    private static Projection Map(int inputs, int outputs) => new(new float[inputs * outputs], inputs);
}
