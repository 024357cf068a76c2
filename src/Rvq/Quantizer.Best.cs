using System.Numerics;
using Rvq.Search;

namespace Rvq;

public sealed unsafe partial class Quantizer
{
    private BestEncoder? _best; // of the last count that was asked for

    /// <summary>
    /// Encodes each frame into its <paramref name="count"/> best stacks of codes, as a recommender needs them whose items must not share an
    /// ID.
    /// <para>
    /// They are the stacks that a beam of width max(<paramref name="count"/>, <see cref="QuantizerOptions.BeamWidth"/>) keeps after the
    /// last codebook, and the greedy one, by squared error and then in
    /// lexicographic order; codewords that repeat an earlier one bit for bit are left out. So with <paramref name="count"/> up to the beam
    /// width the first is what
    /// <see cref="Encode{TCode}(ReadOnlySpan{float}, Span{TCode})"/> gives. Where several stacks of codebooks see the same frame (Mimi,
    /// grouped ResidualVQ), the best of each are joined and their errors added.
    /// </para>
    /// </summary>
    /// <typeparam name="TCode">An integer type that holds every code of the model.</typeparam>
    /// <param name="frames">Frames, row-major, length T × Dimensions, T a multiple of FramesPerBlock; every value finite.</param>
    /// <param name="count">
    /// The stacks of each frame, at least 1 and at most the distinct ones that the model has; 1 for models that cannot be searched by a
    /// beam.
    /// </param>
    /// <param name="codes">
    /// Receives the codes, row-major [T, <paramref name="count"/>, N]; for a model with strides [blocks, 1, CodesPerBlock].
    /// </param>
    /// <param name="errors">
    /// Receives the squared errors, [T, <paramref name="count"/>], best first, computed in binary64 and rounded once: ‖r‖² of the residual
    /// after the last stage, in the space that the stack searches. With projections around
    /// single stages, with strides or another metric than Euclidean: the squared distance of the frames of a block from what the codes
    /// decode to.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="count"/> is out of its range. Nothing is written then, nor in the cases below.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, a NaN or an infinity in a frame, a code type too small for a codebook, or spans that overlap.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// <paramref name="count"/> is above 1, and a stage of the model has a projection, a stride or another metric than Euclidean.
    /// </exception>
    public void EncodeBest<TCode>(ReadOnlySpan<float> frames, int count, Span<TCode> codes, Span<float> errors)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.ThrowIfTooSmall<TCode>(_largestCode, nameof(codes));
        ThrowIfNotPossible(count);
        var frameCount = Argument.FrameCount(Model, frames);
        var blocks = frameCount / Model.FramesPerBlock;
        Argument.ThrowIfNotLength(codes.Length, nameof(codes), (long)blocks * count, "stacks", Model.CodesPerBlock, "codes");
        Argument.ThrowIfNotLength(errors.Length, nameof(errors), (long)blocks * count, "stacks");
        Argument.ThrowIfNotFinite(frames, Model.Dimensions, nameof(frames), "frame");
        Argument.ThrowIfOverlapping<float, TCode>(frames, codes, nameof(codes));
        Argument.ThrowIfOverlapping<float, float>(frames, errors, nameof(errors));
        Argument.ThrowIfOverlapping<TCode, float>(codes, errors, nameof(errors));
        fixed (float* source = frames)
        fixed (TCode* destination = codes)
        fixed (float* squares = errors)
        {
            EncodeBest(BestOf(count), new FrameSource(source, new StridedRows(frameCount, Model.Dimensions)), destination, squares);
        }
    }

    private void EncodeBest<TCode>(BestEncoder best, in FrameSource source, TCode* codes, float* errors)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var step = EncodeScratch.FramesPerPass(Model);
        var share = SharePerThread(source.Rows.Count);
        if (_degree > 1 && source.Rows.Count > share)
        {
            EncodeBestInParallel(best, source, codes, errors, (int)Math.Min(step, StepPerThread(share)));
            return;
        }

        var scratch = best.Scratch.Rent();
        for (long first = 0; first < source.Rows.Count; first += step)
        {
            EncodeBestPass(best, scratch, source, codes, errors, first, (int)Math.Min(step, source.Rows.Count - first));
        }

        best.Scratch.Return(scratch);
    }

    // Apart from its caller, so that the closure is allocated only where threads are asked for.
    private void EncodeBestInParallel<TCode>(BestEncoder best, FrameSource source, TCode* codes, float* errors, int step)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var (toCodes, toErrors) = ((nint)codes, (nint)errors);
        ParallelLoop.Run(
            source.Rows.Count, step, _degree, best.Scratch,
            (scratch, first, count) => EncodeBestPass(best, scratch, source, (TCode*)toCodes, (float*)toErrors, first, count));
    }

    private void EncodeBestPass<TCode>(
        BestEncoder best, BestScratch scratch, in FrameSource source, TCode* codes, float* errors, long first, int count)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        best.Encode(scratch, source, first, count);
        var (start, blocks) = (first / Model.FramesPerBlock, count / Model.FramesPerBlock);
        var rows = new StridedRows((start + blocks) * best.Count, Model.CodesPerBlock);
        CodeCopy.Scatter(scratch.Stacks.Codes.Pointer, codes, rows, start * best.Count, blocks * best.Count);
        for (var i = 0; i < blocks * best.Count; i++)
        {
            errors[(start * best.Count) + i] = (float)scratch.Stacks.Errors[i];
        }

        GC.KeepAlive(scratch);
    }

    private BestEncoder BestOf(int count)
        => _best is { } best && best.Count == count ? best : _best = new BestEncoder(Model, _kernel, _encoder, count, _beamWidth, _degree);

    /// <summary>Refuses counts above 1 for models that no beam can search, and counts above the number of distinct stacks.</summary>
    private void ThrowIfNotPossible(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (count == 1)
        {
            return;
        }

        if (BeamEncoder.WhyNot(Model) is { } reason)
        {
            throw new NotSupportedException($"count is {count}, but only the best stack of codes can be found: {reason}.");
        }

        long possible = 1;
        foreach (var stage in Model.Stages)
        {
            possible = Math.Min(possible * stage.SearchTable.DistinctSize, int.MaxValue);
        }

        if (count > possible)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), count, $"count is {count}, but the model has only {possible} distinct stacks of codes.");
        }
    }
}
