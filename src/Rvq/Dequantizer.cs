using System.Numerics;
using System.Numerics.Tensors;

namespace Rvq;

/// <summary>Turns codes back into frame vectors. Immutable and thread-safe.</summary>
public sealed class Dequantizer
{
    private readonly RvqModel _model;

    /// <summary>Prepares the tables.</summary>
    public Dequantizer(RvqModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
    }

    /// <summary>[T, N] → [T, D].</summary>
    public void Decode<TCode>(ReadOnlySpan<TCode> codes, Span<float> frames)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => throw new NotImplementedException();

    /// <summary>Any strides, any batch.</summary>
    public void Decode<TCode>(in ReadOnlyTensorSpan<TCode> codes, in TensorSpan<float> frames)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => throw new NotImplementedException();

    /// <summary>[T, N] → [T, D].</summary>
    public float[] Decode(ReadOnlySpan<int> codes)
    {
        var frames = new float[codes.Length / _model.CodesPerBlock * _model.FramesPerBlock * _model.Dimensions];
        Decode(codes, frames.AsSpan());
        return frames;
    }
}
