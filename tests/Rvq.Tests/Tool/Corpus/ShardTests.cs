using Rvq.Tool.Corpus;

namespace Rvq.Tests.Tool.Corpus;

public sealed class ShardTests
{
    [Theory]
    [InlineData("0/1", 0, 1)]
    [InlineData("2/8", 2, 8)]
    [InlineData("7/8", 7, 8)]
    public void Parse_PartAndNumber(string text, int index, int count)
        => Assert.Equal(new Shard(index, count), Shard.Parse(text, _ => null));

    [Theory]
    [InlineData("8/8")]
    [InlineData("0/0")]
    [InlineData("-1/2")]
    [InlineData("1")]
    [InlineData("1/2/3")]
    [InlineData("a/b")]
    public void Parse_WhatIsNoPart_IsRefused(string text) => Assert.Throws<FormatException>(() => Shard.Parse(text, _ => null));

    [Theory]
    [InlineData(0, 3, 0, 0, 1, 4)]
    [InlineData(1, 4, 4, 3, 1, 4)]
    [InlineData(5, 15, 10, 1, 5, 3)]
    public void Parse_Slurm_CountsFromTheArraysFirstTask(int min, int max, int id, int part, int step, int count)
    {
        var given = new Dictionary<string, string>
        {
            ["SLURM_ARRAY_TASK_MIN"] = $"{min}",
            ["SLURM_ARRAY_TASK_MAX"] = $"{max}",
            ["SLURM_ARRAY_TASK_STEP"] = $"{step}",
            ["SLURM_ARRAY_TASK_COUNT"] = $"{count}",
        };
        given["SLURM_ARRAY_TASK_ID"] = $"{id}";
        Assert.Equal(new Shard(part, count), Shard.Parse("slurm", given.GetValueOrDefault));
    }

    [Fact]
    public void Parse_SlurmWithoutItsEnvironmentOrWithGaps_IsRefused()
    {
        Assert.Throws<FormatException>(() => Shard.Parse("slurm", _ => null));
        var gaps = new Dictionary<string, string>
        {
            ["SLURM_ARRAY_TASK_ID"] = "7",
            ["SLURM_ARRAY_TASK_MIN"] = "0",
            ["SLURM_ARRAY_TASK_MAX"] = "7",
            ["SLURM_ARRAY_TASK_STEP"] = "1",
            ["SLURM_ARRAY_TASK_COUNT"] = "3",
        };
        Assert.Throws<FormatException>(() => Shard.Parse("slurm", gaps.GetValueOrDefault));
    }

    [Fact]
    public void Has_AllParts_TakeEveryInputOnce()
        => Assert.All(
            Enumerable.Range(0, 100), position => Assert.Single(Enumerable.Range(0, 7), part => new Shard(part, 7).Has(position)));
}
