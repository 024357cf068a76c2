namespace Rvq.Tests;

/// <summary>The definition of a code, in double precision and nothing else. All kernels are held to it.</summary>
internal static class Oracle
{
    /// <summary>⟨a, b⟩: eight interleaved sums, then ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)).</summary>
    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Span<double> s = stackalloc double[8];
        s.Clear();
        for (var i = 0; i < a.Length; i++)
        {
            s[i % 8] += (double)a[i] * b[i];
        }

        return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
    }

    /// <summary>The lowest k with the smallest score: ½⟨c, c⟩ − ⟨r, c⟩, or what the metric makes of it.</summary>
    public static int Nearest(Codebook codebook, ReadOnlySpan<float> residual, SearchMetric metric = SearchMetric.Euclidean)
    {
        var (code, best) = (0, double.PositiveInfinity);
        residual = metric == SearchMetric.NormalizedEuclidean ? Normalized(residual) : residual;
        for (var k = 0; k < codebook.Size; k++)
        {
            var score = metric switch
            {
                SearchMetric.Cosine => 0 - Dot(residual, Normalized(codebook[k])),
                SearchMetric.InnerProduct => 0 - Dot(residual, codebook[k]),
                _ => (0.5 * Dot(codebook[k], codebook[k])) - Dot(residual, codebook[k]),
            };
            if (score < best)
            {
                (code, best) = (k, score);
            }
        }

        return code;
    }

    /// <summary>Codes [T / F, CodesPerBlock] of any model.</summary>
    public static int[] Encode(RvqModel model, ReadOnlySpan<float> frames)
    {
        var count = frames.Length / model.Dimensions;
        var codes = new int[count / model.FramesPerBlock * model.CodesPerBlock];
        for (var first = 0; first < count; first += model.FramesPerBlock)
        {
            var at = first / model.FramesPerBlock * model.CodesPerBlock;
            foreach (var stack in model.Stacks)
            {
                var block = new float[model.FramesPerBlock][];
                for (var t = 0; t < block.Length; t++)
                {
                    var frame = frames.Slice((first + t) * model.Dimensions, model.Dimensions).ToArray();
                    block[t] = stack.InputProjection is null ? frame : Project(stack.InputProjection, frame);
                }

                var stackCodes = IsProjected(stack) ? EncodeProjected(stack, block) : EncodePlain(stack, block);
                stackCodes.CopyTo(codes.AsSpan(at));
                at += stackCodes.Length;
            }
        }

        return codes;
    }

    /// <summary>Frames [T, D] of any model.</summary>
    public static float[] Decode(RvqModel model, ReadOnlySpan<int> codes)
    {
        var blocks = codes.Length / model.CodesPerBlock;
        var frames = new List<float>();
        for (var t = 0; t < blocks * model.FramesPerBlock; t++)
        {
            float[]? frame = null;
            var at = t / model.FramesPerBlock * model.CodesPerBlock;
            foreach (var stack in model.Stacks)
            {
                float[]? sum = null;
                foreach (var stage in stack.Stages)
                {
                    var row = stage.Codebook[codes[at + (t % model.FramesPerBlock / stage.Stride)]].ToArray();
                    row = stage.OutputProjection is null ? row : Project(stage.OutputProjection, row);
                    sum = sum is null ? row : [.. sum.Zip(row, (a, b) => a + b)];
                    at += model.FramesPerBlock / stage.Stride;
                }

                sum = stack.OutputProjection is null ? sum! : Project(stack.OutputProjection, sum!);
                frame = frame is null ? sum : [.. frame.Zip(sum, (a, b) => a + b)];
            }

            frames.AddRange(frame!);
        }

        return [.. frames.Select(value => float.IsNaN(value) ? float.NaN : value)];
    }

    private static bool IsProjected(ResidualStack stack)
        => stack.Stages.ToArray().Any(stage => stage.InputProjection is not null || stage.OutputProjection is not null || stage.Stride > 1
            || stage.Metric == SearchMetric.NormalizedEuclidean);

    private static int[] EncodePlain(ResidualStack stack, float[][] block)
    {
        var residuals = block.ToArray();
        var codes = new List<int>();
        foreach (var stage in stack.Stages)
        {
            for (var t = 0; t < residuals.Length; t++)
            {
                codes.Add(Nearest(stage.Codebook, residuals[t], stage.Metric));
                residuals[t] = [.. residuals[t].Zip(stage.Codebook[codes[^1]].ToArray(), (r, c) => r - c)];
            }
        }

        return [.. codes];
    }

    /// <summary>
    /// Of each frame y_m = W_m x + b_m, plus in turn −M_mi e_i − v_mi for the stages i before m, M_mi = W_m Wout_i and v_mi = W_m bout_i in
    /// double precision and rounded; a code is
    /// that of the mean of its frames.
    /// </summary>
    private static int[] EncodeProjected(ResidualStack stack, float[][] block)
    {
        var stages = stack.Stages.ToArray();
        var codes = new List<int[]>();
        for (var m = 0; m < stages.Length; m++)
        {
            var (stage, stageCodes) = (stages[m], new int[block.Length / stages[m].Stride]);
            var y = Array.ConvertAll(block, frame => stage.InputProjection is null ? frame : Project(stage.InputProjection, frame));
            for (var i = 0; i < m; i++)
            {
                var (earlier, rows) = (stages[i], Enumerable.Range(0, stage.Codebook.Dimensions).Select(d => InputRow(stage, d)).ToArray());
                var coupling = rows.Select(row => Enumerable.Range(0, earlier.Codebook.Dimensions).Select(e => -(float)Dot(row, OutputColumn(earlier, e))).ToArray()).ToArray();
                var bias = rows.Select(row => -(float)Dot(row, OutputBias(earlier))).ToArray();
                y = [.. y.Select((vector, t) => vector.Select((value, d) =>
                    value + Chains(coupling[d], earlier.Codebook[codes[i][t / earlier.Stride]], bias[d])).ToArray())];
            }

            for (var window = 0; window < stageCodes.Length; window++)
            {
                var z = y.Skip(window * stage.Stride).Take(stage.Stride).Aggregate((a, b) => [.. a.Zip(b, (p, q) => p + q)]);
                stageCodes[window] = Nearest(stage.Codebook, stage.Stride == 1 ? z : [.. z.Select(value => value / stage.Stride)], stage.Metric);
            }

            codes.Add(stageCodes);
        }

        return [.. codes.SelectMany(stageCodes => stageCodes)];
    }

    /// <summary>W x + b in float32.</summary>
    public static float[] Project(Projection projection, ReadOnlySpan<float> vector)
    {
        var result = new float[projection.Outputs];
        for (var o = 0; o < result.Length; o++)
        {
            result[o] = Chains(projection.Weight.Slice(o * projection.Inputs, projection.Inputs), vector, projection.Bias.IsEmpty ? 0 : projection.Bias[o]);
        }

        return result;
    }

    /// <summary>
    /// Runs of eight, run q by fused multiply-adds to sum q mod 4, the first of which starts at the bias; then ((s0 + s1) + s2) + s3 of
    /// those that have inputs.
    /// </summary>
    private static float Chains(ReadOnlySpan<float> weights, ReadOnlySpan<float> vector, float bias)
    {
        float[] s = [bias, 0, 0, 0];
        for (var i = 0; i < weights.Length; i++)
        {
            s[i / 8 % 4] = MathF.FusedMultiplyAdd(weights[i], vector[i], s[i / 8 % 4]);
        }

        return s.Take((weights.Length + 7) / 8).Aggregate((a, b) => a + b);
    }

    private static float[] Normalized(ReadOnlySpan<float> row)
    {
        var norm = Math.Max(Math.Sqrt(Dot(row, row)), 1e-12);
        return [.. row.ToArray().Select(value => (float)(value / norm))];
    }

    private static float[] InputRow(Stage stage, int row)
        => stage.InputProjection is { } input
            ? input.Weight.Slice(row * input.Inputs, input.Inputs).ToArray()
            : Unit(stage.Dimensions, row);

    private static float[] OutputColumn(Stage stage, int column)
        => stage.OutputProjection is { } output
            ? [.. Enumerable.Range(0, output.Outputs).Select(o => output.Weight[(o * output.Inputs) + column])]
            : Unit(stage.Dimensions, column);

    private static float[] OutputBias(Stage stage)
        => stage.OutputProjection is { Bias.IsEmpty: false } output ? output.Bias.ToArray() : new float[stage.Dimensions];

    private static float[] Unit(int length, int index) => [.. Enumerable.Range(0, length).Select(i => i == index ? 1f : 0f)];
}
