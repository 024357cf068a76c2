namespace Rvq.Search;

/// <summary>
/// What storing codewords as s_k q_k loses, for <see cref="ByteErrorBound"/>: the largest loss of any codeword with a weight w_k, in units
/// of it.
/// </summary>
/// <param name="Norm">ρ = max ‖c_k − μ‖ / w_k.</param>
/// <param name="Error">ε = max ‖(c_k − μ) − s_k q_k‖ / w_k.</param>
/// <param name="LargestWeight">max w_k.</param>
/// <param name="Rest">max ‖c_k − μ‖ of the codewords without a weight, which are stored as zeros.</param>
internal readonly record struct ByteLosses(double Norm, double Error, float LargestWeight, double Rest)
{
    public ByteLosses With(double norm, double error, float weight)
        => weight == 0
            ? this with { Rest = Math.Max(Rest, norm) }
            : this with
            {
                Norm = Math.Max(Norm, norm / weight),
                Error = Math.Max(Error, error / weight),
                LargestWeight = Math.Max(LargestWeight, weight),
            };
}
