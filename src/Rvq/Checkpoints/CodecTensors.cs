using System.Globalization;
using System.Numerics.Tensors;

namespace Rvq.Checkpoints;

/// <summary>
/// The tensors of one quantizer: those of a file whose names start with a prefix, read as the parts of a model. Every failure names the
/// tensor.
/// </summary>
internal sealed class CodecTensors(TensorFile file, string prefix)
{
    // Layers that share a codebook (shared_codebook, one storage in a PyTorch file) share it here too.
    private readonly Dictionary<(long Offset, long Rows, long Columns, string Strides, ElementType Type), Codebook> _codebooks = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private float[] _scratch = [];

    /// <summary>The start of the quantizer's names, empty or ending in a dot.</summary>
    public string Prefix => prefix;

    public bool Has(string name) => Find(name) is not null;

    /// <summary>Whether a tensor, by its whole name, is part of what was read.</summary>
    public bool Took(string fullName) => _taken.Contains(fullName);

    /// <summary>Notes a tensor as understood without reading it.</summary>
    public void Take(string name) => _taken.Add(prefix + name);

    /// <summary>Whether the file holds nothing else whose name starts like this tensor's module.</summary>
    public bool IsAlone(string name)
        => file.NamesFrom($"{prefix}{name[..(name.LastIndexOf('.') + 1)]}").Take(2).Count() == 1;

    public TensorEntry? Find(string name) => file.Find(prefix + name);

    /// <summary>The tensors whose names start so.</summary>
    public IEnumerable<TensorEntry> Named(string start) => file.NamesFrom(prefix + start).Select(file.Find).OfType<TensorEntry>();

    /// <summary>The tensors whose names start so beside the quantizer, in the module that holds it.</summary>
    public IEnumerable<TensorEntry> Beside(string start)
    {
        var module = prefix.Length == 0 ? -1 : prefix.LastIndexOf('.', prefix.Length - 2);
        return file.NamesFrom(prefix[..(module + 1)] + start).Select(file.Find).OfType<TensorEntry>();
    }

    public TensorEntry Require(string name)
        => Find(name) ?? throw new InvalidDataException($"Tensor {TensorEntry.Quote(prefix + name)} is missing.");

    /// <summary>
    /// The number of layers, whose tensors are named <paramref name="before"/> + number + <paramref name="after"/>; without a gap.
    /// </summary>
    public int LayerCount(string before, string after)
    {
        var (start, count, highest) = (prefix + before, 0, -1);
        foreach (var name in file.NamesFrom(start))
        {
            if (name.Length > start.Length + after.Length
                && name.EndsWith(after, StringComparison.Ordinal)
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
        Take(name);
        return Codebook(tensor, tensor.Shape is [1, _, _] ? tensor.Shape[1..] : tensor.Shape);
    }

    /// <summary>A codebook [D, K].</summary>
    public Codebook TransposedCodebook(string name)
    {
        var tensor = Require(name);
        Take(name);
        var (rows, columns) = Matrix(tensor, tensor.Shape);
        var values = Read(tensor);
        var codewords = new float[rows * columns];
        for (var i = 0; i < codewords.Length; i++)
        {
            codewords[(i % columns * rows) + (i / columns)] = values[i];
        }

        return Checked(tensor, () => new Codebook(codewords, rows));
    }

    /// <summary>A codebook that lies as [D, K], unless the usage of its codewords [K] says that it lies as [K, D].</summary>
    public Codebook CodebookOfColumns(string name, string usageName)
    {
        var tensor = Require(name);
        var (rows, columns) = Matrix(tensor, tensor.Shape);
        return Find(usageName)?.Count is { } count && count != columns
            ? count == rows
                ? Codebook(name)
                : throw tensor.Invalid($"has shape [{rows}, {columns}], which has no axis of the {count} codewords of '{usageName}'.")
            : TransposedCodebook(name);
    }

    /// <summary>A codebook [K, D], or the first K rows of [K + 1, D] where the usage [K] says that the last is padding.</summary>
    public Codebook CodebookOfUsedRows(string name, string usageName)
    {
        var tensor = Require(name);
        var (rows, columns) = Matrix(tensor, tensor.Shape);
        if (Find(usageName)?.Count is not { } count || count != rows - 1)
        {
            return Codebook(name);
        }

        Take(name);
        var values = Read(tensor);
        return Checked(tensor, () => new Codebook(values.AsSpan(0, (rows - 1) * columns), columns));
    }

    /// <summary>The codebooks of one tensor [N, K, D].</summary>
    public Codebook[] Codebooks(string name)
    {
        var tensor = Require(name);
        if (tensor.Shape is not [> 0 and <= int.MaxValue, _, _] || tensor.Strides is not null)
        {
            throw tensor.Invalid(
                $"has shape [{string.Join(", ", tensor.Shape)}]; [codebooks, codewords, dimensions] is expected, row-major.");
        }

        Take(name);
        var codebooks = new List<Codebook>();
        var length = tensor.Shape[1] * tensor.Shape[2] * tensor.ElementSize;
        for (var offset = tensor.Offset; codebooks.Count < tensor.Shape[0]; offset += length)
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
        Take(sumName);
        Take(usageName);
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
    /// A linear layer or 1×1 convolution, or null where there is none: <c>.weight</c> [O, I] and axes of length 1 (MLX has [O, 1, I]), or
    /// weight norm under its old names (<c>.weight_g</c>, <c>.weight_v</c>) or new ones (<c>.parametrizations.weight.original0</c>,
    /// <c>1</c>), and <c>.bias</c> [O] where there is one.
    /// </summary>
    public Projection? Projection(string name)
    {
        if (!HasProjection(name))
        {
            return null;
        }

        var (gain, direction) = WeightNormNames(name);
        var folded = Find($"{name}.weight");
        var weight = folded ?? Require(direction);
        var (outputs, inputs) = Matrix(weight, WithoutOnes(weight.Shape));
        var values = Read(weight);
        Take(folded is null ? direction : $"{name}.weight");
        if (folded is null)
        {
            var gainTensor = Require(gain);
            Take(gain);
            WeightNorm.Fold(values.AsSpan(0, outputs * inputs), Vector(gainTensor, outputs), weight);
        }

        Take($"{name}.bias");
        var bias = Find($"{name}.bias") is { } tensor ? Vector(tensor, outputs) : [];
        return Checked(weight, () => new Projection(values.AsSpan(0, outputs * inputs), inputs, bias));
    }

    public bool HasProjection(string name)
    {
        var (gain, direction) = WeightNormNames(name);
        return Has($"{name}.weight") || Has(gain) || Has(direction);
    }

    /// <summary>The lengths of a projection that is there and has a weight, without reading it.</summary>
    public (int Outputs, int Inputs)? ShapeOfProjection(string name)
        => (Find($"{name}.weight") ?? Find(WeightNormNames(name).Direction)) is { } weight
            ? Matrix(weight, WithoutOnes(weight.Shape))
            : null;

    /// <summary>The first pair of projections of which one is there, or nulls.</summary>
    public (Projection? Input, Projection? Output) Projections(ReadOnlySpan<ProjectionNames> names, string at)
    {
        foreach (var (input, output) in names)
        {
            if (HasProjection(at + input) || HasProjection(at + output))
            {
                return (Projection(at + input), Projection(at + output));
            }
        }

        return (null, null);
    }

    public Projection RequireProjection(string name)
        => Projection(name)
            ?? throw new InvalidDataException(
                $"Tensor {TensorEntry.Quote($"{prefix}{name}.weight")} is missing, and its weight-norm names too.");

    private (string Gain, string Direction) WeightNormNames(string name)
        => (Has($"{name}.weight_g") ? $"{name}.weight_g" : $"{name}.parametrizations.weight.original0",
            Has($"{name}.weight_v") ? $"{name}.weight_v" : $"{name}.parametrizations.weight.original1");

    /// <summary>[O, I] of a convolution with one tap, [O, I, 1], [O, 1, I] or [O, I, 1, 1]; other shapes are left as they are.</summary>
    private static long[] WithoutOnes(long[] shape)
    {
        if (shape.Length < 3)
        {
            return shape;
        }

        var inputs = Array.FindAll(shape[1..], length => length != 1);
        return inputs.Length < 2 ? [shape[0], inputs.FirstOrDefault(1)] : shape;
    }

    private Codebook Codebook(TensorEntry tensor, long[] shape)
    {
        var (rows, columns) = Matrix(tensor, shape);
        var key = (tensor.Offset, rows, columns, string.Join(',', tensor.Strides ?? []), tensor.Type);
        if (!_codebooks.TryGetValue(key, out var codebook))
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
        TensorFile.Check(tensor);
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
