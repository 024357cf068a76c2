using Rvq.Search;

namespace Rvq;

/// <summary>
/// An immutable affine map y = W x + b, as a linear layer or a 1×1 convolution has it. Thread-safe.
/// <para>
/// It is computed in float32 by fused multiply-adds, which IEEE 754 rounds once, in one order, so a projected vector is the same on every
/// machine: inputs in runs of eight,
/// run q added input by input to sum q mod 4; sum 0 starts at the bias, the others at zero; then ((s0 + s1) + s2) + s3, without those that
/// have no inputs.
/// </para>
/// </summary>
public sealed class Projection
{
    private readonly AlignedBuffer<float> _weight;
    private readonly float[] _bias;
    private readonly Lazy<ProjectionTable> _table;

    /// <summary>Copies the weights.</summary>
    /// <param name="weight">W, row-major [Outputs, <paramref name="inputs"/>]; every value finite.</param>
    /// <param name="inputs">The length of the vectors that go in, at least 1.</param>
    /// <param name="bias">b, length Outputs, or empty for none; every value finite.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="inputs"/> is below 1.</exception>
    /// <exception cref="ArgumentException">Lengths that do not fit each other, or a value that is not finite.</exception>
    public Projection(ReadOnlySpan<float> weight, int inputs, ReadOnlySpan<float> bias = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        if (weight.IsEmpty || weight.Length % inputs != 0)
        {
            throw new ArgumentException(
                $"weight has length {weight.Length}, which is not a positive multiple of inputs = {inputs}.", nameof(weight));
        }

        Outputs = weight.Length / inputs;
        Inputs = inputs;
        if (!bias.IsEmpty && bias.Length != Outputs)
        {
            throw new ArgumentException($"bias has length {bias.Length}, but weight has {Outputs} outputs.", nameof(bias));
        }

        Argument.ThrowIfNotFinite(weight, inputs, nameof(weight), "row");
        Argument.ThrowIfNotFinite(bias, 1, nameof(bias), "output");
        _weight = new AlignedBuffer<float>(weight.Length);
        weight.CopyTo(_weight.Span);
        _bias = bias.ToArray();
        _table = new Lazy<ProjectionTable>(() => new ProjectionTable(Weight, Inputs, Bias));
    }

    /// <summary>The length of the vectors that go in.</summary>
    public int Inputs { get; }

    /// <summary>The length of the vectors that come out.</summary>
    public int Outputs { get; }

    /// <summary>W, row-major [<see cref="Outputs"/>, <see cref="Inputs"/>].</summary>
    public ReadOnlySpan<float> Weight => _weight.Span;

    /// <summary>b, length <see cref="Outputs"/>, or empty where there is none.</summary>
    public ReadOnlySpan<float> Bias => _bias;

    /// <summary>The weights as the kernels read them; built once, when first used.</summary>
    internal ProjectionTable Table => _table.Value;
}
