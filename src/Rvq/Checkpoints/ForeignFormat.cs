using System.Text;

namespace Rvq.Checkpoints;

/// <summary>Names the kind of file that is not read, by its first bytes or its zip directory.</summary>
internal static class ForeignFormat
{
    private const string Read = "Read are safetensors, PyTorch's files, ONNX, GGUF, npy and npz, .nemo, Lyra's TFLite file and faiss's "
        + "indexes of residual quantizers.";

    public static InvalidDataException Describe(ReadOnlySpan<byte> start) => new(start switch
    {
        [] => "The file is empty.",
        [0x80, >= 2 and <= 5, ..] => "The file is a bare Python pickle; of pickles only those inside PyTorch's formats are read. "
            + "torch.save(state_dict, path) writes one.",
        [0x89, (byte)'H', (byte)'D', (byte)'F', ..] => $"The file is HDF5 (Keras, MATLAB), which is not read. {Read}",
        [0x1F, 0x8B, ..] => "The file is gzip inside gzip or tar, too deep to be a checkpoint.",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => $"The file is compressed with Zstandard; decompress it first. {Read}",
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] => $"The file is compressed with xz; decompress it first. {Read}",
        [(byte)'B', (byte)'Z', (byte)'h', ..] => $"The file is compressed with bzip2; decompress it first. {Read}",
        [(byte)'F', (byte)'U', (byte)'G', (byte)'G', ..] => "The file is a big-endian GGUF file, which is not read.",
        [(byte)'g', (byte)'g', (byte)'m', (byte)'l', ..] or [(byte)'l', (byte)'m', (byte)'g', (byte)'g', ..]
            => $"The file is a GGML file of before GGUF, which is not read. {Read}",
        [(byte)'R', (byte)'V', (byte)'Q', ..] => "The file is a stream of codes (.rvq), not a model; RvqReader reads it.",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] => "The file is RIFF audio (WAV), not a model.",
        [_, _, _, _, (byte)'T', (byte)'F', (byte)'L', (byte)'3', ..] => "The file is a TFLite model that is damaged.",
        _ => DescribeText(start),
    });

    public static InvalidDataException Describe(ZipDirectory zip)
    {
        var names = zip.Entries.Select(entry => entry.Name).ToArray();
        var inner = names.FirstOrDefault(name => Path.GetExtension(name).ToLowerInvariant() is ".pt" or ".pth" or ".ckpt" or ".bin" or ".th"
            or ".safetensors");
        return new(names.Any(name => name.Contains("/.data/", StringComparison.Ordinal))
            ? "The zip file is a torch.package archive of code and objects, which is not read; load the weights beside it, or write them "
                + "with torch.save(model.state_dict(), path)."
            : inner is not null
            ? $"The zip file holds {TensorEntry.Quote(inner)} among its {names.Length} entries; unpack it and load that."
            : names.Contains("model.weights.h5") ? $"The zip file is a Keras model, which is not read. {Read}"
            : $"The zip file has no data.pkl and no .npy entries among its {names.Length}, and so is no PyTorch checkpoint and no .npz "
                + "file.");
    }

    private static string DescribeText(ReadOnlySpan<byte> start)
    {
        var text = Encoding.Latin1.GetString(start).TrimStart('\u00EF', '\u00BB', '\u00BF', ' ', '\t', '\r', '\n');
        return text.StartsWith("version https://git-lfs", StringComparison.Ordinal)
            ? "The file is a Git LFS pointer, not the file itself; run git lfs pull, or download it."
            : text.StartsWith('<') ? "The file is an HTML or XML page, not a model: a download that went to a web page."
            : text.StartsWith('{') || text.StartsWith('[')
            ? "The file is JSON text, not a model; of these only a *.index.json beside its shards is loaded."
            : text.Length > 0 && !text.Any(c => c is < ' ' and not ('\t' or '\r' or '\n')) ? $"The file is text, not a model. {Read}"
            : $"The file is of no kind that is known. {Read}";
    }
}
