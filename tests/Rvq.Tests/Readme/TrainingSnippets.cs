using Rvq.Training;

namespace Rvq.Tests.Readme;

/// <summary>The README's code for training.</summary>
public class TrainingSnippets
{
    [Fact]
    public void Train_Clusters_IsNearerThanTheMean()
    {
        var random = new Random(4);
        float[] frames = [.. Enumerable.Range(0, 500).SelectMany(i => Enumerable.Range(0, 6).Select(d => (i * (d + 3) % 7) + random.NextSingle()))];
        var path = Path.Combine(Path.GetTempPath(), $"rvq-training-snippet-{Environment.ProcessId}.safetensors");
        try
        {
            var (loaded, ratio) = Train(frames, 6, path);
            Assert.Equal((4, 6), (loaded.CodebookCount, loaded.Dimensions));
            Assert.InRange(ratio, 10, 60);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (RvqModel Loaded, double Ratio) Train(float[] frames, int d, string path)
    {
        // README
        var options = new RvqTrainerOptions { CodebookCount = 4, CodebookSize = 32, Seed = 1 };
        RvqModel model = RvqTrainer.Train(frames, d, options);                    // frames [T, D]; the same seed gives the same model
        model.Save(path);                                                         // safetensors; RvqModel.Load reads it back

        int[] codes = new Quantizer(model).Encode(frames);                        // [T, 4]
        float[] decoded = new Dequantizer(model).Decode(codes);                   // [T, D]
        double ratio = CodebookStatistics.SignalToNoiseRatio(frames, decoded);    // dB
        // END
        return (RvqModel.Load(path), ratio);
    }
}
