using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Rvq.Search;

namespace Rvq;

/// <summary>
/// Turns codes back into frame vectors: the codewords (or what their stages' projections make of them) are added in stage order in
/// float32. Frames are the same bits on every machine. Immutable and thread-safe; the span and tensor overloads allocate nothing once warm.
/// <para>
/// A code of −1 stands for a codebook that was left out (quantizer dropout, Lyra, ResidualVQ, <see cref="Training.EmaTrainer"/>): it adds
/// nothing, neither a codeword nor what
/// its stage's projection would add, bias included. What a whole stack's projection adds stays, as in vector-quantize-pytorch. So −1 in all
/// columns from n on gives the
/// frames of <c>Take(n)</c>, within a stack. Unsigned code types have no −1.
/// </para>
/// </summary>
public sealed unsafe class Dequantizer
{
    private const int LeastCodesInVectors = 64;

    private readonly FrameDecoder _decoder;
    private readonly ScratchPool<DecodeScratch> _scratch;
    private readonly int _smallestCodebook;

    /// <summary>
    /// Prepares to decode with a model. Where projections follow the codebooks (Mimi's semantic one), that includes a table of projected
    /// codewords if it takes at most 4 MB a stack, and some milliseconds, so keep a dequantizer rather than make one a call. Where it
    /// would take more (DAC, SNAC: 36 MB), codewords are projected as they are decoded.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    public Dequantizer(RvqModel model)
        : this(model, Kernels.Best)
    {
    }

    internal Dequantizer(RvqModel model, Kernel kernel, long mostTabulatedValues = FrameDecoder.MostTabulatedValues)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        _decoder = new FrameDecoder(model, kernel, mostTabulatedValues);
        _scratch = new ScratchPool<DecodeScratch>(() => new DecodeScratch(Model));
        _smallestCodebook = _decoder.Columns.Min(column => column.Size);
    }

    /// <summary>The model that defines the codes.</summary>
    public RvqModel Model { get; }

    /// <summary>Decodes codes that lie one after the other.</summary>
    /// <typeparam name="TCode">The integer type of the codes.</typeparam>
    /// <param name="codes">
    /// Codes, row-major, length T / FramesPerBlock × CodesPerBlock: T × N unless stages have strides; −1 where a codebook is left out.
    /// </param>
    /// <param name="frames">Receives the frames, row-major, length T × Dimensions.</param>
    /// <exception cref="ArgumentException">Lengths that do not fit, or spans that overlap. Nothing is written then.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is neither in its codebook nor −1. Nothing is written then.</exception>
    [OverloadResolutionPriority(2)] // an array, which is a span and a tensor, is taken as a span
    public void Decode<TCode>(ReadOnlySpan<TCode> codes, Span<float> frames)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var blocks = BlockCount(codes);
        var count = (long)blocks * Model.FramesPerBlock;
        Argument.ThrowIfNotLength(frames.Length, nameof(frames), count, "frames", Model.Dimensions, "dimensions");
        fixed (TCode* source = codes)
        fixed (float* destination = frames)
        {
            Argument.ThrowIfOverlapping(source, codes.Length, destination, frames.Length, nameof(frames));
            Decode(source, new StridedRows(blocks, Model.CodesPerBlock), destination, new StridedRows(count, Model.Dimensions));
        }
    }

    /// <summary>Decodes codes of any layout into frames of any layout.</summary>
    /// <typeparam name="TCode">The integer type of the codes.</typeparam>
    /// <param name="codes">
    /// Codes, shape […, T / FramesPerBlock, CodesPerBlock]: […, T, N] unless stages have strides; −1 where a codebook is left out.
    /// </param>
    /// <param name="frames">Receives the frames, shape […, T, Dimensions].</param>
    /// <exception cref="ArgumentException">Shapes that do not fit, or tensors that overlap. Nothing is written then.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is neither in its codebook nor −1. Nothing is written then.</exception>
    [OverloadResolutionPriority(1)]
    public void Decode<TCode>(in ReadOnlyTensorSpan<TCode> codes, in TensorSpan<float> frames)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.CheckShapes(Model, frames.Lengths, codes.Lengths);
        var codeRows = new StridedRows(codes.Lengths, codes.Strides);
        var frameRows = new StridedRows(frames.Lengths, frames.Strides);
        Argument.ThrowIfSelfOverlapping(frameRows, nameof(frames));
        fixed (TCode* source = codes)
        fixed (float* destination = frames)
        {
            Argument.ThrowIfOverlapping(source, codeRows.Extent, destination, frameRows.Extent, nameof(frames));
            Decode(source, codeRows, destination, frameRows);
        }
    }

    /// <summary>Decodes codes that lie one after the other into a new array.</summary>
    /// <param name="codes">Codes, row-major, length T / FramesPerBlock × CodesPerBlock; −1 where a codebook is left out.</param>
    /// <returns>The frames, row-major, length T × Dimensions.</returns>
    /// <exception cref="ArgumentException">A length that does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is neither in its codebook nor −1.</exception>
    [OverloadResolutionPriority(2)] // an array, which is a span and a tensor, is taken as a span
    public float[] Decode(ReadOnlySpan<int> codes)
    {
        var frames = new float[checked((long)BlockCount(codes) * Model.FramesPerBlock * Model.Dimensions)];
        Decode(codes, frames.AsSpan());
        return frames;
    }

    /// <summary>Decodes codes of any layout into a new array.</summary>
    /// <param name="codes">
    /// Codes, shape […, T / FramesPerBlock, CodesPerBlock]; −1 where a codebook is left out. <see cref="Layouts"/> makes such views.
    /// </param>
    /// <returns>The frames, row-major, shape […, T, Dimensions].</returns>
    /// <exception cref="ArgumentException">A shape that does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is neither in its codebook nor −1.</exception>
    [OverloadResolutionPriority(1)]
    public float[] Decode(in ReadOnlyTensorSpan<int> codes)
    {
        Argument.CheckCodes(Model, codes.Lengths);
        Span<nint> shape = stackalloc nint[codes.Rank];
        codes.Lengths.CopyTo(shape);
        (shape[^2], shape[^1]) = (checked(shape[^2] * Model.FramesPerBlock), Model.Dimensions);
        var frames = Argument.NewArray<float>(shape, nameof(codes));
        Decode(codes, new TensorSpan<float>(frames, shape));
        return frames;
    }

    // The same by value for languages that pass no reference to a view, such as F#; C# takes those above.

    /// <inheritdoc cref="Decode{TCode}(in ReadOnlyTensorSpan{TCode}, in TensorSpan{float})"/>
    public void Decode<TCode>(ReadOnlyTensorSpan<TCode> codes, TensorSpan<float> frames)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => Decode(in codes, in frames);

    /// <inheritdoc cref="Decode(in ReadOnlyTensorSpan{int})"/>
    public float[] Decode(ReadOnlyTensorSpan<int> codes) => Decode(in codes);

    private int BlockCount<TCode>(ReadOnlySpan<TCode> codes)
        => Argument.RowCount(
            codes.Length, Model.CodesPerBlock, nameof(codes), Model.FramesPerBlock == 1 ? "codes of a frame" : "codes of a block");

    private void Decode<TCode>(TCode* source, in StridedRows codes, float* destination, in StridedRows frames)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var leavesOut = Check(source, codes);
        var scratch = _scratch.Rent();
        var step = frames.Count <= scratch.MaxFrames ? codes.Count : scratch.MaxFrames / Model.FramesPerBlock;
        var inPlace = frames.IsDense && frames.RowLength == scratch.FrameStride;
        for (long block = 0; block < codes.Count; block += step)
        {
            var blocks = (int)Math.Min(step, codes.Count - block);
            var (first, count) = (block * Model.FramesPerBlock, blocks * Model.FramesPerBlock);
            CodeCopy.LookUp(source, codes, block, blocks, _decoder.Columns, scratch.Rows);
            if (inPlace)
            {
                _decoder.Decode(scratch.Rows, count, destination + (first * frames.RowLength), leavesOut, scratch);
                continue;
            }

            _decoder.Decode(scratch.Rows, count, scratch.Frames, leavesOut, scratch);
            FrameCopy.Scatter(scratch.Frames, scratch.FrameStride, destination, frames, first, count);
        }

        _scratch.Return(scratch);
        GC.KeepAlive(this);
    }

    /// <summary>Looks at all codes before a frame is written.</summary>
    /// <returns>Whether a codebook is left out: there is a −1.</returns>
    private bool Check<TCode>(TCode* source, in StridedRows codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var columns = _decoder.Columns;
        var total = codes.Count * columns.Length;
        if (codes.IsDense && total is >= LeastCodesInVectors and <= int.MaxValue)
        {
            var all = new ReadOnlySpan<TCode>(source, (int)total);
            var least = long.CreateSaturating(TensorPrimitives.Min(all));
            if (least >= -1 && long.CreateSaturating(TensorPrimitives.Max(all)) < _smallestCodebook)
            {
                return least < 0;
            }
        }

        var leavesOut = false;
        for (long row = 0; row < codes.Count; row++)
        {
            var first = source + codes.Offset(row);
            for (var i = 0; i < columns.Length; i++)
            {
                var code = first[i * codes.ElementStride];
                if (Argument.IsLeftOut(code))
                {
                    leavesOut = true;
                }
                else if (!Argument.IsCode(code, columns[i].Size))
                {
                    throw new ArgumentOutOfRangeException(
                        nameof(codes), $"codes holds {code} at row {row}, column {i}, but that codebook has {columns[i].Size} codewords.");
                }
            }
        }

        return leavesOut;
    }
}
