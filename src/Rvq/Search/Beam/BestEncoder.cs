namespace Rvq.Search;

/// <summary>
/// Encodes frames into the best stacks of codes that a beam search finds, with their squared errors; or into the one stack of a greedy
/// search.
/// </summary>
internal sealed unsafe class BestEncoder
{
    private readonly RvqModel _model;
    private readonly Kernel _kernel;
    private readonly FrameEncoder? _greedy;
    private readonly BeamEncoder? _beam;
    private readonly Dequantizer? _dequantizer;

    /// <exception cref="NotSupportedException">
    /// More than one stack is asked for, and a stage of the model cannot be searched by a beam.
    /// </exception>
    public BestEncoder(RvqModel model, Kernel kernel, FrameEncoder encoder, int count, int beamWidth, int degree)
    {
        (_model, _kernel, Count) = (model, kernel, count);
        var width = Math.Max(count, beamWidth);
        if (width > 1)
        {
            _beam = encoder is BeamEncoder beam && width == beamWidth ? beam : new BeamEncoder(model, kernel, width, degree);
        }
        else
        {
            _greedy = encoder;
            _dequantizer = BeamEncoder.WhyNot(model) is null ? null : new Dequantizer(model);
        }

        Scratch = new ScratchPool<BestScratch>(() => new BestScratch(_model, Count, width));
    }

    /// <summary>The number of stacks of each frame.</summary>
    public int Count { get; }

    public ScratchPool<BestScratch> Scratch { get; }

    /// <summary>Encodes frames first…first + count − 1 into the scratch's stacks.</summary>
    public void Encode(BestScratch scratch, in FrameSource source, long first, int count)
    {
        FrameCopy.Take(source, first, count, scratch.Encode);
        if (_beam is not null)
        {
            _beam.EncodeBest(scratch.Encode, count, scratch.Stacks);
            return;
        }

        _greedy!.Encode(scratch.Encode, count);
        var codes = scratch.Stacks.Codes.Span[..(count / _model.FramesPerBlock * _model.CodesPerBlock)];
        new ReadOnlySpan<int>(scratch.Encode.Codes, codes.Length).CopyTo(codes);
        var errors = scratch.Stacks.Errors.AsSpan(0, count / _model.FramesPerBlock);
        errors.Clear();
        if (_dequantizer is null)
        {
            AddResidualErrors(scratch, count, codes, errors);
        }
        else
        {
            AddDecodingErrors(scratch, count, codes, errors);
        }
    }

    /// <summary>Adds ⟨r, r⟩ of each stack's last residual, as a beam computes it.</summary>
    private void AddResidualErrors(BestScratch scratch, int frames, ReadOnlySpan<int> codes, Span<double> errors)
    {
        var column = 0;
        foreach (var stack in _model.Stacks)
        {
            var row = StackInput.Of(stack, _kernel, scratch.Encode, frames, out var stride);
            var residual = scratch.Residual.Pointer;
            for (var frame = 0; frame < frames; frame++, row += stride)
            {
                new Span<float>(row, stride).CopyTo(new Span<float>(residual, stride));
                for (var m = 0; m < stack.Stages.Length; m++)
                {
                    var code = codes[(frame * _model.CodesPerBlock) + column + m];
                    _kernel.Rows.Subtract(stack.Stages[m].SearchTable.Rows, &code, 1, residual, 1, stride);
                }

                errors[frame] += BeamEncoder.Error(0.5 * WidestSums.Dot(residual, residual, stride));
            }

            column += stack.Stages.Length;
        }
    }

    /// <summary>Adds the squared distances between the frames of each block and the decoded frames of their codes.</summary>
    private void AddDecodingErrors(BestScratch scratch, int frames, ReadOnlySpan<int> codes, Span<double> errors)
    {
        var decoded = scratch.Decoded(frames);
        _dequantizer!.Decode(codes, decoded);
        for (var frame = 0; frame < frames; frame++)
        {
            var row = scratch.Encode.Frames + ((nint)frame * scratch.Encode.FrameStride);
            var error = 0.0;
            for (var i = 0; i < _model.Dimensions; i++)
            {
                var difference = (double)row[i] - decoded[(frame * _model.Dimensions) + i];
                error += difference * difference;
            }

            errors[frame / _model.FramesPerBlock] += double.IsNaN(error) ? double.PositiveInfinity : error;
        }
    }
}
