using Rvq.Tests.Tool;

namespace Rvq.Tests.Readme;

/// <summary>The README's code for bit rates, beams and the best few stacks.</summary>
public class BitrateSnippets
{
    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 3 })]
    [InlineData(new[] { 3, 30 })]
    [InlineData(new[] { 3, 30, 17, 9, 0, 31, 16 })]
    public void Bitrates_FiveCodebooksOfTwo_AreCountedAndSearched(int[] numbers)
    {
        // Five codebooks of one bit each at 24000 / 320 = 75 frames a second: 375 bit/s.
        var model = new RvqModel(ArithmeticModel.Create().Stacks.ToArray()) { SampleRate = 24000, HopLength = 320 };
        float[] frames = [.. numbers.SelectMany(number => Enumerable.Range(0, 4).Select(d => ArithmeticModel.Frame(number, d)))];
        var (count, rate, best, three, errors) = Search(model, frames, numbers.Length);
        Assert.Equal((3, 0.225), (count, rate));
        Assert.Equal(new Quantizer(model.Take(3)).Encode(frames), best);
        Assert.Equal(best, Enumerable.Range(0, numbers.Length).SelectMany(t => three[(t * 9)..((t * 9) + 3)]));
        Assert.All(errors.Chunk(3), e => Assert.True(e[0] <= e[1] && e[1] <= e[2]));
    }

    private static (int Count, double? Rate, int[] Best, int[] Three, float[] Errors) Search(RvqModel model, float[] frames, int t)
    {
        // README
        var n = model.CodebookCountForBitrate(0.25);                              // the codebooks that 0.25 kbit/s pay for
        var smaller = model.Take(n);                                              // replaces every "number of codebooks" parameter
        double? rate = smaller.Bitrate;                                           // in kbit/s; BitsPerCode, BitsPerFrame: what packing takes

        var beam = new Quantizer(smaller, new QuantizerOptions { BeamWidth = 5 });
        int[] best = beam.Encode(frames);                                         // [T, N]: decodes at least as near as the greedy codes

        var three = new int[t * 3 * n];                                           // [T, 3, N]: each frame's three best stacks
        var errors = new float[t * 3];                                            // [T, 3]: their squared errors, best first
        beam.EncodeBest(frames, 3, three, errors);
        // END
        return (n, rate, best, three, errors);
    }
}
