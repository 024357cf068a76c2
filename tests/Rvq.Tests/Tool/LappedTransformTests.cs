using Rvq.Tool.Demo;

namespace Rvq.Tests.Tool;

public class LappedTransformTests
{
    public static TheoryData<int, int> Lengths
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (var size in (int[])[16, 64, 128])
            {
                foreach (var length in (int[])[1, size - 1, size, size + 1, (7 * size) + 3])
                {
                    data.Add(size, length);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Synthesize_WithoutQuantization_GivesTheSound(int size, int length)
    {
        var sound = Noise(length);
        var transform = new LappedTransform(size);
        var frames = transform.Analyze(sound);
        Assert.Equal(transform.FrameCount(length) * size, frames.Length);
        var back = transform.Synthesize(frames, length);
        Assert.Equal(length, back.Length);
        Assert.All(Enumerable.Range(0, length), i => Assert.InRange(back[i], sound[i] - 1e-6f, sound[i] + 1e-6f));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Analyze_Frames_HaveTheEnergyOfTheSound(int size, int length)
    {
        var sound = Noise(length);
        var energy = sound.Sum(x => (double)x * x);
        Assert.Equal(1, new LappedTransform(size).Analyze(sound).Sum(x => (double)x * x) / energy, 1e-5);
    }

    [Fact]
    public void Analyze_WithAnOffset_IsThatOfTheSoundWithoutItsStart()
    {
        var sound = Noise(300);
        var transform = new LappedTransform(32);
        Assert.Equal(transform.Analyze(sound.AsSpan(5)), transform.Analyze(sound, 5));
    }

    private static float[] Noise(int length)
    {
        var random = new Random(length);
        return [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
    }
}
