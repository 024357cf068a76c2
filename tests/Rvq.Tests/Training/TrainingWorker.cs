using System.Runtime.CompilerServices;
using Rvq.Training;

namespace Rvq.Tests.Training;

/// <summary>
/// One of several processes that train together: the test executable itself, told by an environment variable to be one. It sends its
/// statistics to
/// its standard output and reads the other's from its standard input, each after its length.
/// </summary>
internal static class TrainingWorker
{
    public const string Index = "RVQ_TESTS_TRAINING_WORKER";
    public const string Output = "RVQ_TESTS_TRAINING_OUTPUT";
    public const int Dimensions = 6;
    public const int Steps = 6;

    public static readonly RvqTrainerOptions Offline =
        new() { CodebookCount = 3, CodebookSize = 16, Iterations = 8, GainCopies = 1, Seed = 4 };

    public static readonly EmaTrainerOptions Online =
        new() { Decay = 0.8, DeadCodeInterval = 1, DeadCodeThreshold = 0.5, QuantizerDropout = 0.4, Seed = 4 };

    /// <summary>The frames that are trained on, and those of each later step.</summary>
    public static float[] Frames(int batch)
    {
        var random = new Random(100 + batch);
        return [.. Enumerable.Range(0, 300 * Dimensions)
            .Select(i => (random.NextSingle() + random.NextSingle() - 1) * (1 + (i % Dimensions)))];
    }

    /// <summary>The worker's part of them: a third or two.</summary>
    public static float[] Part(int worker, int batch)
        => worker == 0 ? Frames(batch)[..(100 * Dimensions)] : Frames(batch)[(100 * Dimensions)..];

    [ModuleInitializer]
    internal static void Run()
    {
        if (Environment.GetEnvironmentVariable(Index) is not { } index)
        {
            return;
        }

        var worker = int.Parse(index, System.Globalization.CultureInfo.InvariantCulture);
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        byte[] Exchange(byte[] bytes)
        {
            Send(output, bytes);
            return Receive(input);
        }

        var folder = Environment.GetEnvironmentVariable(Output)!;
        var offline = new ShardTrainer(Part(worker, 0), Dimensions, Offline);
        while (!offline.IsFinished)
        {
            var total = offline.Measure();
            total.Add(Exchange(total.ToBytes()));
            offline.Apply(total);
        }

        offline.ToModel().Save(Path.Combine(folder, $"model{worker}"));
        var online = EmaTrainer.From(offline.ToModel(), Online);
        for (var step = 1; step <= Steps; step++)
        {
            var part = Part(worker, step);
            var total = online.Encode(part, new float[part.Length], new int[part.Length / Dimensions * 3]);
            total.Add(Exchange(total.ToBytes()));
            online.Apply(total);
        }

        online.Save(Path.Combine(folder, $"state{worker}"));
        Send(output, []);
        Environment.Exit(0);
    }

    public static void Send(Stream stream, byte[] bytes)
    {
        stream.Write(BitConverter.GetBytes(bytes.Length));
        stream.Write(bytes);
        stream.Flush();
    }

    public static byte[] Receive(Stream stream)
    {
        var length = new byte[sizeof(int)];
        stream.ReadExactly(length);
        var bytes = new byte[BitConverter.ToInt32(length)];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
