namespace Rvq.Training;

/// <summary>How a moving average of usage becomes the divisor of a codeword's moving sum.</summary>
public enum UsageSmoothing
{
    /// <summary>The usage u itself, but at least <see cref="EmaTrainerOptions.Epsilon"/> (Mimi).</summary>
    Clamp,

    /// <summary>Laplace smoothing, (u + ε) / (Σu + K ε) · Σu (VQ-VAE, EnCodec, vector-quantize-pytorch).</summary>
    Laplace,
}
