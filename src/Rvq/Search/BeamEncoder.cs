namespace Rvq.Search;

/// <summary>
/// Beam search, which keeps the B best partial stacks at every stage. Its codes are defined as exactly as the greedy ones.
/// <para>
/// A partial stack p is a sequence of codes with a residual r_p, from which each stage's codeword was subtracted in float32; the empty one has the frame as residual. 
/// The score of its extension by codeword k is ½⟨r_p, r_p⟩ + (½⟨c_k, c_k⟩ − ⟨r_p, c_k⟩), half the error after the stage: ⟨·, ·⟩ as <see cref="Definition"/>
/// sums it, each other operation rounded to binary64 as written; a NaN counts as infinity. Codewords that repeat an earlier one of their codebook bit for
/// bit extend nothing, because they would fill the beam with copies of the same sum. Of all extensions of all kept partial stacks, the B with the smallest scores are kept (all where there
/// are fewer); of those with equal scores, the lexicographically lowest stacks of codes.
/// </para>
/// <para>
/// After the last stage the candidates are the kept stacks and the greedy stack, whose code at each stage is <see cref="Definition"/>'s. The codes are
/// the candidate with the smallest final error ⟨r, r⟩, a NaN counting as infinity, and among equals the lexicographically lowest. So the error is never larger than greedy's.
/// Stacks are searched one by one, as all of them see the same frame.
/// </para>
/// </summary>
internal sealed unsafe class BeamEncoder
{
    private readonly RvqModel _model;
    private readonly Kernel _kernel;
    private readonly int _width;

    /// <exception cref="NotSupportedException">A stage of the model has a projection, a stride or cosine search.</exception>
    public BeamEncoder(RvqModel model, Kernel kernel, int width)
    {
        (_model, _kernel, _width) = (model, kernel, width);
        for (var i = 0; i < model.Stages.Length; i++)
        {
            var stage = model.Stages[i];
            var reason = stage.Input is not null || stage.Output is not null ? "projects the residual by itself"
                : stage.Stride > 1 ? $"has a stride of {stage.Stride}"
                : stage.Metric == SearchMetric.Cosine ? "is searched by cosine"
                : null;
            if (reason is not null)
            {
                throw new NotSupportedException(
                    $"A beam width of {width} needs Euclidean stages without projections or strides of their own, but stage {i} {reason}.");
            }
        }
    }

    /// <summary>Encodes the first <paramref name="frames"/> frames of the scratch into its codes, [frames, CodesPerBlock].</summary>
    public void Encode(EncodeScratch scratch, int frames)
    {
        var column = scratch.Codes;
        foreach (var stack in _model.Stacks)
        {
            var input = scratch.Project(_kernel, stack, frames, out var stride);
            var beam = scratch.Beam!;
            for (var first = 0; first < frames; first += beam.MaxFrames)
            {
                EncodeStack(
                    stack, input + ((nint)first * stride), Math.Min(beam.MaxFrames, frames - first), column + ((nint)first * _model.CodesPerBlock), beam, scratch.Search);
            }

            column += stack.Stages.Length;
        }
    }

    private void EncodeStack(ResidualStack stack, float* vectors, int frames, int* codes, BeamScratch beam, SearchScratch search)
    {
        var stages = stack.Stages;
        var stride = stages[0].SearchTable.Stride;
        var lost = 0;
        beam.Begin(stages, _width);
        new Span<int>(beam.Greedy(0), frames).Clear();
        new Span<float>(vectors, frames * stride).CopyTo(new Span<float>(beam.Residuals(0), frames * stride));
        HalfNorms(beam, 0, frames, stride);
        for (var m = 0; m < stages.Length; m++)
        {
            var table = stages[m].SearchTable;
            var step = new BeamStep { Beam = beam, Table = table, Products = stack.Products.Before(m), Stage = m, Frames = frames };
            _kernel.Extend(step, search);
            lost = SetLostAside(step, stages.Length, lost);
            _kernel.Quantize(table, table.Rows, beam.Lost, lost, beam.LostCodes + m, stages.Length, search);
            Subtract(step);
        }

        ChooseKept(frames, stages.Length, codes, beam);
        ChooseLost(stride, lost, stages.Length, codes, beam);
    }

    /// <summary>Greedy stacks that leave the beam at a stage go on by themselves from before it. Returns how many do by now.</summary>
    private static int SetLostAside(in BeamStep step, int stages, int lost)
    {
        var (beam, stride) = (step.Beam, step.Table.Stride);
        for (var frame = 0; frame < step.Frames; frame++)
        {
            var greedy = beam.Greedy(step.Stage)[frame];
            if (greedy >= 0 && beam.Greedy(step.Stage + 1)[frame] < 0)
            {
                new Span<float>(step.Residuals(frame) + ((nint)greedy * stride), stride).CopyTo(new Span<float>(beam.Lost + ((nint)lost * stride), stride));
                beam.Trace(step.Stage - 1, frame, greedy, beam.LostCodes + ((nint)lost * stages));
                beam.LostFrames[lost++] = frame;
            }
        }

        return lost;
    }

    /// <summary>The residuals of the kept partial stacks.</summary>
    private static void Subtract(in BeamStep step)
    {
        var (beam, table) = (step.Beam, step.Table);
        var next = beam.Residuals(step.Stage + 1);
        for (nint frame = 0; frame < step.Frames; frame++)
        {
            var parents = beam.Parents(step.Stage) + (frame * beam.Width);
            var codes = beam.Codes(step.Stage) + (frame * beam.Width);
            for (var i = 0; i < step.Kept; i++, next += table.Stride)
            {
                Rows.Difference(step.Residuals((int)frame) + ((nint)parents[i] * table.Stride), table.Row(codes[i]), next, table.Stride);
            }
        }

        HalfNorms(beam, step.Stage + 1, step.Frames, table.Stride);
    }

    private static void HalfNorms(BeamScratch beam, int level, int frames, int stride)
    {
        var (residuals, halfNorms, count) = ((nint)beam.Residuals(level), (nint)beam.HalfNorms(level), frames * beam.Count(level));
        for (nint i = 0; i < count; i++)
        {
            beam.Vectors[i] = residuals + (i * stride * sizeof(float));
        }

        Lanes.Dots((float**)beam.Vectors, (float**)beam.Vectors, count, stride, (double*)halfNorms);
        for (nint i = 0; i < count; i++)
        {
            ((double*)halfNorms)[i] *= 0.5;
        }
    }

    /// <summary>Writes the best of the kept stacks; they are in lexicographic order.</summary>
    private void ChooseKept(int frames, int stages, int* codes, BeamScratch beam)
    {
        var count = beam.Count(stages);
        for (var frame = 0; frame < frames; frame++)
        {
            // Twice its half is an error to the last bit.
            var halfNorms = beam.HalfNorms(stages) + ((nint)frame * count);
            var (best, least) = (0, 2 * halfNorms[0]);
            least = double.IsNaN(least) ? double.PositiveInfinity : least;
            for (var i = 1; i < count; i++)
            {
                (best, least) = 2 * halfNorms[i] < least ? (i, 2 * halfNorms[i]) : (best, least);
            }

            beam.Errors[frame] = least;
            beam.Trace(stages - 1, frame, best, codes + ((nint)frame * _model.CodesPerBlock));
        }
    }

    /// <summary>Writes the greedy stacks that left the beam and are better than what it has led to.</summary>
    private void ChooseLost(int stride, int lost, int stages, int* codes, BeamScratch beam)
    {
        for (var i = 0; i < lost; i++)
        {
            var frame = beam.LostFrames[i];
            var error = Error(beam.Lost + ((nint)i * stride), stride);
            var greedy = new Span<int>(beam.LostCodes + ((nint)i * stages), stages);
            var kept = new Span<int>(codes + ((nint)frame * _model.CodesPerBlock), stages);
            if (error < beam.Errors[frame] || (error == beam.Errors[frame] && greedy.SequenceCompareTo(kept) < 0))
            {
                greedy.CopyTo(kept);
            }
        }
    }

    private static double Error(float* residual, int stride)
    {
        var error = Lanes.Dot(residual, residual, stride);
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }
}
