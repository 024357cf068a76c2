using Rvq.Checkpoints;

namespace Rvq;

/// <summary>
/// The tensors of a checkpoint by name, of every kind of file that <see cref="RvqModel.Load(string, LoadOptions?)"/> reads: for a codec
/// that the library does not know, from which a caller builds stages. Nothing in a file is executed. Not thread-safe.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    private readonly TensorFile _file;
    private bool _disposed;

    internal Checkpoint(TensorFile file, string? path)
    {
        (_file, Path) = (file, path);
        Tensors = [.. file.Tensors.Select(tensor => new CheckpointTensor(tensor.Name, tensor.TypeName, [.. tensor.Shape]))];
    }

    /// <summary>The kind of file, such as "safetensors" or "PyTorch", for people.</summary>
    public string Format => _file.Format;

    /// <summary>The tensors in the order of the file.</summary>
    public IReadOnlyList<CheckpointTensor> Tensors { get; }

    /// <summary>What the file says beside its tensors: texts, and numbers as texts.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _file.Metadata;

    /// <summary>The tensors as the library's own readers take them.</summary>
    internal TensorFile File => _file;

    /// <summary>The file that was opened, beside which a config.json may lie, or null for a stream.</summary>
    internal string? Path { get; }

    /// <summary>
    /// Opens a file, a Hugging Face folder, or a <c>*.index.json</c> with its shards. The file stays open until this is disposed.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <returns>The tensors; their elements are read when asked for.</returns>
    /// <exception cref="InvalidDataException">The file is damaged or of no kind that is read, or the folder holds no model.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Checkpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return CheckpointPlace.Open(path);
    }

    /// <summary>
    /// Opens a checkpoint that lies in a stream from its position to its end. One that cannot seek is read to its end and kept.
    /// </summary>
    /// <param name="stream">The stream; it is left open, and must not be used before this is disposed.</param>
    /// <returns>The tensors; their elements are read when asked for.</returns>
    /// <exception cref="InvalidDataException">The stream is damaged or of no kind that is read.</exception>
    /// <exception cref="ArgumentException">The stream cannot be read.</exception>
    public static Checkpoint Open(Stream stream)
    {
        CheckReadable(stream);
        return CheckpointPlace.Open(stream);
    }

    internal static void CheckReadable(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead)
        {
            throw new ArgumentException("stream cannot be read.", nameof(stream));
        }
    }

    /// <summary>Whether there is a tensor of a name.</summary>
    public bool Contains(string name) => _file.Find(name) is not null;

    /// <summary>The elements of a tensor as float32, row-major.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>As many values as its shape has.</returns>
    /// <exception cref="ArgumentException">There is no tensor of that name.</exception>
    /// <exception cref="InvalidDataException">The tensor's type is none of F32, F16, BF16 and F64, or the file ends before it.</exception>
    public float[] Read(string name)
    {
        var tensor = Find(name);
        TensorFile.Check(tensor);
        if (tensor.Count > Array.MaxLength)
        {
            throw tensor.Invalid($"has {tensor.Count} values; at most {Array.MaxLength} are read.");
        }

        var values = new float[tensor.Count];
        Copy(tensor, values);
        return values;
    }

    /// <inheritdoc cref="Read(string)"/>
    /// <param name="name">The tensor's name.</param>
    /// <param name="destination">Gets the values; exactly as many as the tensor's shape has.</param>
    /// <exception cref="ArgumentException">
    /// There is no tensor of that name, or <paramref name="destination"/> has another length.
    /// </exception>
    public void Read(string name, Span<float> destination)
    {
        var tensor = Find(name);
        if (tensor.Count != destination.Length)
        {
            throw new ArgumentException(
                $"destination has length {destination.Length}, but tensor {TensorEntry.Quote(name)} has {tensor.Count} values.",
                nameof(destination));
        }

        Copy(tensor, destination);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _file.Dispose();
        }
    }

    private TensorEntry Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _file.Find(name) ?? throw new ArgumentException(
            $"There is no tensor {TensorEntry.Quote(name)} among the {Tensors.Count} of the file.", nameof(name));
    }

    private void Copy(TensorEntry tensor, Span<float> destination)
    {
        try
        {
            _file.Copy(tensor, destination);
        }
        catch (EndOfStreamException e)
        {
            throw tensor.Invalid("ends behind the end of the file.", e);
        }
    }
}
