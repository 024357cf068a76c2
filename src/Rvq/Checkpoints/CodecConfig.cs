using System.Globalization;
using System.Text.Json;

namespace Rvq.Checkpoints;

/// <summary>
/// What comes with a checkpoint beside its tensors: rates, strides and how it searches, from a <c>config.json</c> or from the configuration
/// inside a PyTorch file.
/// </summary>
internal sealed record CodecConfig(int? SampleRate, int? HopLength, int[]? Strides)
{
    private const long MaxBytes = 16_000_000;

    public static readonly CodecConfig None = new(null, null, null);

    // Larger models keep their codec's configuration under these names.
    private static readonly string[] Inner = ["audio_encoder", "codec_config"];

    /// <summary>Whether there is a configuration at all.</summary>
    public bool IsKnown { get; init; }

    /// <summary><c>model_type</c>: "xcodec", "janus", …</summary>
    public string? ModelType { get; init; }

    /// <summary>MOSS's <c>quantizer_type</c>.</summary>
    public string? QuantizerType { get; init; }

    /// <summary>vector-quantize-pytorch's <c>use_cosine_sim</c>.</summary>
    public bool? UsesCosine { get; init; }

    /// <summary>TiTok's <c>use_l2_norm</c>: both sides of the search are normalised, and the unit codeword is decoded.</summary>
    public bool? UsesUnitCodewords { get; init; }

    /// <summary>Qwen3-TTS's <c>encoder_valid_num_quantizers</c>.</summary>
    public int? ValidQuantizers { get; init; }

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

    /// <summary>Reads a config.json; that of a larger model keeps its codec's under <c>audio_encoder</c> or <c>codec_config</c>.</summary>
    public static CodecConfig Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = LenientJson.Parse(json);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? From(Array.ConvertAll(Inner, name => Object(root, name)).FirstOrDefault(inner => inner is not null) ?? root)
                : None;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"config.json is broken: {e.Message}", e);
        }
    }

    /// <summary>What is known from a PyTorch file's other entries: DAC's metadata and audiocraft's <c>xp.cfg</c>.</summary>
    public CodecConfig Or(IReadOnlyDictionary<string, string> metadata)
    {
        var sampleRate = SampleRate
            ?? Number(metadata.GetValueOrDefault("metadata.kwargs.sample_rate"))
            ?? YamlNumber(metadata.GetValueOrDefault("xp.cfg"));
        var hop = HopLength ?? Product(metadata.GetValueOrDefault("metadata.kwargs.encoder_rates"));
        return this with
        {
            SampleRate = sampleRate,
            HopLength = hop,
            IsKnown = IsKnown || hop is not null,
            UsesCosine = UsesCosine ?? Flag(metadata.GetValueOrDefault("config.use_cosine_sim")),
        };
    }

    private static CodecConfig From(JsonElement config)
    {
        // Strides that cannot be read would give wrong codes; other fields may mean something else in another program's file.
        var strides = Numbers(config, "vq_strides");
        if (strides is null && config.TryGetProperty("vq_strides", out var given) && given.ValueKind != JsonValueKind.Null)
        {
            throw new InvalidDataException($"config.json has vq_strides that are not a list of numbers from 1 to {int.MaxValue}.");
        }

        var sampleRate = Number(config, "sampling_rate") ?? Number(config, "sample_rate") ?? Number(config, "input_sample_rate");
        return new CodecConfig(sampleRate, Hop(config, sampleRate), strides)
        {
            IsKnown = true,
            ModelType = Text(config, "model_type"),
            QuantizerType = Text(config, "quantizer_type"),
            UsesCosine = Flag(config, "use_cosine_sim"),
            UsesUnitCodewords = Flag(config, "use_l2_norm")
                ?? (Object(config, "model") is { } model
                    && Object(model, "vq_model") is { } quantizer ? Flag(quantizer, "use_l2_norm") : null),
            ValidQuantizers = Number(config, "encoder_valid_num_quantizers"),
        };
    }

    private static int? Hop(JsonElement config, int? sampleRate)
    {
        var hop = Number(config, "hop_length") ?? Number(config, "downsample_rate") ?? Number(config, "encode_downsample_rate")
            ?? HopFromFrameRate(config, sampleRate);
        if (Object(config, "acoustic_model_config") is { } acoustic)
        {
            // X-Codec and Higgs audio v2: the strides beside it are the semantic encoder's.
            return hop ?? Product(Numbers(acoustic, "downsampling_ratios"));
        }

        if (!IsMimi(config))
        {
            foreach (var name in new[] { "downsampling_ratios", "upsampling_ratios", "encoder_rates", "strides" })
            {
                hop ??= Product(Numbers(config, name));
            }
        }

        return hop;
    }

    /// <summary>Mimi halves the rate once more behind its ratios.</summary>
    private static bool IsMimi(JsonElement config)
        => Text(config, "model_type") == "mimi";

    // A frame rate that does not divide the sample rate has been rounded (Parler's DAC says 86 for 44100 / 512) and is of no use.
    private static int? HopFromFrameRate(JsonElement config, int? sampleRate)
        => config.TryGetProperty("frame_rate", out var property) && property.ValueKind == JsonValueKind.Number
            && property.TryGetDouble(out var rate)
            && sampleRate / rate is { } hop && hop == Math.Floor(hop) && hop is >= 1 and <= int.MaxValue
            ? (int)hop
            : null;

    private static JsonElement? Object(JsonElement config, string name)
        => config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? Text(JsonElement config, string name)
        => config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool? Flag(JsonElement config, string name)
        => config.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : null;

    private static bool? Flag(string? text) => bool.TryParse(text, out var flag) ? flag : null;

    private static int? Number(JsonElement config, string name) => config.TryGetProperty(name, out var value) ? Number(value) : null;

    /// <summary>A whole number from 1 on, which may be written as 24000.0; or null.</summary>
    private static int? Number(JsonElement value)
        => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            && number == Math.Floor(number) && number is >= 1 and <= int.MaxValue
            ? (int)number
            : null;

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
            if (Number(item) is not { } number)
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
