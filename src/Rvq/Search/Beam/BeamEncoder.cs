namespace Rvq.Search;

/// <summary>
/// Beam search, which keeps the B best partial stacks at every stage. Its codes are defined as exactly as the greedy ones.
/// <para>
/// A partial stack p is a sequence of codes with a residual r_p, from which each stage's codeword was subtracted in float32; the empty one
/// has the frame as residual. The score of its extension by codeword k is ½⟨r_p, r_p⟩ + (½⟨c_k, c_k⟩ − ⟨r_p, c_k⟩), half the squared error
/// after the stage: ⟨·, ·⟩ as <see cref="Definition"/> sums it, each other operation rounded to binary64 as written; a NaN counts as
/// infinity. Codewords that repeat an earlier one of their codebook bit for bit extend nothing, because they would fill the beam with
/// copies of the same sum. Of all extensions of all kept partial stacks, the B with the smallest scores are kept (all where there are
/// fewer); of those with equal scores, the lexicographically lowest stacks of codes.
/// </para>
/// <para>
/// After the last stage the candidates are the kept stacks and the greedy stack, whose code at each stage is <see cref="Definition"/>'s.
/// The codes are those of the candidate with the smallest final error ⟨r, r⟩, a NaN counting as infinity, and among equals of the
/// lexicographically lowest. So the error is never larger than the greedy one's. Several stacks of codebooks, which all see the same frame,
/// are searched one by one.
/// </para>
/// </summary>
internal sealed unsafe class BeamEncoder : FrameEncoder
{
    private readonly RvqModel _model;
    private readonly Kernel _kernel;
    private readonly int _width;
    private readonly BeamStage[][] _stages;

    /// <summary>
    /// Chooses the extender of each stage and builds all tables that it reads, on at most <paramref name="degree"/> threads.
    /// </summary>
    /// <exception cref="NotSupportedException">A stage of the model has a projection, a stride or another metric than
    /// Euclidean.</exception>
    public BeamEncoder(RvqModel model, Kernel kernel, int width, int degree)
    {
        (_model, _kernel, _width) = (model, kernel, width);
        if (WhyNot(model) is { } reason)
        {
            throw new NotSupportedException(
                $"A beam width of {width} needs Euclidean stages without projections or strides of their own, but {reason}.");
        }

        var stacks = model.Stacks;
        _stages = new BeamStage[stacks.Length][];
        for (var i = 0; i < stacks.Length; i++)
        {
            var (stack, tables) = (stacks[i].Stages.ToArray(), stacks[i].Tables);
            var stages = _stages[i] = new BeamStage[stack.Length];
            int[] places = [.. Enumerable.Range(0, stages.Length)];
            GC.KeepAlive(stacks[i].InputProjection?.Table);
            ParallelLoop.ForEach(places, degree, m =>
            {
                var table = stack[m].SearchTable;
                stages[m] = new BeamStage(table, kernel.BeamExtender(table), kernel.UsesProducts ? tables.Products.Before(m) : []);
            });
        }
    }

    /// <summary>Why a model cannot be searched by a beam, such as "stage 3 is searched by cosine", or null where it can.</summary>
    public static string? WhyNot(RvqModel model)
    {
        for (var i = 0; i < model.Stages.Length; i++)
        {
            var stage = model.Stages[i];
            var reason = stage.InputProjection is not null || stage.OutputProjection is not null ? "projects the residual by itself"
                : stage.Stride > 1 ? $"has a stride of {stage.Stride}"
                : stage.Metric switch
                {
                    SearchMetric.Euclidean => null,
                    SearchMetric.Cosine => "is searched by cosine",
                    SearchMetric.InnerProduct => "is searched by inner product",
                    _ => "normalises its residual",
                };
            if (reason is not null)
            {
                return $"stage {i} {reason}";
            }
        }

        return null;
    }

    public override void Encode(EncodeScratch scratch, int frames) => Encode(scratch, frames, null);

    /// <summary>Encodes the first <paramref name="frames"/> frames of the scratch into the best stacks of codes of each.</summary>
    public void EncodeBest(EncodeScratch scratch, int frames, BestStacks best)
    {
        best.Begin();
        Encode(scratch, frames, best);
    }

    private void Encode(EncodeScratch scratch, int frames, BestStacks? best)
    {
        var (beam, column) = (scratch.Beam!, 0);
        for (var i = 0; i < _stages.Length; i++)
        {
            var input = StackInput.Of(_model.Stacks[i], _kernel, scratch, frames, out var stride);
            var stages = _stages[i].Length;
            for (var first = 0; first < frames; first += beam.MaxFrames)
            {
                var count = Math.Min(beam.MaxFrames, frames - first);
                Search(i, input + ((nint)first * stride), count, beam, scratch.Search);
                for (var frame = 0; best is not null && frame < count; frame++)
                {
                    best.Join(beam, frame, first + frame, column, stages);
                }

                if (best is null)
                {
                    Choose(count, stages, scratch.Codes + column + ((nint)first * _model.CodesPerBlock), beam);
                }
            }

            column += stages;
        }
    }

    private void Search(int stack, float* vectors, int frames, BeamScratch beam, SearchScratch search)
    {
        Begin(vectors, frames, _model.Stacks[stack].Stages, beam);
        for (var m = 0; m < _stages[stack].Length; m++)
        {
            var stage = _stages[stack][m];
            var step = new BeamStep { Beam = beam, Table = stage.Table, Products = stage.Products, Stage = m, Frames = frames };
            stage.Extender.Extend(step, search);
        }
    }

    private void Begin(float* vectors, int frames, ReadOnlySpan<Stage> stages, BeamScratch beam)
    {
        var stride = stages[0].SearchTable.Stride;
        beam.Begin(stages, _width);
        new Span<int>(beam.Greedy(0), frames).Clear();
        for (nint frame = 0; frame < frames; frame++, vectors += stride)
        {
            new Span<float>(vectors, stride).CopyTo(new Span<float>(beam.Residuals(0) + (frame * 2 * stride), stride));
            beam.HalfNorms(0)[frame * 2] = 0.5 * WidestSums.Dot(vectors, vectors, stride);
        }
    }

    /// <summary>
    /// Writes the codes of the best candidate: one of the kept stacks, which are in lexicographic order, or the greedy stack where it is
    /// not among them.
    /// </summary>
    private void Choose(int frames, int stages, int* codes, BeamScratch beam)
    {
        var count = beam.Count(stages);
        for (var frame = 0; frame < frames; frame++)
        {
            var halfNorms = beam.HalfNorms(stages) + ((nint)frame * (count + 1));
            var (best, least) = (0, Error(halfNorms[0]));
            for (var i = 1; i < count; i++)
            {
                var error = Error(halfNorms[i]);
                (best, least) = error < least ? (i, error) : (best, least);
            }

            var chosen = new Span<int>(codes + ((nint)frame * _model.CodesPerBlock), stages);
            beam.Trace(stages - 1, frame, best, chosen);
            if (beam.Greedy(stages)[frame] == count && Error(halfNorms[count]) <= least)
            {
                var greedy = beam.GreedyCodes(stages);
                beam.Trace(stages - 1, frame, count, greedy);
                if (Error(halfNorms[count]) < least || greedy.SequenceCompareTo(chosen) < 0)
                {
                    greedy.CopyTo(chosen);
                }
            }
        }
    }

    /// <summary>⟨r, r⟩ from ½⟨r, r⟩, which is exact; a NaN counts as infinity.</summary>
    public static double Error(double halfNorm) => double.IsNaN(halfNorm) ? double.PositiveInfinity : 2 * halfNorm;

    /// <summary>
    /// A stage as the beam passes it: its codewords, what extends partial stacks by them, and products with those of earlier stages.
    /// </summary>
    private readonly record struct BeamStage(SearchTable Table, BeamExtender Extender, CodewordProducts[] Products);
}
