using System.Numerics;
using System.Numerics.Tensors;
using Rvq.Search;

namespace Rvq;

/// <summary>
/// Turns frame vectors into codes: each stage takes the codeword nearest to what the stages before it left over.
/// <para>
/// A code is the lowest index k with the smallest ½‖c_k‖² − ⟨r, c_k⟩ over the float32 residual r and codewords c_k, computed in binary64
/// in one fixed order of summation. So codes depend on the frame and the model alone: not on the machine, the number of frames, of
/// threads or the kernel. A beam's codes, where <see cref="QuantizerOptions.BeamWidth"/> asks for one, are defined as exactly, and their error is
/// never larger than that of the greedy codes. Immutable and thread-safe; the span and tensor overloads allocate nothing once warm unless several threads are asked for.
/// </para>
/// </summary>
public sealed unsafe class Quantizer
{
    private const int MinFramesPerThread = 24;
    private const int PassesPerThread = 8;

    private readonly BlockEncoder _encoder;
    private readonly BeamEncoder? _beam;
    private readonly ScratchPool<EncodeScratch> _scratch;
    private readonly int _degree;
    private readonly int _largestCode;

    /// <summary>Prepares to encode with a model. The model's search tables are built here, unless another quantizer has built them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How to work, or null for greedy codes on one thread.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is below 1.</exception>
    /// <exception cref="NotSupportedException">A beam width above 1 for a model whose stages have projections, strides or another metric than Euclidean.</exception>
    public Quantizer(RvqModel model, QuantizerOptions? options = null)
        : this(model, options ?? new QuantizerOptions(), Kernels.Best)
    {
    }

    internal Quantizer(RvqModel model, QuantizerOptions options, Kernel kernel)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BeamWidth, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxDegreeOfParallelism, 1, nameof(options));
        Model = model;
        _degree = options.MaxDegreeOfParallelism;
        _encoder = new BlockEncoder(model, kernel);
        _beam = options.BeamWidth > 1 ? new BeamEncoder(model, kernel, options.BeamWidth) : null;
        _scratch = new ScratchPool<EncodeScratch>(() => new EncodeScratch(Model, options.BeamWidth));
        foreach (var stage in model.Stages)
        {
            _largestCode = Math.Max(_largestCode, stage.Codebook.Size - 1);
        }

        _scratch.Return(new EncodeScratch(model, options.BeamWidth));
    }

    /// <summary>The model that defines the codes.</summary>
    public RvqModel Model { get; }

    /// <summary>Encodes frames that lie one after the other.</summary>
    /// <typeparam name="TCode">An integer type that holds every code of the model.</typeparam>
    /// <param name="frames">Frames, row-major, length T × Dimensions, T a multiple of FramesPerBlock; every value finite.</param>
    /// <param name="codes">Receives the codes, row-major, length T / FramesPerBlock × CodesPerBlock: T × N unless stages have strides.</param>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, a NaN or an infinity in a frame, a code type too small for a codebook, or spans that overlap. Nothing is written then.
    /// </exception>
    public void Encode<TCode>(ReadOnlySpan<float> frames, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.ThrowIfTooSmall<TCode>(_largestCode, nameof(codes));
        var count = Argument.FrameCount(Model, frames);
        var blocks = count / Model.FramesPerBlock;
        if (codes.Length != (long)blocks * Model.CodesPerBlock)
        {
            throw Argument.NotLength(codes.Length, nameof(codes), Argument.Describe(Model, count), (long)blocks * Model.CodesPerBlock);
        }

        Argument.ThrowIfNotFinite(frames, Model.Dimensions, nameof(frames), "frame");
        fixed (float* source = frames)
        fixed (TCode* destination = codes)
        {
            Argument.ThrowIfOverlapping(source, frames.Length, destination, codes.Length, nameof(codes));
            Encode(source, new StridedRows(count, Model.Dimensions), destination, new StridedRows(blocks, Model.CodesPerBlock));
        }
    }

    /// <summary>Encodes frames of any layout: strides say where they lie, so that a [B, D, T] model output is read as it is.</summary>
    /// <typeparam name="TCode">An integer type that holds every code of the model.</typeparam>
    /// <param name="frames">Frames, shape […, T, Dimensions], T a multiple of FramesPerBlock; every value finite.</param>
    /// <param name="codes">Receives the codes, shape […, T / FramesPerBlock, CodesPerBlock]: […, T, N] unless stages have strides.</param>
    /// <exception cref="ArgumentException">
    /// Shapes that do not fit, a NaN or an infinity in a frame, a code type too small for a codebook, or tensors that overlap. Nothing is written then.
    /// </exception>
    public void Encode<TCode>(in ReadOnlyTensorSpan<float> frames, in TensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.ThrowIfTooSmall<TCode>(_largestCode, nameof(codes));
        Argument.CheckShapes(Model, frames.Lengths, codes.Lengths);
        var frameRows = new StridedRows(frames.Lengths, frames.Strides);
        var codeRows = new StridedRows(codes.Lengths, codes.Strides);
        Argument.ThrowIfSelfOverlapping(codeRows, nameof(codes));
        fixed (float* source = frames)
        fixed (TCode* destination = codes)
        {
            Argument.ThrowIfOverlapping(source, frameRows.Extent, destination, codeRows.Extent, nameof(codes));
            ThrowIfNotFinite(source, frameRows);
            Encode(source, frameRows, destination, codeRows);
        }
    }

    /// <summary>Encodes frames that lie one after the other into a new array.</summary>
    /// <param name="frames">Frames, row-major, length T × Dimensions, T a multiple of FramesPerBlock; every value finite.</param>
    /// <returns>The codes, row-major, length T / FramesPerBlock × CodesPerBlock.</returns>
    /// <exception cref="ArgumentException">A length that does not fit, or a NaN or an infinity in a frame.</exception>
    public int[] Encode(ReadOnlySpan<float> frames)
    {
        var codes = new int[checked((long)Argument.FrameCount(Model, frames) / Model.FramesPerBlock * Model.CodesPerBlock)];
        Encode(frames, codes.AsSpan());
        return codes;
    }

    private void Encode<TCode>(float* source, StridedRows frames, TCode* destination, StridedRows codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var step = EncodeScratch.FramesPerPass(Model);
        var share = SharePerThread(frames.Count);
        if (_degree > 1 && frames.Count > share)
        {
            EncodeInParallel(source, frames, destination, codes, (int)Math.Min(step, StepPerThread(share)));
            return;
        }

        var scratch = _scratch.Rent();
        for (long first = 0; first < frames.Count; first += step)
        {
            EncodePass(scratch, source, frames, destination, codes, first, (int)Math.Min(step, frames.Count - first));
        }

        _scratch.Return(scratch);
        GC.KeepAlive(this);
    }

    /// <summary>A thread's part in whole blocks, but enough frames that starting the thread is worth it.</summary>
    private long SharePerThread(long frames)
    {
        var blocks = Math.Max(frames, (long)MinFramesPerThread * _degree) / Model.FramesPerBlock;
        return Math.Max(1, (blocks + _degree - 1) / _degree) * Model.FramesPerBlock;
    }

    /// <summary>Many frames go out in several passes a thread, so that one that starts late does not keep the others waiting at the end.</summary>
    private long StepPerThread(long share)
    {
        const int Tile = SearchScratch.MaxFrames;
        return share <= 2 * Tile ? share : Math.Max(1, ((share / PassesPerThread) + Tile - 1) / Tile * Tile / Model.FramesPerBlock) * Model.FramesPerBlock;
    }

    // Apart from its caller, so that the closure is allocated only where threads are asked for.
    private void EncodeInParallel<TCode>(float* source, StridedRows frames, TCode* destination, StridedRows codes, int step)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var (from, to) = ((nint)source, (nint)destination);
        Passes.InParallel(
            frames.Count, step, _degree, _scratch,
            (scratch, first, count) => EncodePass(scratch, (float*)from, frames, (TCode*)to, codes, first, count));
        GC.KeepAlive(this);
    }

    private void EncodePass<TCode>(
        EncodeScratch scratch, float* source, in StridedRows frames, TCode* destination, in StridedRows codes, long first, int count)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        scratch.Take(source, frames, first, count);
        if (_beam is null)
        {
            _encoder.Encode(scratch, count);
        }
        else
        {
            _beam.Encode(scratch, count);
        }

        Gather.Codes(scratch.Codes, destination, codes, first / Model.FramesPerBlock, count / Model.FramesPerBlock);
    }

    /// <summary>Looks at all frames before a code is written.</summary>
    private void ThrowIfNotFinite(float* source, in StridedRows frames)
    {
        var scratch = _scratch.Rent();
        for (long first = 0; first < frames.Count; first += scratch.MaxFrames)
        {
            var count = (int)Math.Min(scratch.MaxFrames, frames.Count - first);
            scratch.Take(source, frames, first, count);
            Argument.ThrowIfNotFinite(scratch.Frames, scratch.FrameStride, first, count, nameof(frames));
        }

        _scratch.Return(scratch);
    }
}
