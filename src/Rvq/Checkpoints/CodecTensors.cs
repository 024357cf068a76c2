using System.Globalization;
using System.Numerics.Tensors;

namespace Rvq.Checkpoints;

/// <summary>
/// The tensors of one quantizer: those of a file whose names start with a prefix, read as the parts of a model. Every failure names the tensor.
/// </summary>
internal sealed class CodecTensors(TensorFile file, string prefix)
{
    // Layers that share a codebook (shared_codebook, one storage in a PyTorch file) share it here too.
    private readonly Dictionary<(long Offset, long Rows, long Columns), Codebook> _codebooks = [];
    private float[] _scratch = [];

    /// <summary>The start of the quantizer's names, empty or ending in a dot.</summary>
    public string Prefix => prefix;

    public bool Has(string name) => Find(name) is not null;

    public TensorEntry? Find(string name) => file.Find(prefix + name);

    public TensorEntry Require(string name)
        => Find(name) ?? throw new InvalidDataException($"Tensor {TensorEntry.Quote(prefix + name)} is missing.");

    /// <summary>The number of layers, whose tensors are named <paramref name="before"/> + number + <paramref name="after"/>; without a gap.</summary>
    public int LayerCount(string before, string after)
    {
        var (start, count, highest) = (prefix + before, 0, -1);
        foreach (var name in file.Tensors.Select(tensor => tensor.Name).Concat(file.Metadata.Keys))
        {
            if (name.Length > start.Length + after.Length && name.StartsWith(start, StringComparison.Ordinal) && name.EndsWith(after, StringComparison.Ordinal)
                && int.TryParse(name.AsSpan()[start.Length..^after.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var layer))
            {
                count++;
                highest = Math.Max(highest, layer);
            }
        }

        for (var layer = 0; layer <= highest && count <= highest; layer++)
        {
            Require($"{before}{layer}{after}");
        }

        return highest + 1;
    }

    /// <summary>A codebook [K, D] or [1, K, D].</summary>
    public Codebook Codebook(string name)
    {
        var tensor = Require(name);
        return Codebook(tensor, tensor.Shape is [1, _, _] ? tensor.Shape[1..] : tensor.Shape);
    }

    /// <summary>The codebooks of one tensor [N, K, D].</summary>
    public Codebook[] Codebooks(string name)
    {
        var tensor = Require(name);
        if (tensor.Shape is not [> 0 and <= int.MaxValue, _, _] || tensor.Strides is not null)
        {
            throw tensor.Invalid($"has shape [{string.Join(", ", tensor.Shape)}]; [codebooks, codewords, dimensions] is expected, row-major.");
        }

        var codebooks = new List<Codebook>();
        for (var offset = tensor.Offset; codebooks.Count < tensor.Shape[0]; offset += tensor.Shape[1] * tensor.Shape[2] * tensor.ElementSize)
        {
            codebooks.Add(Codebook(tensor with { Shape = tensor.Shape[1..], Offset = offset }, tensor.Shape[1..]));
        }

        return [.. codebooks];
    }

    /// <summary>A codebook kept as sums and usage: sum / max(usage, 1e-5), one float32 division per element, as Mimi has it.</summary>
    public Codebook MeanCodebook(string sumName, string usageName)
    {
        const float LeastUsage = 1e-5f;
        var (sum, usage) = (Require(sumName), Require(usageName));
        var (rows, columns) = Matrix(sum, sum.Shape);
        var values = Read(sum);
        var uses = Vector(usage, rows);
        for (var row = 0; row < rows; row++)
        {
            var codeword = values.AsSpan(row * columns, columns);
            TensorPrimitives.Divide(codeword, Math.Max(uses[row], LeastUsage), codeword);
        }

        return Checked(sum, () => new Codebook(values.AsSpan(0, rows * columns), columns));
    }

    /// <summary>
    /// A linear layer or 1×1 convolution, or null where there is none: <c>.weight</c> [O, I] or [O, I, 1], or weight norm under its old names
    /// (<c>.weight_g</c>, <c>.weight_v</c>) or new ones (<c>.parametrizations.weight.original0</c>, <c>1</c>), and <c>.bias</c> [O] where there is one.
    /// </summary>
    public Projection? Projection(string name)
    {
        var gain = Find($"{name}.weight_g") is not null ? $"{name}.weight_g" : $"{name}.parametrizations.weight.original0";
        var direction = Find($"{name}.weight_v") is not null ? $"{name}.weight_v" : $"{name}.parametrizations.weight.original1";
        var folded = Find($"{name}.weight");
        if (folded is null && !Has(gain) && !Has(direction))
        {
            return null;
        }

        var weight = folded ?? Require(direction);
        var (outputs, inputs) = Matrix(weight, weight.Shape is [_, _, 1] ? weight.Shape[..2] : weight.Shape);
        var values = Read(weight);
        if (folded is null)
        {
            var gainTensor = Require(gain);
            WeightNorm.Fold(values.AsSpan(0, outputs * inputs), Vector(gainTensor, outputs), weight);
        }

        var bias = Find($"{name}.bias") is { } tensor ? Vector(tensor, outputs) : [];
        return Checked(weight, () => new Projection(values.AsSpan(0, outputs * inputs), inputs, bias));
    }

    public Projection RequireProjection(string name)
    {
        var projection = Projection(name);
        return projection ?? throw new InvalidDataException($"Tensor {TensorEntry.Quote($"{prefix}{name}.weight")} is missing, and its weight-norm names too.");
    }

    private Codebook Codebook(TensorEntry tensor, long[] shape)
    {
        var (rows, columns) = Matrix(tensor, shape);
        var key = (tensor.Offset, rows, columns);
        if (tensor.Strides is not null || !_codebooks.TryGetValue(key, out var codebook))
        {
            var values = Read(tensor);
            codebook = Checked(tensor, () => new Codebook(values.AsSpan(0, rows * columns), columns));
            _codebooks[key] = codebook;
        }

        return codebook;
    }

    /// <summary>Reads a tensor into an array that the next call overwrites, and that may be longer than the tensor.</summary>
    private float[] Read(TensorEntry tensor)
    {
        if (_scratch.Length < tensor.Count)
        {
            _scratch = new float[tensor.Count];
        }

        file.Read(tensor, _scratch.AsSpan(0, (int)tensor.Count));
        return _scratch;
    }

    private float[] Vector(TensorEntry tensor, int length)
    {
        if (tensor.Count != length)
        {
            throw tensor.Invalid($"has {tensor.Count} values, but {length} are needed.");
        }

        var values = new float[length];
        file.Read(tensor, values);
        return values;
    }

    private static (int Rows, int Columns) Matrix(TensorEntry tensor, long[] shape)
        => shape is [> 0, > 0] && tensor.Count <= Array.MaxLength
            ? ((int)shape[0], (int)shape[1])
            : throw tensor.Invalid($"has shape [{string.Join(", ", tensor.Shape)}], which is not the matrix that is expected here.");

    private static T Checked<T>(TensorEntry tensor, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException e)
        {
            throw tensor.Invalid($"cannot be used: {e.Message}", e);
        }
    }
}
