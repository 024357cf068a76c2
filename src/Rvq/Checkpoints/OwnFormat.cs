using System.Globalization;

namespace Rvq.Checkpoints;

/// <summary>
/// What <see cref="RvqModel.Save(string)"/> writes: float32 safetensors whose metadata says what tensors cannot. A plain stack has
/// EnCodec's names <c>quantizer.layers.{i}.codebook.embed</c>; any other model has <c>stacks.{s}.stages.{i}.codebook</c> and projections
/// beside it.
/// </summary>
internal static class OwnFormat
{
    private const string Version = "rvq.version";
    private const string StageCounts = "rvq.stages";
    private const string Metrics = "rvq.metrics";
    private const string Strides = "rvq.strides";
    private const string FramesPerBlock = "rvq.frames_per_block";
    private const string Family = "rvq.family";
    private const string SampleRate = "rvq.sample_rate";
    private const string HopLength = "rvq.hop_length";
    private const string BeamWidth = "rvq.beam_width";

    public static bool Recognises(TensorFile file) => file.Metadata.ContainsKey(Version);

    public static void Write(RvqModel model, Stream stream)
    {
        var stages = model.Stages.ToArray();
        var metadata = new Dictionary<string, string>
        {
            [Version] = "1",
            [StageCounts] = string.Join(',', model.Stacks.ToArray().Select(stack => stack.Stages.Length)),
            [Metrics] = string.Join(',', stages.Select(stage => stage.Metric)),
            [Strides] = string.Join(',', stages.Select(stage => stage.Stride)),
            [FramesPerBlock] = model.FramesPerBlock.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (key, value) in new[] { (Family, model.Family), (SampleRate, Text(model.SampleRate)),
            (HopLength, Text(model.HopLength)), (BeamWidth, Text(model.BeamWidth)) })
        {
            if (value is not null)
            {
                metadata[key] = value;
            }
        }

        var plain = IsPlain(model);
        var tensors = new List<SafetensorsWriter.Tensor>();
        for (var s = 0; s < model.Stacks.Length; s++)
        {
            var stack = model.Stacks[s];
            AddProjection(tensors, $"stacks.{s}.input", stack.InputProjection);
            for (var i = 0; i < stack.Stages.Length; i++)
            {
                var stage = stack.Stages[i];
                AddProjection(tensors, $"stacks.{s}.stages.{i}.input", stage.InputProjection);
                var codebook = stage.Codebook;
                tensors.Add(new(CodebookName(plain, s, i), [codebook.Size, codebook.Dimensions], codebook.Size, row => codebook[row]));
                AddProjection(tensors, $"stacks.{s}.stages.{i}.output", stage.OutputProjection);
            }

            AddProjection(tensors, $"stacks.{s}.output", stack.OutputProjection);
        }

        SafetensorsWriter.Write(stream, tensors, metadata);
    }

    public static RvqModel Read(TensorFile file)
    {
        var metadata = new OwnMetadata(file.Metadata);
        if (metadata.Required(Version) is not "1" and var version)
        {
            throw new InvalidDataException($"The metadata {Version} is {TensorEntry.Quote(version)}, but this library reads version 1.");
        }

        var tensors = new CodecTensors(file, "");
        var counts = metadata.Integers(StageCounts);
        var metrics = metadata.Required(Metrics).Split(',');
        var strides = metadata.Integers(Strides);
        if (counts.Sum(count => (long)count) != metrics.Length || metrics.Length != strides.Length)
        {
            throw new InvalidDataException(
                $"The metadata counts {counts.Sum(count => (long)count)} stages, but has {metrics.Length} metrics and {strides.Length} "
                + "strides.");
        }

        var plain = tensors.Has(CodebookName(true, 0, 0));
        var stacks = new ResidualStack[counts.Length];
        for (var (s, first) = (0, 0); s < stacks.Length; first += counts[s++])
        {
            var stages = new Stage[counts[s]];
            for (var i = 0; i < stages.Length; i++)
            {
                stages[i] = new Stage(
                    tensors.Codebook(CodebookName(plain, s, i)),
                    tensors.Projection($"stacks.{s}.stages.{i}.input"),
                    tensors.Projection($"stacks.{s}.stages.{i}.output"),
                    OwnMetadata.Metric(metrics[first + i]),
                    strides[first + i]);
            }

            stacks[s] = new ResidualStack(stages, tensors.Projection($"stacks.{s}.input"), tensors.Projection($"stacks.{s}.output"));
        }

        var framesPerBlock = metadata.Integer(FramesPerBlock) ?? 0;
        if (framesPerBlock < 1 || strides.FirstOrDefault(stride => framesPerBlock % stride != 0) is var odd and not 0)
        {
            throw new InvalidDataException(
                $"The metadata {FramesPerBlock} is {framesPerBlock}, which is no multiple of every stride in "
                + $"{metadata.Required(Strides)}.");
        }

        return RvqModel.WithFramesPerBlock(
            stacks, framesPerBlock, metadata.Optional(Family), metadata.Integer(SampleRate), metadata.Integer(HopLength),
            metadata.Integer(BeamWidth));
    }

    private static bool IsPlain(RvqModel model)
        => model.Stacks.Length == 1 && model.Stacks[0] is { InputProjection: null, OutputProjection: null }
            && model.Stages.ToArray()
            .All(stage => stage is { InputProjection: null, OutputProjection: null, Stride: 1, Metric: SearchMetric.Euclidean });

    private static string CodebookName(bool plain, int stack, int stage)
        => plain ? $"quantizer.layers.{stage}.codebook.embed" : $"stacks.{stack}.stages.{stage}.codebook";

    private static string? Text(int? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static void AddProjection(List<SafetensorsWriter.Tensor> tensors, string name, Projection? projection)
    {
        if (projection is null)
        {
            return;
        }

        tensors.Add(new($"{name}.weight", [projection.Outputs, projection.Inputs], 1, _ => projection.Weight));
        if (!projection.Bias.IsEmpty)
        {
            tensors.Add(new($"{name}.bias", [projection.Outputs], 1, _ => projection.Bias));
        }
    }
}
