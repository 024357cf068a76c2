namespace Rvq.Checkpoints;

/// <summary>Reads a model from a stream of any supported format, told by its first bytes.</summary>
internal static class CheckpointReader
{
    /// <summary>Reads a model.</summary>
    /// <exception cref="InvalidDataException">The stream is damaged or holds no known quantizer.</exception>
    public static RvqModel Read(Stream stream, LoadOptions options, CodecConfig config)
    {
        try
        {
            var file = Open(stream);
            return OwnFormat.Recognises(file) ? OwnFormat.Read(file) : CodecFamilies.Read(file, new CodecHints(options, config.Or(file.Metadata)));
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"The tensors do not make a quantizer: {e.Message}", e);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"The file ends too early, at byte {stream.Length}.", e);
        }
    }

    /// <summary>Finds the tensors of a file; they are read later.</summary>
    public static TensorFile Open(Stream stream)
    {
        Span<byte> start = stackalloc byte[16];
        stream.Position = 0;
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        return FaissIndexReader.Recognises(start) ? FaissIndexReader.Read(stream)
            : TorchZipReader.Recognises(start) ? TorchZipReader.Read(stream)
            : SafetensorsReader.Recognises(start) ? SafetensorsReader.Read(stream)
            : throw Unknown(start);
    }

    private static InvalidDataException Unknown(ReadOnlySpan<byte> start) => new(start switch
    {
        [0x80, 2, 0x8A, 10, ..] => "The file is in PyTorch's old format of before version 1.6; load it with torch and save it again, or as safetensors.",
        [0x80, >= 2 and <= 5, ..] => "The file is a bare Python pickle; of pickles only those inside PyTorch's zip format are read.",
        _ => $"The file starts with {(start.IsEmpty ? "nothing" : Convert.ToHexString(start))}, which is not safetensors, PyTorch's zip format or a faiss residual quantizer index.",
    });
}
