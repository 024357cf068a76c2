using System.Diagnostics;
using System.Globalization;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks.Probes;

/// <summary>
/// From a file to the first code in a fresh process, which is what a program waits for when it starts. The file is made when it is not
/// there, and read once before.
/// </summary>
internal static class FirstCode
{
    private const int MimiCodebooks = 32;

    public static void Print(string name)
    {
        var path = Path.Combine(Repository.Root, ".artifacts", "bench-cache", name + ".safetensors");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            (name == "mimi-x32" ? Mimi() : ShapeCatalog.Get(name).Model).Save(path);
            Console.WriteLine($"{path} is made; call again to measure.");
            return;
        }

        GC.KeepAlive(File.ReadAllBytes(path));
        var start = Stopwatch.GetTimestamp();
        var model = RvqModel.Load(path);
        var loaded = Stopwatch.GetTimestamp();
        var quantizer = new Quantizer(model);
        var built = Stopwatch.GetTimestamp();
        var frames = Gaussians(model.FramesPerBlock * model.Dimensions, new Random(1));
        var encoding = Stopwatch.GetTimestamp();
        quantizer.Encode(frames);
        var first = Stopwatch.GetTimestamp();
        quantizer.Encode(frames);
        var second = Stopwatch.GetTimestamp();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | load {Milliseconds(start, loaded):F1} ms | quantizer {Milliseconds(loaded, built):F1} | first frame {Milliseconds(encoding, first):F1} | second {Milliseconds(first, second):F2} | file to first code {Milliseconds(start, first):F1} |"));
    }

    private static double Milliseconds(long start, long end) => Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;

    /// <summary>Mimi with all of its codebooks; how long tables take does not depend on what is in them.</summary>
    private static RvqModel Mimi()
    {
        var random = new Random(1);
        return new RvqModel(Stack(1), Stack(MimiCodebooks - 1));

        ResidualStack Stack(int stages) => new(
            [.. Enumerable.Range(0, stages).Select(_ => new Stage(new Codebook(Gaussians(2048 * 256, random), 256)))],
            new Projection(Gaussians(256 * 512, random), 512),
            new Projection(Gaussians(512 * 256, random), 256));
    }

    private static float[] Gaussians(int count, Random random)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = FrameSource.Gaussian(random);
        }

        return values;
    }
}
