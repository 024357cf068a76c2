using System.Numerics.Tensors;

namespace Rvq.Training;

public sealed partial class EmaTrainer
{
    private void Check(ReadOnlySpan<float> frames, ReadOnlySpan<float> quantized, ReadOnlySpan<int> codes, ReadOnlySpan<float> gradient)
    {
        if (frames.IsEmpty || frames.Length % Dimensions != 0)
        {
            throw new ArgumentException(
                $"frames has length {frames.Length}, which is not a positive multiple of dimensions = {Dimensions}.", nameof(frames));
        }

        var count = frames.Length / Dimensions;
        if (quantized.Length != frames.Length)
        {
            throw new ArgumentException($"quantized has length {quantized.Length}, but frames has {frames.Length}.", nameof(quantized));
        }

        if (codes.Length != (long)count * Sizes.Length)
        {
            throw new ArgumentException(
                $"codes has length {codes.Length}, but {count} frames of {Sizes.Length} codebooks need {(long)count * Sizes.Length}.",
                nameof(codes));
        }

        if (!gradient.IsEmpty && gradient.Length != frames.Length)
        {
            throw new ArgumentException($"gradient has length {gradient.Length}, but frames has {frames.Length}.", nameof(gradient));
        }

        Argument.ThrowIfNotFinite(frames, Dimensions, nameof(frames), "frame");
    }

    private FrameLayout Check(
        in ReadOnlyTensorSpan<float> frames, in TensorSpan<float> quantized, in TensorSpan<int> codes, ReadOnlySpan<int> lengths,
        in TensorSpan<float> gradient)
    {
        var layout = FrameLayout.Of(frames.Lengths, lengths, Dimensions);
        if (layout.Total > Array.MaxLength / Sizes.Length)
        {
            throw new ArgumentException($"A batch of {layout.Total} frames is too large for {Sizes.Length} stages.", nameof(frames));
        }

        FrameLayout.CheckDestination(quantized, frames.Lengths, Dimensions, nameof(quantized));
        FrameLayout.CheckDestination(codes, frames.Lengths, Sizes.Length, nameof(codes));
        if (!gradient.IsEmpty)
        {
            FrameLayout.CheckDestination(gradient, frames.Lengths, Dimensions, nameof(gradient));
        }

        return layout;
    }

    private void Copy(Span<float> quantized, Span<int> codes, Span<float> gradient)
    {
        _pass.Quantized.CopyTo(quantized);
        _pass.Codes.CopyTo(codes);
        if (!gradient.IsEmpty)
        {
            _pass.Gradient.CopyTo(gradient);
        }
    }

    private void Scatter(FrameLayout layout, in TensorSpan<float> quantized, in TensorSpan<int> codes, in TensorSpan<float> gradient)
    {
        layout.Scatter(_pass.Quantized, Dimensions, 0, quantized);
        layout.Scatter(_pass.Codes, Sizes.Length, -1, codes);
        if (!gradient.IsEmpty)
        {
            layout.Scatter(_pass.Gradient, Dimensions, 0, gradient);
        }
    }
}
