namespace Rvq.Checkpoints;

/// <summary>Reads a model from a stream of any supported format, told by its first bytes.</summary>
internal static class CheckpointReader
{
    /// <summary>The most containers inside each other: gzip around tar around PyTorch's format.</summary>
    private const int MaxNesting = 3;

    /// <summary>Reads a model.</summary>
    /// <exception cref="InvalidDataException">The stream is damaged or holds no known quantizer.</exception>
    public static RvqModel Read(Stream stream, LoadOptions options, CodecConfig config)
        => Guarded(stream, () => Read(Open(stream), options, config));

    /// <summary>Reads a model from the tensors of a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or holds no known quantizer.</exception>
    public static RvqModel Read(TensorFile file, LoadOptions options, CodecConfig config) => Guarded(file.Stream, () =>
    {
        var hints = new CodecHints(options, config.Or(file.Metadata));
        try
        {
            return OwnFormat.Recognises(file) ? OwnFormat.Read(file)
                : FaissModel.Recognises(file) ? FaissModel.Read(file, hints)
                : LyraModel.Recognises(file) ? LyraModel.Read(file)
                : BareCodebooks.Recognises(file, options) ? BareCodebooks.Read(file, hints)
                : CodecFamilies.Read(file, hints);
        }
        catch (InvalidDataException e) when (file.Advice is not null)
        {
            throw new InvalidDataException($"{e.Message} {file.Advice}", e);
        }
    });

    /// <summary>Finds the tensors of a file; they are read later.</summary>
    public static TensorFile Open(Stream stream) => Open(stream, MaxNesting);

    /// <summary>Finds the tensors of a file that may hold so many more inside each other.</summary>
    public static TensorFile Open(Stream stream, int nesting)
    {
        Span<byte> start = stackalloc byte[64];
        stream.Position = 0;
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        return ZipDirectory.Recognises(start) ? OpenZip(stream)
            : LegacyTorchReader.Recognises(start) ? LegacyTorchReader.Read(stream)
            : GgufReader.Recognises(start) ? GgufReader.Read(stream)
            : FaissIndexReader.Recognises(start) ? FaissIndexReader.Read(stream)
            : TfliteReader.Recognises(start) ? TfliteReader.Read(stream)
            : NpyTensor.Recognises(start) ? NpyTensor.Read(stream)
            : GzipReader.Recognises(start) && nesting > 0 ? OpenInflated(stream, nesting - 1)
            : TarReader.Recognises(stream) && nesting > 0 ? TarReader.Read(stream, nesting - 1)
            : OnnxReader.Recognises(start) ? OnnxReader.Read(stream)
            : SafetensorsReader.Recognises(start) ? SafetensorsReader.Read(stream)
            : throw ForeignFormat.Describe(start);
    }

    private static TensorFile OpenInflated(Stream stream, int nesting)
    {
        var inflated = GzipReader.Inflate(stream);
        try
        {
            var file = Open(inflated, nesting);
            return file.With(file.Format, file.Metadata, inflated);
        }
        catch
        {
            inflated.Dispose();
            throw;
        }
    }

    private static TensorFile OpenZip(Stream stream)
    {
        var zip = new ZipDirectory(stream);
        return TorchZipReader.Recognises(zip) ? TorchZipReader.Read(stream, zip)
            : NpzReader.Recognises(zip) ? NpzReader.Read(stream, zip)
            : throw ForeignFormat.Describe(zip);
    }

    /// <summary>Turns what a damaged file causes into one kind of exception.</summary>
    public static T Guarded<T>(Stream stream, Func<T> read)
    {
        try
        {
            return read();
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
}
