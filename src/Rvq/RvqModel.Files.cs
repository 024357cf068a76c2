using Rvq.Checkpoints;
using Rvq.Files;

namespace Rvq;

public sealed partial class RvqModel
{
    /// <summary>
    /// Loads a checkpoint: safetensors, PyTorch's zip format (.pt, .th, .pth, .bin), or a faiss index file of a residual quantizer. The codec is
    /// recognised by its tensor names, whatever their prefix: EnCodec, SpeechTokenizer, audiocraft, Mimi, DAC, SNAC, vector-quantize-pytorch,
    /// faiss, VQ-VAE, and what <see cref="Save"/> writes. A <c>config.json</c> beside the file gives strides and rates. Nothing in a file is executed.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>The model, with <see cref="Family"/>, <see cref="SampleRate"/> and <see cref="HopLength"/> where they are known.</returns>
    /// <exception cref="InvalidDataException">The file is damaged or holds no quantizer that is known; the message names the tensor and the offset.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <remarks>
    /// Tensors are read one at a time into the model's own arrays, so memory stays at the float32 size of the codebooks and projections
    /// plus one tensor. The first <see cref="Quantizer"/> adds search tables of a quarter (eight-bit kernels) to once the codebooks' size, and a
    /// fifth more when it first encodes a single frame: at most about twice that size in all. Weight norm is folded in binary64 and rounded once.
    /// </remarks>
    public static RvqModel Load(string path) => Load(path, new LoadOptions());

    /// <inheritdoc cref="Load(string)"/>
    /// <param name="path">The file.</param>
    /// <param name="options">What the tensor names do not tell.</param>
    public static RvqModel Load(string path, LoadOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return CheckpointReader.Read(stream, options, CodecConfig.BesideFile(path));
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>
    /// Saves all that the model has as float32 safetensors: <see cref="Load(string)"/> gives an equal model. A plain Euclidean stack gets the
    /// tensor names <c>quantizer.layers.{i}.codebook.embed</c>, which other programs read too. The file appears whole or not at all.
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
    /// The number of codebooks that fit into a bit rate: the largest n whose bits per frame, n · log2 K with each stage's own K and stride counted, times the frame rate
    /// are at most 1000 · kbit/s; at least 1 and at most <see cref="CodebookCount"/>. The frame rate is not rounded: 8 codebooks of Mimi's 11 bits are 1.1 kbit/s at 12.5 Hz.
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

        // Bits per block × sample rate ≤ bits per second × samples per block, in whole millionths of a bit, so that nothing is rounded where K is a power of two.
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
    internal static RvqModel WithFramesPerBlock(ResidualStack[] stacks, int framesPerBlock, string? family, int? sampleRate, int? hopLength)
        => new(stacks, framesPerBlock) { Family = family, SampleRate = sampleRate, HopLength = hopLength };
}
