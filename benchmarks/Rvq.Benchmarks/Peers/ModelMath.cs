using System.Numerics.Tensors;

namespace Rvq.Benchmarks.Peers;

/// <summary>What every peer precomputes from a model, in float32.</summary>
internal static class ModelMath
{
    /// <summary>The codewords, row-major [Size, Dimensions].</summary>
    public static float[] Rows(Codebook codebook)
    {
        var rows = new float[codebook.Size * codebook.Dimensions];
        for (var code = 0; code < codebook.Size; code++)
        {
            codebook[code].CopyTo(rows.AsSpan(code * codebook.Dimensions));
        }

        return rows;
    }

    public static float[] NormalizedRows(Codebook codebook)
    {
        var rows = Rows(codebook);
        for (var code = 0; code < codebook.Size; code++)
        {
            var row = rows.AsSpan(code * codebook.Dimensions, codebook.Dimensions);
            TensorPrimitives.Divide(row, MathF.Max(TensorPrimitives.Norm(row), 1e-12f), row);
        }

        return rows;
    }

    public static float[] SquaredNorms(Codebook codebook)
    {
        var norms = new float[codebook.Size];
        for (var code = 0; code < norms.Length; code++)
        {
            norms[code] = TensorPrimitives.SumOfSquares(codebook[code]);
        }

        return norms;
    }

    /// <summary>What each code subtracts from the residual, [Size, stage dimensions].</summary>
    public static float[] OutputRows(Stage stage)
    {
        if (stage.OutputProjection is null)
        {
            return Rows(stage.Codebook);
        }

        var rows = new float[stage.Codebook.Size * stage.Dimensions];
        for (var code = 0; code < stage.Codebook.Size; code++)
        {
            Apply(stage.OutputProjection, stage.Codebook[code], rows.AsSpan(code * stage.Dimensions, stage.Dimensions));
        }

        return rows;
    }

    /// <summary>y = W x + b by one dot product an output.</summary>
    public static void Apply(Projection projection, ReadOnlySpan<float> x, Span<float> y)
    {
        for (var i = 0; i < projection.Outputs; i++)
        {
            y[i] = TensorPrimitives.Dot(projection.Weight.Slice(i * projection.Inputs, projection.Inputs), x)
                + (projection.Bias.IsEmpty ? 0 : projection.Bias[i]);
        }
    }
}
