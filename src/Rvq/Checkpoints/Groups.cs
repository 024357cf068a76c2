namespace Rvq.Checkpoints;

/// <summary>Quantizers that each see a part of the frame, side by side: what selects a part is a projection that is mostly zeros.</summary>
internal static class Groups
{
    // Selections together grow with the square of the frame.
    private const int MaxSelectionValues = 1 << 24;

    /// <summary>Stacks of which each takes the next part of the frame; their codes follow one another group by group.</summary>
    public static ResidualStack[] SideBySide(ResidualStack[] groups)
    {
        var dimensions = groups.Sum(group => (long)group.Dimensions);
        ThrowIfTooLarge(groups.Length, dimensions, groups.Sum(group => (long)group.Stages[0].Dimensions));
        var stacks = new ResidualStack[groups.Length];
        for (var (g, start) = (0, 0); g < groups.Length; start += groups[g++].Dimensions)
        {
            var group = groups[g];
            var inner = group.Stages[0].Dimensions;
            stacks[g] = new ResidualStack(
                group.Stages,
                Part(group.InputProjection, inner, group.Dimensions, start, (int)dimensions, input: true),
                Part(group.OutputProjection, inner, group.Dimensions, start, (int)dimensions, input: false));
        }

        return stacks;
    }

    /// <summary>
    /// One stack of codebooks of which each searches a part of the residual: the parts in turn, level after level (HiFi-Codec).
    /// </summary>
    /// <param name="levels">For each level the codebooks of the parts, in the order of the parts.</param>
    /// <param name="hints">What is known beside the tensors.</param>
    public static ResidualStack LevelByLevel(Codebook[][] levels, CodecHints hints)
    {
        var dimensions = Together(levels[0]);
        ThrowIfTooLarge(levels.Sum(level => level.Length), dimensions, levels.Sum(Together));
        var stages = new List<Stage>();
        foreach (var level in levels)
        {
            if (Together(level) != dimensions)
            {
                throw new InvalidDataException(
                    $"The codebooks of a level have {Together(level)} dimensions together, but those of the first {dimensions}.");
            }

            var start = 0;
            foreach (var codebook in level)
            {
                var own = codebook.Dimensions;
                stages.Add(hints.Stage(
                    codebook,
                    Part(null, own, own, start, (int)dimensions, input: true),
                    Part(null, own, own, start, (int)dimensions, input: false)));
                start += own;
            }
        }

        return new ResidualStack([.. stages]);
    }

    private static long Together(Codebook[] codebooks) => codebooks.Sum(codebook => (long)codebook.Dimensions);

    private static void ThrowIfTooLarge(int groups, long outside, long inside)
    {
        if ((Int128)outside * inside > MaxSelectionValues)
        {
            throw new InvalidDataException(
                $"The {groups} groups have {outside} dimensions outside and {inside} inside; "
                + $"a product of at most {MaxSelectionValues} is read.");
        }
    }

    /// <summary>
    /// A projection between the whole frame and the group's stages: the group's own, with zeros for the rest of the frame.
    /// </summary>
    private static Projection Part(Projection? own, int inner, int outer, int start, int dimensions, bool input)
    {
        var weight = new float[inner * dimensions];
        for (var i = 0; i < inner; i++)
        {
            for (var d = 0; d < outer; d++)
            {
                var value = own is null ? (i == d ? 1 : 0) : input ? own.Weight[(i * own.Inputs) + d] : own.Weight[(d * own.Inputs) + i];
                weight[input ? (i * dimensions) + start + d : ((start + d) * inner) + i] = value;
            }
        }

        var bias = own is null || own.Bias.IsEmpty ? [] : new float[input ? inner : dimensions];
        if (bias.Length > 0)
        {
            own!.Bias.CopyTo(bias.AsSpan(input ? 0 : start));
        }

        return new Projection(weight, input ? dimensions : inner, bias);
    }
}
