using System.Text.Json;

namespace Rvq.Tests.Reference;

/// <summary>
/// One case of shared/data/reference with frames as [T, D] and codes as [T, N], whatever layout the codec has; batches one after the other.
/// </summary>
internal sealed class ReferenceCase
{
    private static readonly string[] TieLists = ["near_ties", "float32_noise_ties"];

    private readonly string _name;
    private readonly HashSet<(int Frame, int Stage)> _ties;

    public ReferenceCase(string name)
    {
        _name = name;
        Folder = TestData.Path($"reference/{name}");
        (Frames, var shape) = Singles("frames.npy");
        Dimensions = shape[^1];
        (Codes, shape) = Integers("codes.npy");
        CodebookCount = shape[^1];
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "case.json")));
        var framesPerBatch = json.RootElement.GetProperty("T").GetInt32();
        _ties = [.. TieLists
            .SelectMany(list => json.RootElement.GetProperty(list).EnumerateArray())
            .Select(entry => Tie([.. entry.EnumerateArray().SkipLast(3).Select(number => number.GetInt32())], framesPerBatch))];
    }

    public string Folder { get; }

    public float[] Frames { get; }

    public int Dimensions { get; }

    /// <summary>The codec's codes; groups one after the other within a frame.</summary>
    public int[] Codes { get; }

    public int CodebookCount { get; }

    public LoadOptions Options => _name.Contains("cosine", StringComparison.Ordinal) ? new() { Metric = SearchMetric.Cosine } : new();

    /// <summary>Whether the codec's decoder only adds codewords, so that ours must give the same bits.</summary>
    public bool DecodesBitForBit
        => _name.StartsWith("encodec", StringComparison.Ordinal) || _name.StartsWith("faiss", StringComparison.Ordinal)
            || (_name.StartsWith("vqp", StringComparison.Ordinal) && !_name.Contains("projected", StringComparison.Ordinal));

    /// <summary>Whether float32 noise decided the codec's code; a grouped case does not say in which group.</summary>
    public bool IsTie(int frame, int stage)
        => _ties.Contains((frame, stage)) || (_name.Contains("grouped", StringComparison.Ordinal) && _ties.Contains((frame, stage % 4)));

    public (float[] Data, int[] Shape) Singles(string file)
    {
        var (data, shape) = Npy.ReadSingle(Path.Combine(Folder, file));
        return _name.StartsWith("vqp", StringComparison.Ordinal)
            || _name.StartsWith("faiss", StringComparison.Ordinal) ? (data, shape) : Arrange(data, shape, "BDT", "BTD");
    }

    public (int[] Data, int[] Shape) Integers(string file)
    {
        var (data, shape) = Npy.ReadInt64(Path.Combine(Folder, file));
        var codes = Array.ConvertAll(data, checked(code => (int)code));
        if (shape.Length == 4)
        {
            var (arranged, sizes) = Arrange(codes, shape, "GBTN", "BTGN");
            return (arranged, [sizes[0], sizes[1], sizes[2] * sizes[3]]);
        }

        return _name[..3] switch
        {
            "enc" => Arrange(codes, shape, "NBT", "BTN"),
            "dac" or "mim" => Arrange(codes, shape, "BNT", "BTN"),
            _ => (codes, shape),
        };
    }

    /// <summary>Copies an array with its axes, named by letters, in another order.</summary>
    public static (T[] Data, int[] Shape) Arrange<T>(T[] data, int[] shape, string from, string to)
    {
        var order = to.Select(axis => from.IndexOf(axis, StringComparison.Ordinal)).ToArray();
        var sizes = order.Select(axis => shape[axis]).ToArray();
        var steps = order.Select(axis => shape[(axis + 1)..].Aggregate(1, (a, b) => a * b)).ToArray();
        var result = new T[data.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var (rest, position) = (i, 0);
            for (var axis = sizes.Length - 1; axis >= 0; axis--)
            {
                position += rest % sizes[axis] * steps[axis];
                rest /= sizes[axis];
            }

            result[i] = data[position];
        }

        return (result, sizes);
    }

    private static (int Frame, int Stage) Tie(int[] entry, int framesPerBatch)
        => entry is [var batch, var frame, var stage] ? ((batch * framesPerBatch) + frame, stage) : (entry[0], entry[1]);
}
