namespace Rvq.Tests;

public sealed class RvqModelTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    [InlineData(1023, 10)]
    [InlineData(1024, 10)]
    [InlineData(1025, 11)]
    public void BitsPerCode_AnySize_IsTheLogarithmRoundedUp(int size, int bits)
        => Assert.Equal(bits, new Codebook(new float[size], 1).BitsPerCode);

    [Fact]
    public void Codewords_AnySizeAndDimensions_AreTheRows()
    {
        foreach (var size in new[] { 1, 2, 7 })
        {
            foreach (var dimensions in new[] { 1, 2, 7, 16 })
            {
                var values = TestVectors.Normal(new Random(size), size * dimensions);
                var codebook = new Codebook(values, dimensions);
                var view = codebook.Codewords;
                Assert.Equal([size, dimensions], view.Lengths.ToArray());
                var copy = new float[values.Length];
                view.FlattenTo(copy);
                Assert.Equal(values, copy);
                Assert.Equal(values, Enumerable.Range(0, values.Length).Select(i => codebook.Codewords[i / dimensions, i % dimensions]));
                Assert.Equal(values, Enumerable.Range(0, size).SelectMany(code => codebook[code].ToArray()));
                Refused.For<ArgumentOutOfRangeException>("code", () => _ = codebook[size], $"[0, {size})");
                Refused.For<ArgumentOutOfRangeException>("code", () => _ = codebook[-1], $"[0, {size})");
            }
        }
    }

    [Fact]
    public void Sizes_EnCodec_AreAsComputedByHand()
    {
        // 8 codebooks of 1024: 8 · 10 bits.
        var model = new RvqModel([.. Enumerable.Repeat(new Codebook(new float[1024 * 2], 2), 8)]);
        Assert.Equal(
            (2, 8, 1, 8, 80, 80),
            (model.Dimensions, model.CodebookCount, model.FramesPerBlock, model.CodesPerBlock, model.BitsPerBlock, model.BitsPerFrame));
    }

    [Fact]
    public void Sizes_CodebooksOfOtherSizes_AddUp()
    {
        // 0 + 1 + 7 + 9 bits.
        var model = new RvqModel(Sized(1), Sized(2), Sized(100), Sized(300));
        Assert.Equal((4, 17, 17), (model.CodesPerBlock, model.BitsPerBlock, model.BitsPerFrame));

        static Codebook Sized(int size) => new(new float[size], 1);
    }

    [Theory]
    [InlineData(new[] { 4, 2, 1 }, 4, 7, 84, 21)] // 1 + 2 + 4 codes of 12 bits
    [InlineData(new[] { 8, 4, 2, 1 }, 8, 15, 180, 23)] // 1 + 2 + 4 + 8 codes; 22.5 bits a frame
    [InlineData(new[] { 2, 3 }, 6, 5, 60, 10)] // 3 + 2 codes
    [InlineData(new[] { 3 }, 3, 1, 12, 4)]
    public void Sizes_Strides_AreAsComputedByHand(int[] strides, int framesPerBlock, int codesPerBlock, int bitsPerBlock, int bitsPerFrame)
    {
        var codebook = new Codebook(new float[4096], 1);
        var model = new RvqModel(new ResidualStack([.. strides.Select(stride => new Stage(codebook, stride: stride))]));
        Assert.Equal(
            (framesPerBlock, codesPerBlock, bitsPerBlock, bitsPerFrame),
            (model.FramesPerBlock, model.CodesPerBlock, model.BitsPerBlock, model.BitsPerFrame));
        Assert.Equal(strides.Length, model.CodebookCount);
    }

    [Fact]
    public void Sizes_SeveralStacks_AddUp()
    {
        var one = new ResidualStack([new Stage(new Codebook(new float[16], 1), stride: 2)]);
        var two = new ResidualStack([new Stage(new Codebook(new float[5], 1)), new Stage(new Codebook(new float[5], 1), stride: 3)]);
        var model = new RvqModel(one, two);

        // Blocks of 6 frames: 3 codes of 4 bits, 6 and 2 codes of 3 bits.
        Assert.Equal(
            (3, 6, 11, 36, 6), (model.CodebookCount, model.FramesPerBlock, model.CodesPerBlock, model.BitsPerBlock, model.BitsPerFrame));
        Assert.Equal([one.Stages[0], two.Stages[0], two.Stages[1]], model.Stages.ToArray());
        Assert.Equal([one, two], model.Stacks.ToArray());
    }

    [Fact]
    public void FrameRate_RateAndHop_IsTheirQuotient()
    {
        var codebook = new Codebook([1], 1);
        Assert.Equal(12.5, new RvqModel(codebook) { SampleRate = 24000, HopLength = 1920 }.FrameRate);
        Assert.Null(new RvqModel(codebook) { SampleRate = 24000 }.FrameRate);
        Assert.Null(new RvqModel(codebook).FrameRate);
    }

    [Fact]
    public void Take_AnyModel_GivesTheFirstColumns()
    {
        foreach (var (model, name) in TestModels.All())
        {
            var frames = TestVectors.Normal(new Random(8), 30 * model.FramesPerBlock * model.Dimensions);
            var codes = Oracle.Encode(model, frames);
            for (var n = 1; n <= model.CodebookCount; n++)
            {
                var taken = model.Take(n);
                Assert.Equal((n, model.FramesPerBlock, model.Dimensions), (taken.CodebookCount, taken.FramesPerBlock, taken.Dimensions));
                Assert.Equal(model.Stages[..n].ToArray().Sum(stage => model.FramesPerBlock / stage.Stride), taken.CodesPerBlock);
                var first = codes.Chunk(model.CodesPerBlock).SelectMany(block => block[..taken.CodesPerBlock]).ToArray();
                Assert.True(first.SequenceEqual(new Quantizer(taken).Encode(frames)), $"{name}, {n} codebooks");
                Assert.Equal(Oracle.Decode(taken, first), new Dequantizer(taken).Decode(first));
            }
        }
    }

    [Fact]
    public void Take_PlainModel_DecodesToTheSumOfTheFirstCodewordsInOrder()
    {
        var (model, frames) = TestVectors.CreateModel("mixed-scales", 20, 11, 5, 40, seed: 3);
        var codes = Oracle.Encode(model, frames);
        for (var n = 1; n <= 5; n++)
        {
            var prefix = codes.Chunk(5).SelectMany(frame => frame[..n]).ToArray();
            var decoded = new Dequantizer(model.Take(n)).Decode(prefix);
            for (var i = 0; i < decoded.Length; i++)
            {
                var sum = model.Stages[0].Codebook[codes[i / 11 * 5]][i % 11];
                for (var m = 1; m < n; m++)
                {
                    sum += model.Stages[m].Codebook[codes[(i / 11 * 5) + m]][i % 11];
                }

                Assert.Equal(sum, decoded[i]);
            }
        }
    }

    [Fact]
    public void Take_AnyModel_SharesMemoryAndTables()
    {
        foreach (var (model, _) in TestModels.All())
        {
            for (var n = 1; n <= model.CodebookCount; n++)
            {
                var taken = model.Take(n);
                for (var m = 0; m < n; m++)
                {
                    Assert.Same(model.Stages[m], taken.Stages[m]);
                    Assert.Same(model.Stages[m].SearchTable, taken.Stages[m].SearchTable);
                    Assert.Same(model.Stages[m].SearchTable.FloatPanels, taken.Stages[m].SearchTable.FloatPanels);
                }

                for (var s = 0; s < taken.Stacks.Length; s++)
                {
                    Assert.Same(model.Stacks[s].Tables.Projections, taken.Stacks[s].Tables.Projections);
                    Assert.Same(model.Stacks[s].InputProjection, taken.Stacks[s].InputProjection);
                    Assert.Same(model.Stacks[s].OutputProjection, taken.Stacks[s].OutputProjection);
                }
            }

            Assert.Same(model, model.Take(model.CodebookCount));
        }
    }

    [Fact]
    public void Take_RatesAndFamily_AreKept()
    {
        var codebook = new Codebook([1], 1);
        var taken = new RvqModel(codebook, codebook) { Family = "X", SampleRate = 16000, HopLength = 320 }.Take(1);
        Assert.Equal(("X", 16000, 320), (taken.Family, taken.SampleRate, taken.HopLength));
    }
}
