using System.CommandLine;

namespace Rvq.Tool.Commands;

/// <summary>Which of a model's codebooks a command uses: all, so many, or those that fit into a bit rate.</summary>
internal sealed class CodebookChoice
{
    private readonly Option<int?> _count = Options.Codebooks();
    private readonly Option<double?> _bitrate = Options.Positive(
        "--bitrate", "KBIT/S", "Use the codebooks that fit into that bit rate, if the model's frame rate is known.");

    /// <summary>Lets a command have it.</summary>
    public CodebookChoice(Command command)
    {
        command.Add(_count);
        command.Add(_bitrate);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_count) is not null && result.GetResult(_bitrate) is not null)
            {
                result.AddError("--codebooks and --bitrate exclude each other.");
            }
        });
    }

    /// <summary>The number of codebooks, or null for all.</summary>
    public int? Count(ParseResult given, RvqModel model)
        => given.GetValue(_bitrate) is { } bitrate ? model.CodebookCountForBitrate(bitrate) : given.GetValue(_count);

    /// <summary>The model's first codebooks.</summary>
    public RvqModel Apply(ParseResult given, RvqModel model, string path) => Count(given, model) is not { } count ? model
        : count <= model.CodebookCount ? model.Take(count)
        : throw new InvalidDataException($"{path}: It has {model.CodebookCount} codebooks, but {count} are asked for.");
}
