using System.Numerics;
using System.Numerics.Tensors;

namespace Rvq;

/// <summary>Turns frame vectors into codes. Immutable and thread-safe.</summary>
public sealed class Quantizer
{
    private readonly RvqModel _model;

    /// <summary>Prepares the search.</summary>
    public Quantizer(RvqModel model, QuantizerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
    }

    /// <summary>[T, D] → [T, N].</summary>
    public void Encode<TCode>(ReadOnlySpan<float> frames, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => throw new NotImplementedException();

    /// <summary>Any strides, any batch.</summary>
    public void Encode<TCode>(in ReadOnlyTensorSpan<float> frames, in TensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => throw new NotImplementedException();

    /// <summary>[T, D] → [T, N].</summary>
    public int[] Encode(ReadOnlySpan<float> frames)
    {
        var codes = new int[frames.Length / _model.Dimensions * _model.CodebookCount];
        Encode(frames, codes.AsSpan());
        return codes;
    }
}
