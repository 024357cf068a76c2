using System.Runtime.InteropServices;

namespace Rvq.Benchmarks.Peers;

/// <summary>Writes the decoder of a model as an ONNX graph: "codes" int64, stage after stage → "frames" float32 [T, D].</summary>
internal static class DecodeGraph
{
    public static byte[] Build(RvqModel model, int frameCount, DecodeForm form)
    {
        var graph = new OnnxGraph();
        var codes = graph.Input("codes", OnnxGraph.Int64, frameCount / model.FramesPerBlock * model.CodesPerBlock);
        if (form == DecodeForm.OneGather && model is { FramesPerBlock: 1, Stacks: [{ OutputProjection: null } stack] })
        {
            graph.NameOutput(GatheredAtOnce(graph, stack, codes, frameCount), "frames", OnnxGraph.Float, frameCount, model.Dimensions);
            return graph.ToModel();
        }

        var lengths = Array.ConvertAll(model.Stages.ToArray(), stage => (long)(frameCount / stage.Stride));
        var byStage = lengths.Length == 1 ? [codes] : graph.Node("Split", [codes, graph.Integers(lengths)], lengths.Length, ("axis", 0));

        var first = 0;
        var outputs = new List<string>();
        foreach (var part in model.Stacks)
        {
            var stageCodes = byStage.AsSpan(first, part.Stages.Length);
            outputs.Add(form == DecodeForm.Gemm && part.Stages[0].OutputProjection is not null
                ? ProjectedRows(graph, part, stageCodes, frameCount)
                : SummedRows(graph, part, stageCodes, frameCount, form));
            first += part.Stages.Length;
        }

        graph.NameOutput(outputs.Aggregate((a, b) => graph.Node("Add", [a, b])), "frames", OnnxGraph.Float, frameCount, model.Dimensions);
        return graph.ToModel();
    }

    private static string GatheredAtOnce(OnnxGraph graph, ResidualStack stack, string codes, int frameCount)
    {
        var tables = new List<float>();
        var offsets = new List<long>();
        foreach (var stage in stack.Stages)
        {
            offsets.AddRange(Enumerable.Repeat((long)tables.Count / stage.Dimensions, frameCount));
            tables.AddRange(ModelMath.OutputRows(stage));
        }

        var dimensions = stack.Dimensions;
        var rows = graph.Node("Gather",
            [
                graph.Constant(CollectionsMarshal.AsSpan(tables), tables.Count / dimensions, dimensions),
                graph.Node("Add", [codes, graph.Integers(CollectionsMarshal.AsSpan(offsets))]),
            ],
            ("axis", 0));
        var byStage = graph.Node("Reshape", [rows, graph.Integers(stack.Stages.Length, frameCount, dimensions)]);
        return graph.Node("ReduceSum", [byStage, graph.Integers(0)], ("keepdims", 0));
    }

    private static string SummedRows(OnnxGraph graph, ResidualStack stack, ReadOnlySpan<string> codes, int frameCount, DecodeForm form)
    {
        var dimensions = stack.Stages[0].Dimensions;
        var rows = new List<(string Name, int Stride)>();
        for (var i = 0; i < codes.Length; i++)
        {
            var stage = stack.Stages[i];
            var table = graph.Constant(ModelMath.OutputRows(stage), stage.Codebook.Size, dimensions);
            rows.Add((graph.Node("Gather", [table, codes[i]], ("axis", 0)), stage.Stride));
        }

        var full = rows.Where(row => row.Stride == 1).Select(row => row.Name).ToArray();
        var sum = full.Length == 1 ? full[0]
            : form == DecodeForm.Sum ? graph.Node("Sum", full)
            : full.Aggregate((a, b) => graph.Node("Add", [a, b]));
        foreach (var (name, stride) in rows.Where(row => row.Stride > 1))
        {
            var groups = graph.Node("Reshape", [sum, graph.Integers(frameCount / stride, stride, dimensions)]);
            var added = graph.Node("Add", [groups, graph.Node("Unsqueeze", [name, graph.Integers(1)])]);
            sum = graph.Node("Reshape", [added, graph.Integers(frameCount, dimensions)]);
        }

        return stack.OutputProjection is null ? sum : EncodeGraph.Project(graph, sum, stack.OutputProjection);
    }

    private static string ProjectedRows(OnnxGraph graph, ResidualStack stack, ReadOnlySpan<string> codes, int frameCount)
    {
        var inputs = 0;
        foreach (var stage in stack.Stages)
        {
            inputs += stage.Codebook.Dimensions;
        }

        var outputs = stack.Stages[0].Dimensions;
        var weight = new float[inputs * outputs];
        var bias = new float[outputs];
        var rows = new string[codes.Length];
        var column = 0;
        for (var i = 0; i < codes.Length; i++)
        {
            var stage = stack.Stages[i];
            var dimensions = stage.Codebook.Dimensions;
            var table = graph.Constant(ModelMath.Rows(stage.Codebook), stage.Codebook.Size, dimensions);
            rows[i] = Repeat(graph, graph.Node("Gather", [table, codes[i]], ("axis", 0)), frameCount, stage.Stride, dimensions);
            for (var o = 0; o < outputs; o++)
            {
                stage.OutputProjection!.Weight.Slice(o * dimensions, dimensions).CopyTo(weight.AsSpan(o * inputs + column));
                bias[o] += stage.OutputProjection.Bias.IsEmpty ? 0 : stage.OutputProjection.Bias[o];
            }

            column += dimensions;
        }

        return EncodeGraph.Project(graph, graph.Node("Concat", rows, ("axis", 1)), new Projection(weight, inputs, bias));
    }

    private static string Repeat(OnnxGraph graph, string rows, int frameCount, int stride, int dimensions)
    {
        if (stride == 1)
        {
            return rows;
        }

        var groups = graph.Node("Unsqueeze", [rows, graph.Integers(1)]);
        var repeated = graph.Node("Expand", [groups, graph.Integers(frameCount / stride, stride, dimensions)]);
        return graph.Node("Reshape", [repeated, graph.Integers(frameCount, dimensions)]);
    }
}
