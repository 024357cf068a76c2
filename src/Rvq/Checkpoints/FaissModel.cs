using System.Globalization;

namespace Rvq.Checkpoints;

/// <summary>
/// Makes the model of a faiss index. An inverted file's centroids are the first codebook, since its codes are of what they leave. A
/// product's parts are stacks, each of its part of the frame. A rotation or PCA before the index is a projection around it.
/// </summary>
internal static class FaissModel
{
    // A part's stack selects its part of the frame with a matrix that is mostly zeros.
    private const long MaxSelectionValues = 1 << 24;

    // What faiss allows a matrix that it calls orthonormal.
    private const double MaxDeviation = 4e-5;

    public static bool Recognises(TensorFile file) => file.Metadata.ContainsKey(FaissIndexReader.Kinds);

    public static RvqModel Read(TensorFile file, CodecHints hints)
    {
        var prefix = hints.Options.Prefix ?? "";
        if (!file.Tensors.Any(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"A faiss index has no tensors under the prefix {TensorEntry.Quote(prefix)}.");
        }

        var tensors = new CodecTensors(file, "");
        var metric = hints.Options.Metric ?? SearchMetric.Euclidean;
        var groups = tensors.LayerCount("groups.", ".codebooks.0");
        var stacks = groups > 0
            ? Groups(Enumerable.Range(0, groups).Select(group => Stages(tensors, $"groups.{group}.", metric)).ToArray())
            : [Stack(tensors, tensors.Has("coarse") ? [
                new Stage(tensors.Codebook("coarse"), metric: metric), .. Stages(tensors, "", metric)] : Stages(tensors, "", metric))];

        // The beam of an inverted file starts behind the centroids, which a model's does not.
        var beam = tensors.Has("coarse") ? null : file.Metadata.GetValueOrDefault(FaissIndexReader.BeamSize);
        return new RvqModel(stacks) { Family = "faiss", BeamWidth = beam is null ? null : int.Parse(beam, CultureInfo.InvariantCulture) };
    }

    private static Stage[] Stages(CodecTensors tensors, string prefix, SearchMetric metric)
        => [.. Enumerable.Range(0, tensors.LayerCount($"{prefix}codebooks.", ""))
            .Select(i => new Stage(tensors.Codebook($"{prefix}codebooks.{i}"), metric: metric))];

    private static ResidualStack Stack(CodecTensors tensors, Stage[] stages)
    {
        if (tensors.Find("transforms.1.weight") is { } second)
        {
            throw second.Invalid("is a second transform before the index; one is read.");
        }

        if (tensors.Find("transforms.0.weight") is not { } weight)
        {
            return new ResidualStack(stages);
        }

        var input = tensors.Projection("transforms.0")!;
        if (Deviation(input) > MaxDeviation)
        {
            throw weight.Invalid("is no rotation: its rows are not orthonormal, so that faiss itself cannot map a decoded vector back.");
        }

        return new ResidualStack(stages, input, Transposed(input));
    }

    /// <summary>How far W Wᵀ is from the identity.</summary>
    private static double Deviation(Projection projection)
    {
        var most = 0.0;
        for (var i = 0; i < projection.Outputs; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = i == j ? -1.0 : 0;
                for (var k = 0; k < projection.Inputs; k++)
                {
                    sum += (double)projection.Weight[(i * projection.Inputs) + k] * projection.Weight[(j * projection.Inputs) + k];
                }

                most = Math.Max(most, Math.Abs(sum));
            }
        }

        return most;
    }

    /// <summary>x = Wᵀ (y − b), the bias summed in binary64 and rounded once.</summary>
    private static Projection Transposed(Projection projection)
    {
        var (inputs, outputs) = (projection.Inputs, projection.Outputs);
        var weight = new float[inputs * outputs];
        var bias = new float[projection.Bias.IsEmpty ? 0 : inputs];
        for (var i = 0; i < inputs; i++)
        {
            var sum = 0.0;
            for (var o = 0; o < outputs; o++)
            {
                weight[(i * outputs) + o] = projection.Weight[(o * inputs) + i];
                sum -= projection.Bias.IsEmpty ? 0 : (double)projection.Weight[(o * inputs) + i] * projection.Bias[o];
            }

            if (bias.Length > 0)
            {
                bias[i] = (float)sum;
            }
        }

        return new Projection(weight, outputs, bias);
    }

    private static ResidualStack[] Groups(Stage[][] groups)
    {
        var inner = groups[0][0].Dimensions;
        var dimensions = (long)inner * groups.Length;
        if (dimensions * dimensions > MaxSelectionValues)
        {
            throw new InvalidDataException(
                $"The {groups.Length} parts have {dimensions} dimensions; a square of at most {MaxSelectionValues} is read.");
        }

        return [.. groups.Select((stages, group) =>
        {
            var (input, output) = (new float[inner * dimensions], new float[inner * dimensions]);
            for (var i = 0; i < inner; i++)
            {
                var at = (group * inner) + i;
                input[(i * dimensions) + at] = 1;
                output[(at * inner) + i] = 1;
            }

            return new ResidualStack(stages, new Projection(input, (int)dimensions), new Projection(output, inner));
        })];
    }
}
