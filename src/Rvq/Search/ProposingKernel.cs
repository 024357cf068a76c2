using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>Scores all codewords in float32 and leaves those within the margin of its error to the definition.</summary>
internal class ProposingKernel<TFloat, TDouble>(string name) : LaneKernel<TDouble>
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override string Name => name;

    public override bool IsSupported => TFloat.IsSupported;

    [MethodImpl(Jit.Kernel)]
    public sealed override unsafe void Find(SearchTable table, float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        var tile = scratch.Prepare(table);
        var panelCount = PanelLayout.PanelCount(table.Size);
        for (var first = 0; first < frames; first += tile)
        {
            var count = Math.Min(tile, frames - first);
            var tileVectors = vectors + ((nint)first * table.Stride);
            Propose(table, tileVectors, count, scratch);
            for (var frame = 0; frame < count; frame++)
            {
                codes[(first + frame) * codeStride] = Candidates<TFloat>.Decide<TDouble>(
                    table, tileVectors + ((nint)frame * table.Stride), panelCount, frame, scratch.Margins[frame], scratch);
            }
        }
    }

    public sealed override bool Proposes => true;

    public sealed override unsafe void ProjectNear(InputPanels panels, int stages, float* vectors, int stride, int frames, SearchScratch scratch)
        => FloatKernel<TFloat>.Score(
            panels.Panels, panels.Zeros, panels.PanelCount(stages), panels.Inputs, vectors, stride, frames, scratch.Scores, scratch.Minima);

    public sealed override unsafe void FindCertain(
        SearchTable table, float* vectors, double* errors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        var tile = scratch.Prepare(table);
        for (var first = 0; first < frames; first += tile)
        {
            var count = Math.Min(tile, frames - first);
            Propose(table, vectors + ((nint)first * table.Stride), count, scratch);
            for (var frame = 0; frame < count; frame++)
            {
                // A vector off by e scores off by at most e·max‖c‖, for the code and for the codeword that seems best.
                var margin = scratch.Margins[frame] + (2.001 * errors[first + frame] * table.MaxNorm);
                codes[(first + frame) * codeStride] = Candidates<TFloat>.OnlyOne(table, frame, margin, scratch);
            }
        }
    }

    public sealed override unsafe void Quantize(
        SearchTable table, float* rows, float* residuals, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        if (table.Size > PanelLayout.PanelSize || table.FloatPanels.Center != null)
        {
            base.Quantize(table, rows, residuals, frames, codes, codeStride, scratch);
            return;
        }

        var panels = table.FloatPanels;
        var tile = scratch.Prepare(table);
        scratch.Weights = null;
        for (var first = 0; first < frames; first += tile)
        {
            var count = Math.Min(tile, frames - first);
            var vectors = residuals + ((nint)first * table.Stride);
            FloatKernel<TFloat>.Score(
                panels.Panels, panels.HalfNorms, panels.PanelCount, table.Dimensions, vectors, table.Stride, count, scratch.Scores, scratch.Minima);
            Candidates<TFloat>.DecideOnePanel<TDouble>(table, panels.Bound, vectors, count, codes + (first * codeStride), codeStride, rows, scratch);
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
        BeamCandidates<TFloat>.Prefetch(step, families, 0);
        for (var i = 0; i < families.Count; i++)
        {
            if (i + 1 < families.Count)
            {
                BeamCandidates<TFloat>.Prefetch(step, families, i + 1);
            }

            var family = families[i];
            if (family.First == 0)
            {
                beam.BeginFrame();
            }

            BeamCandidates<TFloat>.Add<TDouble>(step, families, i, beam.Shortlist, scratch);
            var isWhole = family.First + family.Count == step.Extended(family.Frame);
            if (isWhole)
            {
                beam.Shortlist.Prefetch(step.Table);
            }

            if (before >= 0 && family.First == 0)
            {
                beam.OtherShortlist.Decide<TDouble>(step, before);
            }

            before = isWhole ? family.Frame : -1;
        }

        if (before >= 0)
        {
            beam.Shortlist.Decide<TDouble>(step, before);
        }

        families.Clear();
    }

    /// <summary>Fills the scratch's scores, minima and margins.</summary>
    protected virtual unsafe void Propose(SearchTable table, float* vectors, int frames, SearchScratch scratch)
    {
        var panels = table.FloatPanels;
        scratch.Weights = null;
        vectors = Centered(table, panels.Center, vectors, frames, scratch);
        FloatKernel<TFloat>.Score(
            panels.Panels, panels.HalfNorms, panels.PanelCount, table.Dimensions, vectors, table.Stride, frames, scratch.Scores, scratch.Minima);
        for (var frame = 0; frame < frames; frame++, vectors += table.Stride)
        {
            scratch.Margins[frame] = panels.Bound.Margin(Rows.SquaredNorm(vectors, table.Stride));
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
            Rows.Difference(vectors + (frame * table.Stride), center, scratch.Vectors + (frame * table.Stride), table.Stride);
        }

        return scratch.Vectors;
    }
}
