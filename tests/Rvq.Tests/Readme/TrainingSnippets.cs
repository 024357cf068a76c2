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

    [Fact]
    public void Ema_FramesThatMove_AreFollowed()
    {
        // 40 clusters that are all somewhere else from the second batch on.
        var random = new Random(5);
        var batches = Enumerable.Range(0, 60).Select(step => Enumerable.Range(0, 512).SelectMany(_ =>
        {
            var cluster = random.Next(40);
            return Enumerable.Range(0, 4).Select(d => (10 * (cluster * (d + 3) % 11)) + random.NextSingle() + (step == 0 ? 0 : 3));
        }).ToArray()).ToArray();
        var (losses, model) = Ema(batches, 4);
        Assert.InRange(losses[^1] / losses[1], 0, 0.25);
        Assert.Equal(2, model.CodebookCount);
    }

    private static (List<double> Losses, RvqModel Model) Ema(float[][] batches, int d)
    {
        var losses = new List<double>();

        // README
        var trainer = new EmaTrainer(d, new EmaTrainerOptions { CodebookCount = 2, CodebookSize = 32, Decay = 0.9, Seed = 1 });
        foreach (float[] batch in batches)                                        // the encoder's outputs, [T, D]
        {
            var quantized = new float[batch.Length];                              // [T, D], for the decoder
            var codes = new int[batch.Length / d * 2];                            // [T, N]
            EmaStep step = trainer.Step(batch, quantized, codes);                 // codebooks follow by moving averages
            losses.Add(step.CommitmentLoss);                                      // its gradient: see EmaTrainer
        }

        RvqModel model = trainer.ToModel();
        // END
        return (losses, model);
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
