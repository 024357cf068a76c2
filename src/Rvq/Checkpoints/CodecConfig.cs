using System.Globalization;
using System.Text.Json;

namespace Rvq.Checkpoints;

/// <summary>The rates and strides that come with a checkpoint: from a <c>config.json</c> beside it or from what a PyTorch file says beside its tensors.</summary>
internal sealed record CodecConfig(int? SampleRate, int? HopLength, int[]? Strides)
{
    private const long MaxBytes = 16_000_000;

    public static readonly CodecConfig None = new(null, null, null);

    /// <summary>The <c>config.json</c> in the file's folder, or <see cref="None"/>.</summary>
    public static CodecConfig BesideFile(string path)
    {
        var config = new FileInfo(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "config.json"));
        if (!config.Exists)
        {
            return None;
        }

        return config.Length <= MaxBytes
            ? Parse(File.ReadAllBytes(config.FullName))
            : throw new InvalidDataException($"config.json has {config.Length} bytes; at most {MaxBytes} are read.");
    }

    /// <summary>Reads a config.json; that of a larger model keeps its codec's under <c>audio_encoder</c>.</summary>
    public static CodecConfig Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return None;
            }

            return root.TryGetProperty("audio_encoder", out var codec) && codec.ValueKind == JsonValueKind.Object ? From(codec) : From(root);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"config.json is broken: {e.Message}", e);
        }
    }

    /// <summary>What is known from a PyTorch file's other entries: DAC's metadata and audiocraft's <c>xp.cfg</c>.</summary>
    public CodecConfig Or(IReadOnlyDictionary<string, string> metadata)
    {
        var sampleRate = SampleRate ?? Number(metadata.GetValueOrDefault("metadata.kwargs.sample_rate")) ?? YamlNumber(metadata.GetValueOrDefault("xp.cfg"));
        return this with { SampleRate = sampleRate, HopLength = HopLength ?? Product(metadata.GetValueOrDefault("metadata.kwargs.encoder_rates")) };
    }

    private static CodecConfig From(JsonElement config)
    {
        var sampleRate = Number(config, "sampling_rate") ?? Number(config, "sample_rate");
        var hop = Number(config, "hop_length") ?? HopFromFrameRate(config, sampleRate);
        foreach (var name in new[] { "downsampling_ratios", "upsampling_ratios", "encoder_rates", "strides" })
        {
            hop ??= Product(Numbers(config, name));
        }

        // Strides that cannot be read would give wrong codes; other fields may mean something else in another program's file.
        return Numbers(config, "vq_strides") is var strides && strides is null && config.TryGetProperty("vq_strides", out _)
            ? throw new InvalidDataException($"config.json has vq_strides that are not a list of numbers from 1 to {int.MaxValue}.")
            : new CodecConfig(sampleRate, hop, strides);
    }

    // A frame rate that does not divide the sample rate has been rounded (Parler's DAC says 86 for 44100 / 512) and is of no use.
    private static int? HopFromFrameRate(JsonElement config, int? sampleRate)
        => config.TryGetProperty("frame_rate", out var property) && property.ValueKind == JsonValueKind.Number && property.TryGetDouble(out var rate)
            && sampleRate / rate is { } hop && hop == Math.Floor(hop) && hop is >= 1 and <= int.MaxValue
            ? (int)hop
            : null;

    private static int? Number(JsonElement config, string name)
        => config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0 ? number : null;

    private static int? Number(string? text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    private static int[]? Numbers(JsonElement config, string name)
    {
        if (!config.TryGetProperty(name, out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var numbers = new List<int>();
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var number) || number < 1)
            {
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static int? Product(string? text)
    {
        var parts = text?.Split(',').Select(Number).ToArray();
        return parts is null || parts.Contains(null) ? null : Product(Array.ConvertAll(parts, part => part!.Value));
    }

    private static int? Product(int[]? factors)
    {
        var product = TensorEntry.TryCount(Array.ConvertAll(factors ?? [], factor => (long)factor));
        return factors is [_, ..] && product <= int.MaxValue ? (int)product : null;
    }

    private static int? YamlNumber(string? yaml)
    {
        const string Key = "\nsample_rate:";
        var start = yaml is null ? -1 : $"\n{yaml}".IndexOf(Key, StringComparison.Ordinal);
        return start < 0 ? null : Number(yaml.AsSpan()[(start + Key.Length - 1)..].ToString().Split('\n')[0].Trim());
    }
}
