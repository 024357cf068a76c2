using Rvq.Tests.Tool;

namespace Rvq.Tests.Readme;

/// <summary>The README's code for bit rates, beams and the best few stacks.</summary>
public class BitrateSnippets
{
    [Fact]
    public void Bitrates_FiveCodebooksOfTwo_AreCountedAndSearched()
    {
        // Five codebooks of one bit each at 24000 / 320 = 75 frames a second: 375 bit/s.
        var model = new RvqModel(ArithmeticModel.Create().Stacks.ToArray()) { SampleRate = 24000, HopLength = 320 };
        int[] numbers = [3, 30, 17, 9];
        float[] frames = [.. numbers.SelectMany(number => Enumerable.Range(0, 4).Select(d => ArithmeticModel.Frame(number, d)))];
        var (count, rate, best, three, errors) = Search(model, frames, 4);
        Assert.Equal((3, 0.225), (count, rate));
        Assert.Equal(new Quantizer(model.Take(3)).Encode(frames), best);
        Assert.Equal(best, Enumerable.Range(0, 4).SelectMany(t => three[(t * 9)..((t * 9) + 3)]));
        Assert.All(Enumerable.Range(0, 4), t => Assert.True(errors[t * 3] <= errors[(t * 3) + 1] && errors[(t * 3) + 1] <= errors[(t * 3) + 2]));
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
