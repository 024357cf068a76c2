using System.CommandLine;

namespace Rvq.Tool.Commands;

/// <summary>The arguments that several commands have.</summary>
internal static class Arguments
{
    public static Argument<string> Model() => new("MODEL") { Description = "A checkpoint: .safetensors with the tensor names of a known codec, or what 'rvq train' wrote." };

    public static Argument<string> Frames() => new("FRAMES.npy")
    {
        Description = "Frames, float16, float32 or float64, [T, D] or [B, T, D]; '-' for standard input.",
    };

    public static Option<string> Output(string file, string what) => new("--output", "-o")
    {
        Description = $"Where to write {what}; '-' for standard output.",
        HelpName = file,
        Required = true,
    };

    public static Option<bool> ChannelsFirst() => new("--channels-first") { Description = "The frame axis comes last: [D, T] or [B, D, T], and codes [N, T] or [B, N, T]." };

    public static Option<int?> Codebooks() => AtLeastOne(new Option<int?>("--codebooks") { Description = "Use the first N codebooks only.", HelpName = "N" });

    public static Option<int> Threads() => AtLeastOne(new Option<int>("--threads")
    {
        Description = "The threads to use; they change nothing but time.",
        HelpName = "N",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    });

    public static Option<double?> FrameRate()
    {
        var option = new Option<double?>("--frame-rate") { Description = "Frames per second, for kbit/s; by default what the model says.", HelpName = "HZ" };
        option.Validators.Add(result =>
        {
            if (result.GetValue(option) is { } rate && !(rate > 0 && double.IsFinite(rate)))
            {
                result.AddError("--frame-rate must be above 0.");
            }
        });
        return option;
    }

    /// <summary>Refuses numbers below 1 as bad usage.</summary>
    public static Option<T> AtLeastOne<T>(Option<T> option)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValue(option) is < 1)
            {
                result.AddError($"{option.Name} must be at least 1.");
            }
        });
        return option;
    }
}
