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
            throw new ArgumentException($"{what} has {model.Stacks.Length} stacks; train each by itself, on what its input projection gives.", name);
        }

        if (model.Stacks[0].InputProjection is not null || model.Stacks[0].OutputProjection is not null)
        {
            throw new ArgumentException($"{what} has projections around its stages; train the stages by themselves, on what the input projection gives.", name);
        }

        for (var i = 0; i < model.Stages.Length; i++)
        {
            var stage = model.Stages[i];
            if (stage.InputProjection is not null || stage.OutputProjection is not null || stage.Stride > 1)
            {
                throw new ArgumentException($"Stage {i} of {what} has projections or a stride of {stage.Stride}; only plain stages can be trained.", name);
            }

            if (stage.Metric != metric)
            {
                throw new ArgumentException($"Stage {i} of {what} searches by {stage.Metric}, but {metric} is needed.", name);
            }
        }
    }
}
