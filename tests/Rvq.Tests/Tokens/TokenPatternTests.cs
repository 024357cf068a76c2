using System.Text.Json;
using Rvq.Tokens;

namespace Rvq.Tests.Tokens;

public class TokenPatternTests
{
    public static TheoryData<string> Patterns =>
    [
        "delay-default", "delay-custom", "delay-stereo", "delay-flatten-first", "delay-empty-initial", "delay-longer-than-T", "parallel",
        "unrolled-full", "unrolled-partial", "unrolled-partial-delay", "coarse-first", "coarse-first-delay", "musiclm",
    ];

    public static IEnumerable<TokenPattern> Samples =>
    [
        TokenPattern.Parallel(1), TokenPattern.Delay([0, 1, 2, 3]), TokenPattern.Delay([0, 5, 1], flattenFirst: 2, startSteps: 3),
        TokenPattern.Unroll([0, 1, 2]), TokenPattern.Unroll([0, 2, 2, 5], [1, 1, 1, 4]), TokenPattern.Unroll([1, 2, 3], [0, 2, 2]),
        TokenPattern.CoarseFirst([0, 1, 2]), TokenPattern.MusicLM(6, 3), TokenPattern.Moshi,
    ];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void ArrangeAndRestore_AudiocraftsCodes_GiveAudiocraftsArrays(string name)
    {
        var folder = TestData.Path("reference/layouts-audiocraft");
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        var item = document.RootElement.GetProperty("patterns").EnumerateArray().Single(
            pattern => pattern.GetProperty("name").GetString() == name);
        var special = item.GetProperty("special_token").GetInt64();
        var (k, t) = (item.GetProperty("K").GetInt32(), item.GetProperty("T").GetInt32());
        var pattern = Create(item.GetProperty("provider").GetString(), item.GetProperty("params"), k);

        Assert.Equal(item.GetProperty("S").GetInt32(), pattern.GetStepCount(t));
        Assert.Equal(item.GetProperty("S.valid").GetInt32(), pattern.GetStepCount(t) - pattern.MaxDelay);
        foreach (var suffix in (string[])["", ".valid"])
        {
            var steps = item.GetProperty("S" + suffix).GetInt32();
            var codes = Rows($"{name}.codes", t);
            var sequence = Rows($"{name}.sequence{suffix}", steps);
            var reverted = Rows($"{name}.reverted{suffix}", t);
            Assert.Equal(item.GetProperty("B").GetInt32(), codes.Length);
            for (var b = 0; b < codes.Length; b++)
            {
                var tokens = new long[steps * k];
                pattern.Arrange(codes[b], tokens, special);
                Assert.Equal(sequence[b], tokens);
                var restored = new long[t * k];
                pattern.Restore(tokens, restored, special);
                Assert.Equal(reverted[b], restored);
            }

            // The masks are what a pattern makes of ones and zeros.
            var mask = new long[steps * k];
            pattern.Arrange(Enumerable.Repeat(1L, t * k).ToArray(), mask, 0);
            Assert.Equal(Rows($"{name}.mask{suffix}", steps)[0], mask);
            var revertedMask = new long[t * k];
            pattern.Restore(mask, revertedMask, 0);
            Assert.Equal(Rows($"{name}.reverted_mask{suffix}", t)[0], revertedMask);
        }

        // [B, K, columns] → per item [columns, K].
        long[][] Rows(string file, int columns)
        {
            var (data, _) = Npy.ReadInt64(Path.Combine(folder, file + ".npy"));
            return [.. data.Chunk(k * columns).Select(chunk => Streams.CodePackingTests.Transpose(chunk, k, columns))];
        }
    }

    [Fact]
    public void ArrangeAndRestore_MoshisCodes_GiveMoshisArrays()
    {
        const int T = 8;
        var folder = TestData.Path("reference/layouts-moshi-delay");
        var (codes, shape) = Npy.ReadInt64(Path.Combine(folder, "codes.npy"));
        var (delayed, _) = Npy.ReadInt64(Path.Combine(folder, "delayed.npy"));
        var (input, _) = Npy.ReadSingle(Path.Combine(folder, "undelay_input.npy"));
        var (output, _) = Npy.ReadSingle(Path.Combine(folder, "undelayed.npy"));
        var (mask, _) = Npy.ReadInt64(Path.Combine(folder, "undelay_mask.npy"));
        var k = shape[1];
        var pattern = TokenPattern.Delay([0, 0, 1, 1, 1, 1, 1, 1, 1], startSteps: 0);
        for (var from = 0; from < codes.Length; from += k * T)
        {
            var tokens = new long[T * k];
            pattern.Arrange(Item(codes), tokens, 2048);
            Assert.Equal(Item(delayed), tokens);

            var undelayed = new long[T * k];
            pattern.Restore(Item(Array.ConvertAll(input, value => (long)value)), undelayed, -1);
            Assert.Equal(Item(Array.ConvertAll(output, value => float.IsNaN(value) ? -1 : (long)value)), undelayed);
            Assert.Equal(Item(mask), Array.ConvertAll(undelayed, value => value < 0 ? 0L : 1));

            // All codes come back where the steps of the delay are kept.
            tokens = new long[pattern.GetStepCount(T) * k];
            pattern.Arrange(Item(codes), tokens, 2048);
            pattern.Restore(tokens, undelayed, -1);
            Assert.Equal(Item(codes), undelayed);

            long[] Item(long[] data) => Streams.CodePackingTests.Transpose(data[from..(from + (k * T))], k, T);
        }
    }

    [Fact]
    public void Moshi_SeventeenStreams_DelaysAcousticCodesByOneStep()
    {
        var pattern = TokenPattern.Moshi;
        Assert.Equal((17, 1, 1), (pattern.CodebookCount, pattern.MaxDelay, pattern.GetStepCount(0)));
        var tokens = new int[2 * 17];
        pattern.Arrange(Enumerable.Repeat(7, 17).ToArray(), tokens, 0);
        Assert.Equal([7, 7, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 0, 7, 7, 7, 7, 7, 7, 7], tokens);
    }

    [Fact]
    public void ArrangeAndRestore_AnyNumberOfFrames_RoundTripAndUseEveryStepOnce()
    {
        foreach (var pattern in Samples)
        {
            for (var frames = 0; frames <= 40; frames++)
            {
                var steps = pattern.GetStepCount(frames);
                Assert.Equal(frames, pattern.GetFrameCount(steps));
                Assert.Equal(Math.Max(0, frames - 1), pattern.GetFrameCount(steps - 1));
                var codes = Enumerable.Range(0, frames * pattern.CodebookCount).Select(i => (ushort)i).ToArray();
                var tokens = new ushort[steps * pattern.CodebookCount];
                pattern.Arrange(codes, tokens, ushort.MaxValue);
                Assert.Equal(codes, tokens.Where(token => token != ushort.MaxValue).Order());
                var restored = new ushort[codes.Length];
                pattern.Restore(tokens, restored, ushort.MaxValue);
                Assert.Equal(codes, restored);
            }
        }
    }

    [Fact]
    public void ArrangeAndRestore_ArgumentsThatDoNotFit_AreRefused()
    {
        var pattern = TokenPattern.Delay([0, 1]);
        Assert.Contains(
            "5 steps, but 2 frames take only 4",
            Assert.Throws<ArgumentException>("tokens", () => pattern.Arrange(new int[4], new int[10], 9)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("tokens", () => pattern.Restore(new int[7], new int[4], 9));
        Assert.Throws<ArgumentException>("codes", () => pattern.Restore(new int[8], new int[5], 9));
        var shared = new int[12];
        Assert.Throws<ArgumentException>("tokens", () => pattern.Arrange(shared.AsSpan(0, 4), shared.AsSpan(3, 8), 9));
        Assert.Throws<ArgumentException>("codes", () => pattern.Restore(shared.AsSpan(0, 8), shared.AsSpan(7, 4), 9));
        Assert.All(shared, value => Assert.Equal(0, value));
        Assert.Throws<ArgumentException>("delays", () => TokenPattern.Delay([]));
        Assert.Throws<ArgumentOutOfRangeException>("delays", () => TokenPattern.Delay([0, -1]));
        Assert.Throws<ArgumentException>("delays", () => TokenPattern.Unroll([0, 1, 1], [0, 1, 2]));
        Assert.Throws<ArgumentException>("innerSteps", () => TokenPattern.Unroll([1, 0]));
        Assert.Throws<ArgumentException>("codebookCount", () => TokenPattern.MusicLM(5, 2));
        Assert.Throws<ArgumentOutOfRangeException>("codebookCount", () => TokenPattern.Parallel(0));
        Assert.Throws<ArgumentOutOfRangeException>("frameCount", () => TokenPattern.MusicLM(4).GetStepCount(int.MaxValue / 2));
        Assert.Throws<ArgumentOutOfRangeException>("frameCount", () => pattern.GetStepCount(-1));
    }

    [Fact]
    public void GetFrameCount_TokensThatEndWithSpecialOnes_CountsTheFramesBefore()
    {
        // reports/pattern-end-token: every codebook ends with 1024 after 3 frames, then pads with 1025.
        var pattern = TokenPattern.Delay([0, 1, 2, 3]);
        int[] codes = [.. Enumerable.Range(0, 12).Select(i => (10 * (i / 4)) + (i % 4))];
        var tokens = new int[pattern.GetStepCount(6) * 4];
        pattern.Arrange<int>([.. codes, .. Enumerable.Repeat(1024, 4), .. Enumerable.Repeat(1025, 8)], tokens, 1025);
        Assert.Equal(3, pattern.GetFrameCount<int>(tokens, 1024));
        Assert.Equal(6, pattern.GetFrameCount<int>(tokens, 1026));
        Assert.Equal(4, pattern.GetFrameCount<int>(tokens, 1025));
        var back = Enumerable.Repeat(-7, 24).ToArray();
        Assert.False(pattern.TryRestore<int>(tokens, back, 1024, out var frames));
        Assert.Equal(3, frames);
        Assert.Equal([.. codes, .. Enumerable.Repeat(-7, 12)], back);
    }

    [Fact]
    public void TryRestore_OneBadTokenAnywhere_GivesTheFramesBeforeItsOwn()
    {
        foreach (var pattern in Samples)
        {
            var n = pattern.CodebookCount;
            var codes = Enumerable.Range(0, 5 * n).ToArray();
            var tokens = new int[pattern.GetStepCount(5) * n];
            pattern.Arrange(codes, tokens, 1000);
            var back = new int[codes.Length];
            Assert.True(pattern.TryRestore(tokens, back, codes.Length, out var frames));
            Assert.Equal(5, frames);
            Assert.Equal(codes, back);
            for (var bad = 0; bad < codes.Length; bad++)
            {
                foreach (var value in (int[])[codes.Length, -1])
                {
                    var damaged = tokens.Select(token => token == bad ? value : token).ToArray();
                    Array.Fill(back, -7);
                    Assert.False(pattern.TryRestore(damaged, back, codes.Length, out frames));
                    Assert.Equal(bad / n, frames);
                    Assert.Equal(bad / n, pattern.GetFrameCount<int>(damaged, codes.Length));
                    Assert.Equal(codes.Select((code, i) => i < frames * n ? code : -7), back);
                }
            }
        }
    }

    [Fact]
    public void ArrangeAndRestore_CodebooksLeftOut_ComeBack()
    {
        var pattern = TokenPattern.Delay([0, 1]);
        int[] codes = [5, -1, 6, 7];
        var tokens = new int[8];
        pattern.Arrange(codes, tokens, 2048);
        Assert.Equal([2048, 2048, 5, 2048, 6, 2048, 2048, 7], tokens);
        var back = new int[4];
        pattern.Restore(tokens, back, -1, specialToken: 2048);
        Assert.Equal(codes, back);

        // Without the special token all are passed on, as audiocraft does; and an unsigned 255 is a code.
        pattern.Restore(tokens, back, -1);
        Assert.Equal([5, 2048, 6, 7], back);
        var bytes = new byte[8];
        pattern.Arrange<byte>([5, 255, 6, 7], bytes, 0);
        Assert.Equal([0, 0, 5, 0, 6, 255, 0, 7], bytes);
    }

    [Fact]
    public void TryRestoreAndGetFrameCount_ArgumentsThatDoNotFit_AreRefused()
    {
        var pattern = TokenPattern.Delay([0, 1]);
        Refused.For<ArgumentException>(
            "tokens", () => pattern.GetFrameCount<int>(new int[7], 9), "length 7, which is not a multiple of the 2 tokens of a step");
        Refused.For<ArgumentOutOfRangeException>("codebookSize", () => pattern.GetFrameCount<int>(new int[8], 0));
        Refused.For<ArgumentException>(
            "codes", () => pattern.TryRestore<int>(new int[8], new int[3], 9, out _), "length 3, but 2 frames of 2 codes need 4");
        var shared = new int[12];
        Refused.For<ArgumentException>(
            "codes", () => pattern.TryRestore<int>(shared.AsSpan(0, 8), shared.AsSpan(7, 4), 9, out _), "overlaps");
        Assert.Equal(0, pattern.GetFrameCount<int>([], 1));
        Assert.Equal(2, pattern.GetFrameCount<int>(new int[8], 1));
    }

    [Fact]
    public void Patterns_NumbersThatDoNotFit_AreRefused()
    {
        Refused.For<ArgumentOutOfRangeException>("flattenFirst", () => TokenPattern.Delay([0], -1));
        Refused.For<ArgumentOutOfRangeException>("startSteps", () => TokenPattern.Delay([0], 0, -1));
        Refused.For<ArgumentException>("delays", () => TokenPattern.Unroll([0, 1], [0, 1, 2]), "length 3, but 2 innerSteps need 2");
        Refused.For<ArgumentException>("delays", () => TokenPattern.Unroll([0, 1], [0]), "length 1, but 2 innerSteps need 2");
        Refused.For<ArgumentException>("delays", () => TokenPattern.Unroll([0, 1], [2, 1]), "ascending");
        Refused.For<ArgumentException>("delays", () => TokenPattern.Unroll([0, 0, 1], [0, 1, 1]), "Codebooks 0 and 1 share inner step 0");
        Refused.For<ArgumentException>("delays", () => TokenPattern.Unroll([0, 1, 1], [0, 1, 2]), "Codebooks 1 and 2 share inner step 1");
        Refused.For<ArgumentException>("delays", () => TokenPattern.CoarseFirst([]));
        Refused.For<ArgumentOutOfRangeException>("codebookCount", () => TokenPattern.MusicLM(0));
        Refused.For<ArgumentOutOfRangeException>("groupSize", () => TokenPattern.MusicLM(4, 0));
        Refused.For<ArgumentException>(
            "codebookCount", () => TokenPattern.MusicLM(5, 2), "codebookCount is 5, which is not a multiple of groupSize = 2");
        Refused.For<ArgumentOutOfRangeException>("stepCount", () => TokenPattern.Moshi.GetFrameCount(-1));
    }

    private static TokenPattern Create(string? provider, JsonElement parameters, int codebooks)
    {
        return provider switch
        {
            "DelayedPatternProvider" => TokenPattern.Delay(Numbers("delays"), Number("flatten_first"), 1 + Number("empty_initial")),
            "ParallelPatternProvider" => TokenPattern.Parallel(codebooks),
            "UnrolledPatternProvider" => TokenPattern.Unroll(Numbers("flattening"), Numbers("delays")),
            "CoarseFirstPattern" => TokenPattern.CoarseFirst(Numbers("delays")),
            "MusicLMPattern" => TokenPattern.MusicLM(codebooks, Number("group_by")),
            _ => throw new ArgumentException(provider),
        };

        int[] Numbers(string name) => [.. parameters.GetProperty(name).EnumerateArray().Select(number => number.GetInt32())];
        int Number(string name) => parameters.TryGetProperty(name, out var value) ? value.GetInt32() : 0;
    }
}
