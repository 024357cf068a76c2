using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Rvq.Search;

namespace Rvq;

/// <summary>
/// Turns frame vectors into codes: each stage takes the codeword nearest to what the stages before it left over.
/// <para>
/// A code is the lowest index k with the smallest ½‖c_k‖² − ⟨r, c_k⟩ over the float32 residual r and codewords c_k, computed in binary64
/// in one fixed order of summation. So codes depend on the frame and the model alone: not on the machine, the number of frames, of
/// threads or the kernel. A beam's codes, where <see cref="QuantizerOptions.BeamWidth"/> asks for one, are defined as exactly, and their
/// error is never larger than that of the greedy codes. Immutable and thread-safe; the span and tensor overloads allocate nothing once warm
/// unless several threads are asked for.
/// </para>
/// </summary>
public sealed unsafe partial class Quantizer
{
    private const int MinFramesPerThread = 24;
    private const int PassesPerThread = 8;

    private readonly FrameEncoder _encoder;
    private readonly ScratchPool<EncodeScratch> _scratch;
    private readonly Kernel _kernel;
    private readonly int _beamWidth;
    private readonly int _degree;
    private readonly int _largestCode;

    /// <summary>
    /// Prepares to encode with a model. All search tables that this takes are built here, on
    /// <see cref="QuantizerOptions.MaxDegreeOfParallelism"/> threads, unless another quantizer has built them.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How to work, or null for greedy codes on one thread.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is below 1.</exception>
    /// <exception cref="NotSupportedException">
    /// A beam width above 1 for a model whose stages have projections, strides or another metric than Euclidean.
    /// </exception>
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
        (_kernel, _beamWidth, _degree) = (kernel, options.BeamWidth, options.MaxDegreeOfParallelism);
        _encoder = options.BeamWidth > 1
            ? new BeamEncoder(model, kernel, options.BeamWidth, _degree)
            : new GreedyEncoder(model, kernel, _degree);
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
    /// <param name="codes">
    /// Receives the codes, row-major, length T / FramesPerBlock × CodesPerBlock: T × N unless stages have strides.
    /// </param>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, a NaN or an infinity in a frame, a code type too small for a codebook, or spans that overlap. Nothing is
    /// written then.
    /// </exception>
    [OverloadResolutionPriority(3)] // what is frames of any type, as an empty collection is, is float32
    public void Encode<TCode>(ReadOnlySpan<float> frames, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var count = FrameCount<float, TCode>(frames, codes);
        Argument.ThrowIfNotFinite(frames, Model.Dimensions, nameof(frames), "frame");
        fixed (float* source = frames)
        fixed (TCode* destination = codes)
        {
            Argument.ThrowIfOverlapping(source, frames.Length, destination, codes.Length, nameof(codes));
            Encode(new FrameSource(source, new StridedRows(count, Model.Dimensions)), destination, CodeRows(count));
        }
    }

    /// <summary>Encodes float16 frames that lie one after the other; the codes are those of the frames converted to float32.</summary>
    /// <inheritdoc cref="Encode{TCode}(ReadOnlySpan{float}, Span{TCode})"/>
    [OverloadResolutionPriority(2)] // an array, which is a span and a tensor, is taken as a span
    public void Encode<TCode>(ReadOnlySpan<Half> frames, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var count = FrameCount<Half, TCode>(frames, codes);
        fixed (Half* halves = frames)
        fixed (TCode* destination = codes)
        {
            Argument.ThrowIfOverlapping(halves, frames.Length, destination, codes.Length, nameof(codes));
            var source = new FrameSource(halves, new StridedRows(count, Model.Dimensions));
            ThrowIfNotFinite(source);
            Encode(source, destination, CodeRows(count));
        }
    }

    /// <summary>
    /// Encodes frames of any layout: strides say where they lie, so that a [B, D, T] model output is read as it is (<see cref="Layouts"/>).
    /// </summary>
    /// <typeparam name="TCode">An integer type that holds every code of the model.</typeparam>
    /// <param name="frames">Frames, shape […, T, Dimensions], T a multiple of FramesPerBlock; every value finite.</param>
    /// <param name="codes">Receives the codes, shape […, T / FramesPerBlock, CodesPerBlock]: […, T, N] unless stages have strides.</param>
    /// <exception cref="ArgumentException">
    /// Shapes that do not fit, a NaN or an infinity in a frame, a code type too small for a codebook, or tensors that overlap. Nothing is
    /// written then.
    /// </exception>
    [OverloadResolutionPriority(1)]
    public void Encode<TCode>(in ReadOnlyTensorSpan<float> frames, in TensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.CheckShapes(Model, frames.Lengths, codes.Lengths);
        fixed (float* source = frames)
        {
            Encode(new FrameSource(source, new StridedRows(frames.Lengths, frames.Strides)), codes);
        }
    }

    /// <summary>Encodes float16 frames of any layout; the codes are those of the frames converted to float32.</summary>
    /// <inheritdoc cref="Encode{TCode}(in ReadOnlyTensorSpan{float}, in TensorSpan{TCode})"/>
    [OverloadResolutionPriority(1)]
    public void Encode<TCode>(in ReadOnlyTensorSpan<Half> frames, in TensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.CheckShapes(Model, frames.Lengths, codes.Lengths);
        fixed (Half* source = frames)
        {
            Encode(new FrameSource(source, new StridedRows(frames.Lengths, frames.Strides)), codes);
        }
    }

    /// <summary>Encodes frames that lie one after the other into a new array.</summary>
    /// <param name="frames">Frames, row-major, length T × Dimensions, T a multiple of FramesPerBlock; every value finite.</param>
    /// <returns>The codes, row-major, length T / FramesPerBlock × CodesPerBlock.</returns>
    /// <exception cref="ArgumentException">A length that does not fit, or a NaN or an infinity in a frame.</exception>
    [OverloadResolutionPriority(2)] // an array, which is a span and a tensor, is taken as a span
    public int[] Encode(ReadOnlySpan<float> frames)
    {
        var codes = new int[checked((long)Argument.FrameCount(Model, frames) / Model.FramesPerBlock * Model.CodesPerBlock)];
        Encode(frames, codes.AsSpan());
        return codes;
    }

    /// <summary>Encodes frames of any layout into a new array.</summary>
    /// <param name="frames">
    /// Frames, shape […, T, Dimensions], T a multiple of FramesPerBlock; every value finite. <see cref="Layouts"/> makes such views.
    /// </param>
    /// <returns>The codes, row-major, shape […, T / FramesPerBlock, CodesPerBlock]: […, T, N] unless stages have strides.</returns>
    /// <exception cref="ArgumentException">A shape that does not fit, or a NaN or an infinity in a frame.</exception>
    [OverloadResolutionPriority(1)]
    public int[] Encode(in ReadOnlyTensorSpan<float> frames)
    {
        Argument.CheckFrames(Model, frames.Lengths);
        Span<nint> shape = stackalloc nint[frames.Rank];
        frames.Lengths.CopyTo(shape);
        (shape[^2], shape[^1]) = (shape[^2] / Model.FramesPerBlock, Model.CodesPerBlock);
        var codes = Argument.NewArray<int>(shape, nameof(frames));
        Encode(frames, new TensorSpan<int>(codes, shape));
        return codes;
    }

    // The same by value for languages that pass no reference to a view, such as F#; C# takes those above.

    /// <inheritdoc cref="Encode{TCode}(in ReadOnlyTensorSpan{float}, in TensorSpan{TCode})"/>
    public void Encode<TCode>(ReadOnlyTensorSpan<float> frames, TensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => Encode(in frames, in codes);

    /// <inheritdoc cref="Encode{TCode}(in ReadOnlyTensorSpan{Half}, in TensorSpan{TCode})"/>
    public void Encode<TCode>(ReadOnlyTensorSpan<Half> frames, TensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => Encode(in frames, in codes);

    /// <inheritdoc cref="Encode(in ReadOnlyTensorSpan{float})"/>
    public int[] Encode(ReadOnlyTensorSpan<float> frames) => Encode(in frames);

    /// <summary>Checks the lengths of frames and codes that lie one after the other, and gives the number of frames.</summary>
    private int FrameCount<TFrame, TCode>(ReadOnlySpan<TFrame> frames, ReadOnlySpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.ThrowIfTooSmall<TCode>(_largestCode, nameof(codes));
        var count = Argument.FrameCount(Model, frames);
        var needed = (long)count / Model.FramesPerBlock * Model.CodesPerBlock;
        return codes.Length == needed
            ? count
            : throw Argument.NotLength(codes.Length, nameof(codes), Argument.Describe(Model, count), needed);
    }

    private StridedRows CodeRows(int frameCount) => new(frameCount / Model.FramesPerBlock, Model.CodesPerBlock);

    private void Encode<TCode>(in FrameSource source, in TensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.ThrowIfTooSmall<TCode>(_largestCode, nameof(codes));
        var rows = new StridedRows(codes.Lengths, codes.Strides);
        Argument.ThrowIfSelfOverlapping(rows, nameof(codes));
        fixed (TCode* destination = codes)
        {
            if (source.IsHalf)
            {
                Argument.ThrowIfOverlapping(source.Halves, source.Rows.Extent, destination, rows.Extent, nameof(codes));
            }
            else
            {
                Argument.ThrowIfOverlapping(source.Floats, source.Rows.Extent, destination, rows.Extent, nameof(codes));
            }

            ThrowIfNotFinite(source);
            Encode(source, destination, rows);
        }
    }

    private void Encode<TCode>(in FrameSource source, TCode* destination, in StridedRows codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var step = EncodeScratch.FramesPerPass(Model);
        var count = source.Rows.Count;
        var share = SharePerThread(count);
        if (_degree > 1 && count > share)
        {
            EncodeInParallel(source, destination, codes, (int)Math.Min(step, StepPerThread(share)));
            return;
        }

        var scratch = _scratch.Rent();
        for (long first = 0; first < count; first += step)
        {
            EncodePass(scratch, source, destination, codes, first, (int)Math.Min(step, count - first));
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

    /// <summary>
    /// Many frames go out in several passes a thread, so that one that starts late does not keep the others waiting at the end.
    /// </summary>
    private long StepPerThread(long share)
    {
        const int Tile = SearchScratch.MaxFrames;
        return share <= 2 * Tile
            ? share
            : Math.Max(1, ((share / PassesPerThread) + Tile - 1) / Tile * Tile / Model.FramesPerBlock) * Model.FramesPerBlock;
    }

    // Apart from its caller, so that the closure is allocated only where threads are asked for.
    private void EncodeInParallel<TCode>(FrameSource source, TCode* destination, StridedRows codes, int step)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var to = (nint)destination;
        ParallelLoop.Run(
            source.Rows.Count, step, _degree, _scratch,
            (scratch, first, count) => EncodePass(scratch, source, (TCode*)to, codes, first, count));
        GC.KeepAlive(this);
    }

    private void EncodePass<TCode>(
        EncodeScratch scratch, in FrameSource source, TCode* destination, in StridedRows codes, long first, int count)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        FrameCopy.Take(source, first, count, scratch);
        _encoder.Encode(scratch, count);
        CodeCopy.Scatter(scratch.Codes, destination, codes, first / Model.FramesPerBlock, count / Model.FramesPerBlock);
    }

    /// <summary>Looks at all frames before a code is written.</summary>
    private void ThrowIfNotFinite(in FrameSource source)
    {
        var scratch = _scratch.Rent();
        for (long first = 0; first < source.Rows.Count; first += scratch.MaxFrames)
        {
            var count = (int)Math.Min(scratch.MaxFrames, source.Rows.Count - first);
            FrameCopy.Take(source, first, count, scratch);
            Argument.ThrowIfNotFinite(scratch.Frames, scratch.FrameStride, first, count, "frames");
        }

        _scratch.Return(scratch);
    }
}
