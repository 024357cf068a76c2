using System.Buffers.Binary;
using System.IO.Hashing;
using Rvq.Training;

namespace Rvq.Tests.Training;

/// <summary>A trainer's file: what is in it, and what is refused although its checksum is right.</summary>
public sealed class EmaStateTests
{
    // Two codebooks of 3 codewords of 2 dimensions: at the end of the file lie for each the steps (8), usage (12), sums (24) and codewords
    // (24).
    private const int BookLength = 8 + 12 + 24 + 24;
    private const int RandomLength = 32;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Load_RandomStateOfZeros_IsInvalidData()
        => await Refused(file => file.AsSpan(file.Length - (2 * BookLength) - RandomLength, RandomLength).Clear(), "all zero");

    [Theory]
    [InlineData(2, -2, "-2 steps")]
    [InlineData(2, -1, "1 steps")] // the first codebook not begun, the second one begun
    [InlineData(1, -1, "-1 steps")]
    [InlineData(1, long.MinValue, "steps")]
    public async Task Load_StepsThatNoTrainerHas_IsInvalidData(int booksFromTheEnd, long steps, string message)
        => await Refused(
            file => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(file.Length - (booksFromTheEnd * BookLength)), steps), message);

    [Theory]
    [InlineData(8, float.NaN)] // usage
    [InlineData(8 + 12 + 4, float.PositiveInfinity)] // sums
    [InlineData(BookLength - 4, float.NegativeInfinity)] // codewords
    public async Task Load_ValueThatIsNotFinite_IsInvalidData(int offset, float value)
        => await Refused(
            file => BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(file.Length - BookLength + offset), value), "not finite");

    [Fact]
    public async Task Save_SizesMetricAndCommitment_AreLoaded()
    {
        var options = new EmaTrainerOptions
        {
            CodebookSizes = [4, 2],
            Metric = SearchMetric.Cosine,
            CoarseToFine = false,
            Commitment = new Commitment { Weight = 0.5, SumsStages = true, OnlyFirstStageHasGradient = true },
        };
        var trainer = new EmaTrainer(2, options);
        trainer.Step([1, 2, 3, 4, 5, 6, 7, 9], new float[8], new int[8]);
        var loaded = EmaTrainer.Load(await Saved(trainer, _ => { }));
        Assert.Equal([4, 2], loaded.Options.CodebookSizes);
        Assert.Equal(options with { CodebookSizes = null }, loaded.Options with { CodebookSizes = null });
        Assert.Equal(trainer.Codebooks[1].Codewords, loaded.Codebooks[1].Codewords);
    }

    [Fact]
    public void Swapped_ValuesOfFourBytes_ReversesEach()
        => Assert.Equal([4, 3, 2, 1, 8, 7, 6, 5], LittleEndian.Swapped([1, 2, 3, 4, 5, 6, 7, 8], 4));

    private static async Task Refused(Action<byte[]> change, string message)
    {
        var trainer = new EmaTrainer(2, new EmaTrainerOptions { CodebookCount = 2, CodebookSize = 3, InitializationIterations = 1 });
        trainer.Step([1, 2, 3, 4, 5, 6, 7, 8], new float[8], new int[8]);
        var path = await Saved(trainer, change);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => EmaTrainer.Load(path)).Message, StringComparison.Ordinal);
    }

    private static async Task<string> Saved(EmaTrainer trainer, Action<byte[]> change)
    {
        var path = Path.Combine(Path.GetTempPath(), $"rvq-ema-state-{Environment.ProcessId}-{Guid.NewGuid():N}");
        trainer.Save(path);
        var file = await File.ReadAllBytesAsync(path, Token);
        change(file);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(8), XxHash64.HashToUInt64(file.AsSpan(16)));
        await File.WriteAllBytesAsync(path, file, Token);
        return path;
    }
}
