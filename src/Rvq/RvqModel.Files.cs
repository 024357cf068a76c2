using Rvq.Checkpoints;
using Rvq.Files;

namespace Rvq;

public sealed partial class RvqModel
{
    /// <summary>
    /// Loads a checkpoint: safetensors, PyTorch's files of every version (.pt, .th, .pth, .bin, whole modules and TorchScript too), .nemo,
    /// ONNX, GGUF, npy and npz, a faiss index file of a residual quantizer, Lyra's quantizer.tflite; or a Hugging Face folder, or the
    /// <c>*.index.json</c> of a model in several files. The codec is recognised by its tensor names, whatever their prefix: EnCodec,
    /// SpeechTokenizer, audiocraft, Mimi, DAC, SNAC, vector-quantize-pytorch, faiss, VQ-VAE, and what <see cref="Save(string)"/> writes. A
    /// <c>config.json</c> beside the file gives strides and rates. Nothing in a file is executed.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">What the tensor names do not tell, or null for the defaults.</param>
    /// <returns>
    /// The model, with <see cref="Family"/>, <see cref="SampleRate"/>, <see cref="HopLength"/> and <see cref="BeamWidth"/> where they are
    /// known.
    /// </returns>
    /// <exception cref="InvalidDataException">
    /// The file is damaged or holds no quantizer that is known, or the folder holds no model; the message names the tensor and the offset.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <remarks>
    /// Tensors are read one at a time into the model's own arrays, so memory stays at the float32 size of the codebooks and projections
    /// plus one tensor. The first <see cref="Quantizer"/> adds search tables of a half (eight-bit kernels) to once the codebooks' size: at
    /// most about twice that size in all. Weight norm is folded in binary64 and rounded once.
    /// </remarks>
    public static RvqModel Load(string path, LoadOptions? options = null)
    {
        using var checkpoint = Checkpoint.Open(path);
        try
        {
            return CheckpointReader.Read(checkpoint.File, options ?? new LoadOptions(), CodecConfig.BesideFile(checkpoint.Path!));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{checkpoint.Path}: {e.Message}", e);
        }
    }

    /// <summary>
    /// Loads a checkpoint that lies in a stream from its position to its end, as <see cref="Load(string, LoadOptions?)"/> does from a file.
    /// </summary>
    /// <param name="stream">
    /// The stream; it is left open, at no particular position. One that cannot seek is read to its end and kept, in a temporary file where
    /// it is long.
    /// </param>
    /// <param name="options">What the tensor names do not tell, or null for the defaults.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidDataException">
    /// The stream is damaged or holds no quantizer that is known; the message names the tensor and the offset.
    /// </exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static RvqModel Load(Stream stream, LoadOptions? options = null)
    {
        using var checkpoint = Checkpoint.Open(stream);
        return CheckpointReader.Read(checkpoint.File, options ?? new LoadOptions(), CodecConfig.None);
    }

    /// <summary><see cref="Load(string, LoadOptions?)"/> on a thread of the pool.</summary>
    /// <inheritdoc cref="Load(string, LoadOptions?)"/>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">What the tensor names do not tell, or null for the defaults.</param>
    /// <param name="cancellationToken">Keeps the work from starting.</param>
    public static Task<RvqModel> LoadAsync(string path, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Task.Run(() => Load(path, options), cancellationToken);
    }

    /// <summary>
    /// <see cref="Load(Stream, LoadOptions?)"/> without blocking: a stream that cannot seek is read asynchronously, and the model is made
    /// on a thread of the pool.
    /// </summary>
    /// <inheritdoc cref="Load(Stream, LoadOptions?)"/>
    /// <param name="stream">The stream; it is left open, at no particular position.</param>
    /// <param name="options">What the tensor names do not tell, or null for the defaults.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<RvqModel> LoadAsync(Stream stream, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        Checkpoint.CheckReadable(stream);
        using var checkpoint = stream.CanSeek
            ? await Task.Run(() => Checkpoint.Open(stream), cancellationToken).ConfigureAwait(false)
            : await CheckpointPlace.OpenAsync(stream, cancellationToken).ConfigureAwait(false);
        return await Task.Run(
            () => CheckpointReader.Read(checkpoint.File, options ?? new LoadOptions(), CodecConfig.None),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Saves to a stream what <see cref="Save(string)"/> saves to a file.</summary>
    /// <param name="stream">The stream, which is written to from its position on, and left open.</param>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        OwnFormat.Write(this, stream);
    }

    /// <summary>
    /// Saves all that the model has as float32 safetensors: <see cref="Load(string, LoadOptions?)"/> gives an equal model. A plain
    /// Euclidean stack gets the tensor names <c>quantizer.layers.{i}.codebook.embed</c>, which other programs read too. The file appears
    /// whole or not at all.
    /// </summary>
    /// <param name="path">
    /// The file to write. An existing one is replaced and keeps its mode, its owner where the system allows it, and symbolic links to it;
    /// a device or a pipe is written to.
    /// </param>
    /// <exception cref="IOException">The file cannot be written: its folder is missing or read-only, or the disk is full.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        OutputFile.Write(path, stream => OwnFormat.Write(this, stream));
    }

    /// <summary>
    /// The number of codebooks that fit into a bit rate: the largest n whose bits per frame, n · log2 K with each stage's own K and stride
    /// counted, times the frame rate are at most 1000 · kbit/s; at least 1 and at most <see cref="CodebookCount"/>. The frame rate is not
    /// rounded: 8 codebooks of Mimi's 11 bits are 1.1 kbit/s at 12.5 Hz.
    /// </summary>
    /// <param name="kilobitsPerSecond">The bit rate in kbit/s (1000 bits), above 0.</param>
    /// <returns>A number for <see cref="Take"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="kilobitsPerSecond"/> is not above 0.</exception>
    /// <exception cref="InvalidOperationException">The model's frame rate is not known.</exception>
    public int CodebookCountForBitrate(double kilobitsPerSecond)
    {
        if (!(kilobitsPerSecond > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(kilobitsPerSecond), kilobitsPerSecond, "kilobitsPerSecond must be above 0.");
        }

        if (SampleRate is not { } sampleRate || HopLength is not { } hop)
        {
            throw new InvalidOperationException("The model's frame rate is not known; set SampleRate and HopLength.");
        }

        // Bits per block × sample rate ≤ bits per second × samples per block, in whole millionths of a bit, so that nothing is rounded
        // where K is a power of two.
        var most = (Int128)Math.Round(Math.Min(kilobitsPerSecond * 1e9, 1e18)) * hop * FramesPerBlock;
        var (count, bits) = (0, 0.0);
        for (; count < _stages.Length; count++)
        {
            bits += Math.Log2(_stages[count].Codebook.Size) * (FramesPerBlock / _stages[count].Stride);
            if ((Int128)Math.Ceiling(bits * 1e6) * sampleRate > most)
            {
                break;
            }
        }

        return Math.Max(count, 1);
    }

    /// <summary>Stacks whose blocks may be longer than their strides ask for, as <see cref="Take"/> leaves them.</summary>
    internal static RvqModel WithFramesPerBlock(
        ResidualStack[] stacks, int framesPerBlock, string? family, int? sampleRate, int? hopLength, int? beamWidth)
        => new(stacks, framesPerBlock) { Family = family, SampleRate = sampleRate, HopLength = hopLength, BeamWidth = beamWidth };
}
