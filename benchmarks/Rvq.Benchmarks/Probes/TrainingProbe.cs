using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Rvq.Training;

namespace Rvq.Benchmarks.Probes;

/// <summary>Training at scale, on the frames that benchmarks/training.py has made and trained faiss on.</summary>
internal static class TrainingProbe
{
    private const int Dimensions = 128;

    public static void Print(string folder, int codebooks, int threads)
    {
        float[] frames = Read(Path.Combine(folder, "train.f32")), test = Read(Path.Combine(folder, "test.f32"));
        using var process = Process.GetCurrentProcess();
        var (user, watch) = (process.UserProcessorTime, Stopwatch.StartNew());
        var model = RvqTrainer.Train(
            frames, Dimensions, new RvqTrainerOptions { CodebookCount = codebooks, MaxDegreeOfParallelism = threads });
        var wall = watch.Elapsed.TotalSeconds;
        process.Refresh();
        var seconds = (process.UserProcessorTime - user).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Rvq, {codebooks} x 1024, {threads} threads: {wall:F1} s, {seconds:F1} s CPU, error {Error(1):F3} greedy, {Error(5):F3} beam 5"));

        double Error(int width)
        {
            var codes = new Quantizer(model, new QuantizerOptions { BeamWidth = width }).Encode(test);
            return CodebookStatistics.MeanSquaredError(test, new Dequantizer(model).Decode(codes), Dimensions);
        }
    }

    private static float[] Read(string path)
    {
        using var file = File.OpenRead(path);
        var values = new float[file.Length / sizeof(float)];
        file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
