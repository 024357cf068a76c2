namespace Rvq.Benchmarks.Peers;

/// <summary>Writes the encoder of a model as an ONNX graph: "frames" float32 [T, D] → "codes" int64, stage after stage.</summary>
internal static class EncodeGraph
{
    public static byte[] Build(RvqModel model, int frameCount, EncodeForm form)
    {
        var graph = new OnnxGraph();
        var frames = graph.Input("frames", OnnxGraph.Float, frameCount, model.Dimensions);
        var codes = new List<string>();
        foreach (var stack in model.Stacks)
        {
            var residual = stack.InputProjection is null ? frames : Project(graph, frames, stack.InputProjection);
            if (form >= EncodeForm.Tables && stack.Stages[0].InputProjection is not null)
            {
                TabledStages(graph, residual, frameCount, stack, form, codes);
            }
            else
            {
                Stages(graph, residual, frameCount, stack, form, codes);
            }
        }

        var total = frameCount / model.FramesPerBlock * model.CodesPerBlock;
        var all = codes.Count == 1 ? codes[0] : graph.Node("Concat", codes.ToArray(), ("axis", 0));
        graph.NameOutput(all, "codes", OnnxGraph.Int64, total);
        return graph.ToModel();
    }

    private static void Stages(OnnxGraph graph, string residual, int frameCount, ResidualStack stack, EncodeForm form, List<string> codes)
    {
        var dimensions = stack.Stages[0].Dimensions;
        var augment = form >= EncodeForm.Augmented
            && stack.Stages[0] is { InputProjection: null, Metric: SearchMetric.Euclidean };
        if (augment)
        {
            residual = graph.Node("Pad", [residual, graph.Integers(0, 0, 0, 1), graph.Constant([1f])]);
            dimensions++;
        }

        for (var i = 0; i < stack.Stages.Length; i++)
        {
            var stage = stack.Stages[i];
            var pooled = Pool(graph, ref residual, frameCount, stage.Stride, dimensions);
            var z = stage.InputProjection is null ? pooled : Project(graph, pooled, stage.InputProjection);
            var code = augment ? AugmentedSearch(graph, z, frameCount, stage, form) : Search(graph, z, frameCount, stage, form);
            codes.Add(code);
            if (i + 1 < stack.Stages.Length)
            {
                var table = augment ? Table(graph, stage.Codebook, 1)
                    : form == EncodeForm.Textbook ? Table(graph, stage.Codebook, 0)
                    : graph.Constant(ModelMath.OutputRows(stage), stage.Codebook.Size, dimensions);
                var output = graph.Node("Gather", [table, code], ("axis", 0));
                if (form == EncodeForm.Textbook && stage.OutputProjection is not null)
                {
                    output = Project(graph, output, stage.OutputProjection);
                }

                residual = Subtract(graph, residual, output, frameCount, stage.Stride, dimensions);
            }
        }
    }

    // z_m = W_m x + b_m − Σ_{i<m} W_m (W_out_i e_i + b_out_i): all W_m x at once, then the columns that a code changes by a table.
    private static void TabledStages(
        OnnxGraph graph, string residual, int frameCount, ResidualStack stack, EncodeForm form, List<string> codes)
    {
        var left = 0;
        foreach (var stage in stack.Stages)
        {
            left += stage.Codebook.Dimensions;
        }

        var weight = new float[left * stack.Stages[0].Dimensions];
        var bias = new float[left];
        var row = 0;
        foreach (var stage in stack.Stages)
        {
            stage.InputProjection!.Weight.CopyTo(weight.AsSpan(row * stage.Dimensions));
            stage.InputProjection.Bias.CopyTo(bias.AsSpan(row));
            row += stage.Codebook.Dimensions;
        }

        var z = Project(graph, residual, new Projection(weight, stack.Stages[0].Dimensions, bias));
        for (var i = 0; i < stack.Stages.Length; i++)
        {
            var stage = stack.Stages[i];
            var dimensions = stage.Codebook.Dimensions;
            left -= dimensions;
            var (own, rest) = (z, z);
            if (left > 0)
            {
                var parts = graph.Node("Split", [z, graph.Integers(dimensions, left)], 2, ("axis", 1));
                (own, rest) = (parts[0], parts[1]);
            }

            var code = Search(graph, Pool(graph, ref own, frameCount, stage.Stride, dimensions), frameCount, stage, form);
            codes.Add(code);
            if (left > 0)
            {
                var table = graph.Constant(LaterProjections(stage, stack.Stages[(i + 1)..], left), stage.Codebook.Size, left);
                if (stage.Stride > 1)
                {
                    rest = graph.Node("Reshape", [rest, graph.Integers(frameCount / stage.Stride, stage.Stride, left)]);
                }

                z = Subtract(graph, rest, graph.Node("Gather", [table, code], ("axis", 0)), frameCount, stage.Stride, left);
            }
        }
    }

    private static float[] LaterProjections(Stage stage, ReadOnlySpan<Stage> later, int width)
    {
        var rows = ModelMath.OutputRows(stage);
        var table = new float[stage.Codebook.Size * width];
        for (var code = 0; code < stage.Codebook.Size; code++)
        {
            var output = rows.AsSpan(code * stage.Dimensions, stage.Dimensions);
            var column = code * width;
            foreach (var next in later)
            {
                for (var o = 0; o < next.Codebook.Dimensions; o++)
                {
                    table[column++] = System.Numerics.Tensors.TensorPrimitives.Dot(
                        next.InputProjection!.Weight.Slice(o * stage.Dimensions, stage.Dimensions), output);
                }
            }
        }

        return table;
    }

    private static string Search(OnnxGraph graph, string z, int frameCount, Stage stage, EncodeForm form)
    {
        var codebook = stage.Codebook;
        var (size, dimensions) = (codebook.Size, codebook.Dimensions);
        if (stage.Metric == SearchMetric.Cosine)
        {
            // The length of z does not change the winner; only the textbook form pays for it.
            var unit = form == EncodeForm.Textbook ? graph.Node("LpNormalization", [z], ("axis", 1), ("p", 2)) : z;
            var cosines = graph.Node(
                "MatMul", [unit, graph.Constant(Transposed(codebook, ModelMath.NormalizedRows(codebook)), dimensions, size)]);
            return Best(graph, cosines, frameCount / stage.Stride, stage.Codebook.Size, form);
        }

        var norms = ModelMath.SquaredNorms(codebook);
        if (form == EncodeForm.Textbook)
        {
            var products = graph.Node("MatMul", [z, graph.Constant(Transposed(codebook, ModelMath.Rows(codebook)), dimensions, size)]);
            var distances = graph.Node("Add", [graph.Node("Mul", [products, graph.Constant([-2f])]), graph.Constant(norms, size)]);
            return graph.Node("ArgMin", [distances], ("axis", 1), ("keepdims", 0));
        }

        var bias = Array.ConvertAll(norms, norm => -0.5f * norm);
        var scores = graph.Node(
            "Gemm", [z, graph.Constant(ModelMath.Rows(codebook), size, dimensions), graph.Constant(bias, size)], ("transB", 1));
        return Best(graph, scores, frameCount / stage.Stride, stage.Codebook.Size, form);
    }

    private static string AugmentedSearch(OnnxGraph graph, string residual, int frameCount, Stage stage, EncodeForm form)
    {
        var (size, dimensions) = (stage.Codebook.Size, stage.Codebook.Dimensions);
        var transposed = new float[(dimensions + 1) * size];
        Transposed(stage.Codebook, ModelMath.Rows(stage.Codebook)).CopyTo(transposed, 0);
        Array.ConvertAll(ModelMath.SquaredNorms(stage.Codebook), norm => -0.5f * norm).CopyTo(transposed, dimensions * size);
        var scores = graph.Node("MatMul", [residual, graph.Constant(transposed, dimensions + 1, size)]);
        return Best(graph, scores, frameCount / stage.Stride, stage.Codebook.Size, form);
    }

    private static string Best(OnnxGraph graph, string scores, int rows, int size, EncodeForm form)
    {
        const int BlockLength = 32;
        if (form < EncodeForm.BlockedTables || size < 8 * BlockLength || size % BlockLength != 0)
        {
            return graph.Node("ArgMax", [scores], ("axis", 1), ("keepdims", 0));
        }

        var blocks = graph.Node("Reshape", [scores, graph.Integers(rows, size / BlockLength, BlockLength)]);
        var maxima = graph.Node("ReduceMax", [blocks, graph.Integers(2)], ("keepdims", 0));
        var block = graph.Node("ArgMax", [maxima], ("axis", 1), ("keepdims", 1));
        var within = graph.Node("ArgMax", [graph.Node("GatherND", [blocks, block], ("batch_dims", 1))], ("axis", 1), ("keepdims", 0));
        var start = graph.Node("Mul", [graph.Node("Reshape", [block, graph.Integers(rows)]), graph.Integers(BlockLength)]);
        return graph.Node("Add", [start, within]);
    }

    // The mean of each group of `stride` frames; the residual is left as [T / stride, stride, D].
    private static string Pool(OnnxGraph graph, ref string residual, int frameCount, int stride, int dimensions)
    {
        if (stride == 1)
        {
            return residual;
        }

        residual = graph.Node("Reshape", [residual, graph.Integers(frameCount / stride, stride, dimensions)]);
        var sum = graph.Node("ReduceSum", [residual, graph.Integers(1)], ("keepdims", 0));
        return graph.Node("Mul", [sum, graph.Constant([1f / stride])]);
    }

    private static string Subtract(OnnxGraph graph, string residual, string output, int frameCount, int stride, int dimensions)
    {
        if (stride == 1)
        {
            return graph.Node("Sub", [residual, output]);
        }

        var difference = graph.Node("Sub", [residual, graph.Node("Unsqueeze", [output, graph.Integers(1)])]);
        return graph.Node("Reshape", [difference, graph.Integers(frameCount, dimensions)]);
    }

    public static string Project(OnnxGraph graph, string input, Projection projection)
    {
        var weight = graph.Constant(projection.Weight, projection.Outputs, projection.Inputs);
        return projection.Bias.IsEmpty
            ? graph.Node("Gemm", [input, weight], ("transB", 1))
            : graph.Node("Gemm", [input, weight, graph.Constant(projection.Bias, projection.Outputs)], ("transB", 1));
    }

    private static string Table(OnnxGraph graph, Codebook codebook, int zeros)
    {
        var width = codebook.Dimensions + zeros;
        var rows = new float[codebook.Size * width];
        for (var code = 0; code < codebook.Size; code++)
        {
            codebook[code].CopyTo(rows.AsSpan(code * width));
        }

        return graph.Constant(rows, codebook.Size, width);
    }

    private static float[] Transposed(Codebook codebook, float[] rows)
    {
        var transposed = new float[rows.Length];
        for (var code = 0; code < codebook.Size; code++)
        {
            for (var d = 0; d < codebook.Dimensions; d++)
            {
                transposed[d * codebook.Size + code] = rows[code * codebook.Dimensions + d];
            }
        }

        return transposed;
    }
}
