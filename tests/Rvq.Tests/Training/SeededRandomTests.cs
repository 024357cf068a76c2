using Rvq.Training;

namespace Rvq.Tests.Training;

/// <summary>The generators' published sequences: a seed gives the same numbers for ever.</summary>
public sealed class SeededRandomTests
{
    [Fact]
    public void State_OfSeedZero_IsSplitmix64()
        => Assert.Equal(
            [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC], new SeededRandom(0).State.ToArray());

    [Fact]
    public void Next_FromOneTwoThreeFour_IsXoshiro256StarStar()
    {
        var random = new SeededRandom(0);
        new ulong[] { 1, 2, 3, 4 }.CopyTo(random.State);
        ulong[] expected = [11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600];
        Assert.Equal(expected, Enumerable.Range(0, expected.Length).Select(_ => random.Next()));
    }

    [Fact]
    public void NextDouble_IsTheHighBitsOverTwoToThe53()
    {
        var (random, same) = (new SeededRandom(5), new SeededRandom(5));
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal((same.Next() >> 11) / 9007199254740992.0, random.NextDouble());
        }
    }

    [Fact]
    public void Distinct_AsManyAsThereAre_IsAPermutation()
        => Assert.Equal(Enumerable.Range(0, 100), new SeededRandom(3).Distinct(100, 100).Order());
}
