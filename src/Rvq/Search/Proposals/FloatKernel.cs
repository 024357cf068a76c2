using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>Scores all codewords in float32 and leaves those within the margin of its error to the definition.</summary>
internal class FloatKernel<TFloat, TDouble>(string name) : Kernel
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override string Name => name;

    public override bool IsSupported => TFloat.IsSupported;

    public sealed override Projector Projector { get; } = new LaneProjector<TFloat>();

    public sealed override bool UsesProducts => true;

    public override void Prepare(SearchTable table) => GC.KeepAlive(table.FloatPanels);

    public sealed override unsafe void Find(SearchTable table, float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        if (!CertainCodes<TFloat>.Suits(table, frames))
        {
            FindByScores(table, vectors, frames, codes, codeStride, scratch);
            return;
        }

        FindCertain(table, vectors, frames, codes, codeStride, scratch);
        for (nint frame = 0; frame < frames; frame++)
        {
            if (codes[frame * codeStride] < 0)
            {
                FindByScores(table, vectors + (frame * table.Stride), 1, codes + (frame * codeStride), codeStride, scratch);
            }
        }
    }

    /// <summary>Finds the codes that float32 leaves no doubt about; the others are −1.</summary>
    private static unsafe void FindCertain(SearchTable table, float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        var (tile, panels) = (scratch.Prepare(table), table.FloatPanels);
        for (var first = 0; first < frames; first += tile)
        {
            var count = Math.Min(tile, frames - first);
            var tileVectors = Centered(table, panels.Center, vectors + ((nint)first * table.Stride), count, scratch);
            Margins(table, tileVectors, count, scratch);
            CertainCodes<TFloat>.Find(
                panels.Panels, panels.HalfNorms, panels.PanelCount, table.Dimensions, tileVectors, table.Stride, scratch.Margins, count, codes + (first * codeStride), codeStride);
        }
    }

    public sealed override unsafe void QuantizeStack(
        ResidualStack stack, float* residuals, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        if (stack.SmallStack is not { } small)
        {
            base.QuantizeStack(stack, residuals, frames, codes, codeStride, scratch);
            return;
        }

        for (var first = 0; first < frames; first += SearchScratch.MaxFrames)
        {
            SmallStackCodes<TFloat>.Quantize<TDouble>(
                small.Stages, stack.Stages.Length, residuals + ((nint)first * small.Stride), small.Stride, Math.Min(SearchScratch.MaxFrames, frames - first),
                codes + (first * codeStride), codeStride, scratch.SquaredNorms);
        }
    }

    public sealed override unsafe void Extend(in BeamStep step, SearchScratch scratch)
    {
        var tile = scratch.Prepare(step.Table);
        var families = step.Beam.Families;
        for (var frame = 0; frame < step.Frames; frame++)
        {
            for (var first = 0; first < step.Extended(frame); first += tile)
            {
                var count = Math.Min(tile, step.Extended(frame) - first);
                if (!families.TryAdd(step, frame, first, count, tile))
                {
                    Extend(step, families, scratch);
                    families.TryAdd(step, frame, first, count, tile);
                }
            }
        }

        Extend(step, families, scratch);
    }

    /// <summary>
    /// Extends the partial stacks of some families. What a family or a frame needs of large tables is fetched while the one before it is worked on.
    /// </summary>
    private unsafe void Extend(in BeamStep step, BeamFamilies families, SearchScratch scratch)
    {
        var beam = step.Beam;
        var before = -1;
        Propose(step.Table, families.Ancestors, families.AncestorCount, scratch);
        families.Expect(step, 0);
        families.FetchExpected();
        for (var i = 0; i < families.Count; i++)
        {
            families.Expect(step, i + 1);
            var family = families[i];
            if (family.First == 0)
            {
                beam.BeginFrame();
            }

            BeamCandidates<TFloat>.Add<TDouble>(step, families, i, beam.Shortlist, family.Count == step.Extended(family.Frame), scratch);
            families.FetchExpected();
            var isWhole = family.First + family.Count == step.Extended(family.Frame);
            if (isWhole)
            {
                step.Table.Prefetch(beam.Shortlist.Codes, beam.Shortlist.Count);
            }

            if (before >= 0 && family.First == 0)
            {
                Decide(step, families, before, beam.OtherShortlist, scratch);
            }

            before = isWhole ? i : -1;
        }

        if (before >= 0)
        {
            Decide(step, families, before, beam.Shortlist, scratch);
        }

        families.Clear();
    }

    private static void Decide(in BeamStep step, BeamFamilies families, int index, BeamShortlist list, SearchScratch scratch)
    {
        var frame = families[index].Frame;
        if (!list.Score<TDouble>(step, frame) && families[index].Count == step.Extended(frame))
        {
            list.BeginAgain();
            BeamCandidates<TFloat>.Add<TDouble>(step, families, index, list, false, scratch);
            list.Score<TDouble>(step, frame);
        }

        list.Decide<TDouble>(step, frame);
    }

    /// <summary>Fills the scratch's scores, minima and margins.</summary>
    protected virtual unsafe void Propose(SearchTable table, float* vectors, int frames, SearchScratch scratch)
    {
        var panels = table.FloatPanels;
        scratch.Weights = null;
        vectors = Centered(table, panels.Center, vectors, frames, scratch);
        FloatScores<TFloat>.Score(
            panels.Panels, panels.HalfNorms, panels.PanelCount, table.Dimensions, vectors, table.Stride, frames, scratch.Scores, scratch.Minima);
        Margins(table, vectors, frames, scratch);
    }

    /// <summary>The same for a single frame, which may come with caches that something else has filled meanwhile.</summary>
    protected virtual unsafe void ProposeOne(SearchTable table, float* vector, SearchScratch scratch) => Propose(table, vector, 1, scratch);

    [MethodImpl(InnerLoop.Options)]
    private unsafe void FindByScores(SearchTable table, float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        var tile = scratch.Prepare(table);
        for (var first = 0; first < frames; first += tile)
        {
            var count = Math.Min(tile, frames - first);
            var tileVectors = vectors + ((nint)first * table.Stride);
            if (frames == 1)
            {
                ProposeOne(table, tileVectors, scratch);
            }
            else
            {
                Propose(table, tileVectors, count, scratch);
            }

            Candidates<TFloat>.Decide<TDouble>(table, tileVectors, count, codes + (first * codeStride), codeStride, scratch);
        }
    }

    /// <summary>The margins of float32 scores for residuals less the codebook's center.</summary>
    private static unsafe void Margins(SearchTable table, float* vectors, int frames, SearchScratch scratch)
    {
        for (var frame = 0; frame < frames; frame++, vectors += table.Stride)
        {
            scratch.Margins[frame] = table.FloatPanels.Bound.Margin(RowArithmetic.SquaredNorm(vectors, table.Stride));
        }
    }

    /// <summary>The vectors less the codebook's center, or as they are where it has none.</summary>
    protected static unsafe float* Centered(SearchTable table, float* center, float* vectors, int frames, SearchScratch scratch)
    {
        scratch.Center = center;
        if (center == null)
        {
            return vectors;
        }

        for (nint frame = 0; frame < frames; frame++)
        {
            RowArithmetic.Difference(vectors + (frame * table.Stride), center, scratch.Vectors + (frame * table.Stride), table.Stride);
        }

        return scratch.Vectors;
    }
}
