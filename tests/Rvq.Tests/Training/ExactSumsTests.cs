using System.Numerics;
using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class ExactSumsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(13)]
    public void Add_AnyOrderAndGrouping_GivesTheSameBits(int width)
    {
        var rows = Rows(300, width, seed: 1);
        var whole = Sum(rows, width);
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var shuffled = rows.ToArray();
            random.Shuffle(shuffled);
            var cut = random.Next(300);
            var (parts, rest) = (Sum(shuffled[..cut], width), Sum(shuffled[cut..], width));
            rest.Add(parts);
            Assert.Equal(Values(whole, width), Values(rest, width));
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(21)]
    public void Add_SomeRowsAtOnce_EqualsThemOneByOne(int width)
    {
        var rows = Rows(60, width, seed: 5);
        rows[7].AsSpan().Clear();
        var (one, all) = (new ExactSums(2, width), new ExactSums(2, width));
        int[] members = [3, 7, 8, 20, 21, 40, 59];
        foreach (var member in members)
        {
            one.Add(1, rows[member]);
        }

        all.Add(1, rows.SelectMany(row => row).ToArray(), members);
        all.Add(1, rows[0], []);
        Assert.Equal(Enumerable.Range(0, width).Select(i => one[1, i]), Enumerable.Range(0, width).Select(i => all[1, i]));
        Assert.Equal(new double[width], Values(all, width));
    }

    [Fact]
    public void Item_AllExponents_IsTheExactSumRoundedOnce()
    {
        // Against integers in units of 2^−149, the unit of the smallest float32.
        var rows = Rows(2000, 9, seed: 2);
        var sums = Sum(rows, 9);
        for (var column = 0; column < 9; column++)
        {
            var exact = rows.Aggregate(BigInteger.Zero, (sum, row) => sum + InUnits(row[column]));
            Assert.Equal(sums[0, column], Copied(sums, 9)[column]);
            Assert.Equal((double)exact, sums[0, column] * Math.ScaleB(1, 149), Math.Abs((double)exact) * 1e-15);
        }
    }

    [Fact]
    public void Item_TermsThatCancel_LeavesTheSmallOne()
    {
        var sums = new ExactSums(1, 1);
        foreach (var value in new[] { 1e38f, 1e-40f, -1e38f, 3f, -3f })
        {
            sums.Add(0, [value]);
        }

        Assert.Equal((double)1e-40f, sums[0]);
    }

    [Fact]
    public void Add_ManyEqualTerms_StaysExact()
    {
        var sums = new ExactSums(1, 1);
        var term = new ExactSums(1, 1);
        var value = MathF.BitDecrement(1);
        term.Add(0, [value]);
        for (var doubling = 0; doubling < 29; doubling++)
        {
            term.Add(term);
        }

        sums.Add(term);
        Assert.Equal(value * Math.ScaleB(1, 29), sums[0]);
    }

    [Fact]
    public void AddDouble_AnyOrder_GivesTheSameBits()
    {
        var random = new Random(3);
        var values = Enumerable.Range(0, 500).Select(_ => random.NextDouble() * Math.ScaleB(1, random.Next(-200, 250))).ToArray();
        double Total(double[] terms)
        {
            var sums = new ExactSums(2, 1);
            foreach (var term in terms)
            {
                sums.Add(1, term);
            }

            return sums[1];
        }

        var total = Total(values);
        Assert.Equal(values.Sum(), total, values.Sum() * 1e-12);
        for (var i = 0; i < 10; i++)
        {
            random.Shuffle(values);
            Assert.Equal(total, Total(values));
        }
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        var sums = Sum(Rows(50, 5, seed: 4), 5);
        var stream = new MemoryStream();
        sums.Write(stream);
        stream.Position = 0;
        var read = new ExactSums(1, 5);
        read.Read(stream);
        Assert.Equal(Values(sums, 5), Values(read, 5));
        Assert.Equal(stream.Length, stream.Position);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(0.5)] // no multiple of bin 0's unit
    [InlineData(1e17)] // beyond 2^53 units
    public void Read_NoSum_Throws(double value)
    {
        var stream = new MemoryStream();
        LittleEndian.Write<int>(stream, [1 << 13]);
        LittleEndian.Write<double>(stream, [value]);
        stream.Position = 0;
        Assert.Throws<InvalidDataException>(() => new ExactSums(1, 1).Read(stream));
    }

    private static ExactSums Sum(float[][] rows, int width)
    {
        var sums = new ExactSums(1, width);
        foreach (var row in rows)
        {
            sums.Add(0, row);
        }

        return sums;
    }

    private static double[] Copied(ExactSums sums, int width)
    {
        var copied = new double[width];
        sums.CopyTo(0, copied);
        return copied;
    }

    private static double[] Values(ExactSums sums, int width) => [.. Enumerable.Range(0, width).Select(i => sums[0, i])];

    private static float[][] Rows(int count, int width, int seed)
    {
        var random = new Random(seed);
        float Value()
        {
            while (true)
            {
                if (BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)) is var value && float.IsFinite(value))
                {
                    return value;
                }
            }
        }

        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, width).Select(_ => Value()).ToArray())];
    }

    private static BigInteger InUnits(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        var (exponent, mantissa) = ((bits >> 23) & 0xFF, bits & 0x7FFFFF);
        var magnitude = exponent == 0 ? mantissa : new BigInteger(mantissa | 0x800000) << (exponent - 1);
        return bits < 0 ? -magnitude : magnitude;
    }
}
