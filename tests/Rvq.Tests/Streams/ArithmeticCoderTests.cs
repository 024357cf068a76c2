using Rvq.Streams;

namespace Rvq.Tests.Streams;

public class ArithmeticCoderTests
{
    [Theory]
    [InlineData("card16", 16)]
    [InlineData("card64-peaked", 64)]
    [InlineData("card256", 256)]
    public void PushAndPull_EncodecsSymbols_AreEncodecsBytes(string name, int size)
    {
        var folder = TestData.Path("reference/bits-encodec-arithmetic");
        var (pdf, _) = Npy.ReadSingle(Path.Combine(folder, name + ".pdf.npy"));
        var (cdf, _) = Npy.ReadInt64(Path.Combine(folder, name + ".cdf.npy"));
        var (symbols, _) = Npy.ReadInt64(Path.Combine(folder, name + ".symbols.npy"));
        var expected = File.ReadAllBytes(Path.Combine(folder, name + ".bin"));
        var cdfs = new int[cdf.Length];
        for (var i = 0; i < symbols.Length; i++)
        {
            ArithmeticEncoder.GetCdf(pdf.AsSpan(i * size, size), cdfs.AsSpan(i * size, size));
        }

        Assert.Equal(cdf, Array.ConvertAll(cdfs, value => (long)value));
        Check(Array.ConvertAll(symbols, symbol => (int)symbol), cdfs, size, expected);
    }

    [Fact]
    public void PushAndPull_CodesOfTheLanguageModelFile_AreItsBytes()
    {
        var folder = TestData.Path("reference/bits-ecdc-24khz-lm");
        var (cdf, _) = Npy.ReadInt64(Path.Combine(folder, "cdf.npy"));
        var (codes, shape) = Npy.ReadInt64(Path.Combine(folder, "codes_0.npy"));
        var symbols = Array.ConvertAll(CodePackingTests.Transpose(codes, shape[0], shape[1]), code => (int)code);
        Check(symbols, Array.ConvertAll(cdf, value => (int)value), 1024, File.ReadAllBytes(Path.Combine(folder, "file.ecdc"))[64..]);
    }

    [Fact]
    public void PushAndPull_RandomFrequencies_RoundTrip()
    {
        var random = new Random(3);
        for (var repeat = 0; repeat < 200; repeat++)
        {
            var (size, count) = (1 + random.Next(40), random.Next(200));
            var cdfs = new int[size * count];
            var symbols = new int[count];
            for (var i = 0; i < count; i++)
            {
                var weights = Enumerable.Range(0, size).Select(_ => Math.Pow(random.NextDouble(), 20)).ToArray();
                var pdf = weights.Select(weight => (float)(weight / weights.Sum() * 0.9999)).ToArray();
                ArithmeticEncoder.GetCdf(pdf, cdfs.AsSpan(i * size, size));
                symbols[i] = random.Next(size);
            }

            Check(symbols, cdfs, size, null);
        }
    }

    [Fact]
    public void TryPull_RandomBytes_GivesCodesOrInvalidData()
    {
        var random = new Random(4);
        var refused = 0;
        for (var repeat = 0; repeat < 100_000; repeat++)
        {
            var bytes = new byte[random.Next(12)];
            random.NextBytes(bytes);
            int[] cdf = [random.Next(1 << 24), random.Next(1 << 24), 1 << random.Next(20, 28)];
            try
            {
                var decoder = new ArithmeticDecoder(bytes);
                var count = 0;
                while (decoder.TryPull(cdf, out var code) && count++ < 1000)
                {
                    Assert.InRange(code, 0, 2);
                }
            }
            catch (Exception exception) when (exception is InvalidDataException or ArgumentException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 99_000);
    }

    [Fact]
    public void PushAndGetCdf_WhatDoesNotFit_IsRefused()
    {
        var encoder = new ArithmeticEncoder();
        Assert.Throws<ArgumentOutOfRangeException>("code", () => encoder.Push(2, [10, 20]));
        Assert.Throws<ArgumentException>("cdf", () => encoder.Push(1, [10, 11]));
        Assert.Throws<ArgumentException>("cdf", () => encoder.Push(1, [10, (1 << 24) + 1]));
        Assert.Throws<ArgumentException>("cdf", () => ArithmeticEncoder.GetCdf([0.5f, 0.5f], new int[1]));
        foreach (var wrong in (float[])[-0.5f, float.NaN, float.PositiveInfinity, 0.7f])
        {
            var cdf = new int[2];
            Assert.Throws<ArgumentException>("probabilities", () => ArithmeticEncoder.GetCdf([0.5f, wrong], cdf));
            Assert.Equal([0, 0], cdf);
        }

        Assert.Empty(encoder.Finish());
    }

    private static void Check(int[] symbols, int[] cdfs, int size, byte[]? expected)
    {
        var encoder = new ArithmeticEncoder();
        for (var twice = 0; twice < 2; twice++)
        {
            for (var i = 0; i < symbols.Length; i++)
            {
                encoder.Push(symbols[i], cdfs.AsSpan(i * size, size));
            }

            var bytes = encoder.Finish();
            Assert.Equal(expected ?? bytes, bytes);
            var decoder = new ArithmeticDecoder(bytes);
            for (var i = 0; i < symbols.Length; i++)
            {
                Assert.True(decoder.TryPull(cdfs.AsSpan(i * size, size), out var symbol));
                Assert.Equal(symbols[i], symbol);
            }
        }
    }
}
