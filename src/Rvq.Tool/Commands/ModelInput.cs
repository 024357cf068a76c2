using System.CommandLine;

namespace Rvq.Tool.Commands;

/// <summary>The model that a command works with, and what its file does not tell.</summary>
internal sealed class ModelInput
{
    private readonly Argument<string> _path;

    private readonly Option<string?> _prefix = new("--prefix")
    {
        Description = "The start of the quantizer's tensor names, where the file holds several quantizers.",
    };

    private readonly Option<SearchMetric?> _metric = new("--metric")
    {
        Description =
            "How codewords are compared, where the file does not say (cosine for ResidualVQ with use_cosine_sim, innerproduct for IBQ).",
    };

    private readonly Option<bool?> _unitCodewords = new("--unit-codewords")
    {
        Description = "Whether codewords are scaled to length 1 as they are read, where the file does not say (TiTok, ViT-VQGAN).",
    };

    private readonly Option<string?> _family = new("--family")
    {
        Description = "The codec, where several have the same tensor names (Language-Codec, EnCodec, IBQ).",
    };

    private readonly Option<string[]> _ignore = new("--ignore")
    {
        Description =
            "Names of tensors that change nothing, with * for any text, where the file is refused for one that its codec does not know.",
    };

    private readonly Option<bool> _bare = new("--bare-codebooks")
    {
        Description = "Arrays that nothing calls a codebook are codebooks: an .npy or .npz file, a list of tensors.",
    };

    /// <summary>Lets a command have it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="orElse">What else the command takes in its place, for the help.</param>
    public ModelInput(Command command, string orElse = "")
    {
        _path = new("MODEL")
        {
            Description = "A checkpoint: safetensors, PyTorch's formats, ONNX or GGUF with the tensor names of a known codec, a Hugging "
                + "Face folder, a faiss index, or what 'rvq train' wrote" + orElse + ".",
        };
        command.Add(_path);
        command.Add(_prefix);
        command.Add(_metric);
        command.Add(_unitCodewords);
        command.Add(_family);
        command.Add(_ignore);
        command.Add(_bare);
    }

    /// <summary>The path given.</summary>
    public string Path(ParseResult given) => given.GetRequiredValue(_path);

    /// <summary>Loads the model, or its first codebooks.</summary>
    public RvqModel Read(ParseResult given, int? codebooks = null)
    {
        var path = Path(given);
        var model = RvqModel.Load(path, new LoadOptions
        {
            Prefix = given.GetValue(_prefix),
            Metric = given.GetValue(_metric),
            UnitCodewords = given.GetValue(_unitCodewords),
            Family = given.GetValue(_family),
            IgnoreTensors = given.GetValue(_ignore) ?? [],
            BareCodebooks = given.GetValue(_bare),
            OnWarning = warning => given.InvocationConfiguration.Error.WriteLine($"rvq: {path}: {warning}"),
        });
        return codebooks is not { } count ? model
            : count <= model.CodebookCount ? model.Take(count)
            : throw new InvalidDataException($"{path}: It has {model.CodebookCount} codebooks, but {count} are asked for.");
    }
}
