namespace Rvq.Training;

/// <summary>The models that training can go on from: one stack of codebooks that are searched as they are.</summary>
internal static class PlainModel
{
    /// <summary>Refuses a model with projections, strides, several stacks or another metric, saying which.</summary>
    /// <param name="model">The model.</param>
    /// <param name="metric">The metric that every stage must have.</param>
    /// <param name="what">What the message calls the model.</param>
    /// <param name="name">The argument's name.</param>
    public static void ThrowUnless(RvqModel model, SearchMetric metric, string what, string name)
    {
        if (model.Stacks.Length > 1)
        {
            throw new ArgumentException(
                $"{what} has {model.Stacks.Length} stacks; train each by itself, on what its input projection gives.", name);
        }

        if (model.Stacks[0].InputProjection is not null || model.Stacks[0].OutputProjection is not null)
        {
            throw new ArgumentException(
                $"{what} has projections around its stages; train the stages by themselves, on what the input projection gives.", name);
        }

        for (var i = 0; i < model.Stages.Length; i++)
        {
            var stage = model.Stages[i];
            if (stage.InputProjection is not null || stage.OutputProjection is not null || stage.Stride > 1)
            {
                throw new ArgumentException(
                    $"Stage {i} of {what} has projections or a stride of {stage.Stride}; only plain stages can be trained.", name);
            }

            if (stage.Metric != metric)
            {
                throw new ArgumentException($"Stage {i} of {what} searches by {stage.Metric}, but {metric} is needed.", name);
            }
        }
    }

    /// <summary>Starts codebooks in training with those of a model.</summary>
    /// <param name="model">The model, known to be plain.</param>
    /// <param name="books">One codebook a stage, or one for all.</param>
    /// <param name="options">How they are trained.</param>
    public static void CopyTo(RvqModel model, ReadOnlySpan<EmaCodebook> books, EmaTrainerOptions options)
    {
        var usage = options.DeadCodeRule == DeadCodeRule.BelowThreshold ? options.DeadCodeThreshold : 1;
        for (var i = 0; i < model.CodebookCount; i++)
        {
            var codewords = CodewordsOf(model.Stages[i].Codebook);
            if (i < books.Length)
            {
                ThrowUnlessUnit(codewords, model.Dimensions, i, options.Metric, nameof(model));
                books[i].Start(codewords, _ => usage);
            }
            else if (!codewords.AsSpan().SequenceEqual(books[0].Codewords))
            {
                throw new ArgumentException(
                    $"options.SharedCodebook is set, but codebook {i} of model differs from codebook 0.", nameof(model));
            }
        }
    }

    /// <summary>The codewords, row-major [K, D].</summary>
    public static float[] CodewordsOf(Codebook codebook)
    {
        var codewords = new float[codebook.Size * codebook.Dimensions];
        codebook.Codewords.FlattenTo(codewords);
        return codewords;
    }

    private static void ThrowUnlessUnit(float[] codewords, int dimensions, int book, SearchMetric metric, string name)
    {
        for (var code = 0; metric == SearchMetric.Cosine && code < codewords.Length / dimensions; code++)
        {
            var unit = new float[dimensions];
            var length = UnitRows.Normalize(codewords.AsSpan(code * dimensions, dimensions), unit);
            if (Math.Abs(length - 1) > 1e-3)
            {
                throw new ArgumentException(
                    $"Codeword {code} of codebook {book} of {name} has length {length:G4}; cosine codewords in training have length 1.",
                    name);
            }
        }
    }
}
