namespace Rvq.Search;

/// <summary>
/// Computes approximate scores of partial stacks from those of their common ancestors, and decides by the definition among the extensions
/// that may be among the best. As many families as fit a tile of scores are extended at a time.
/// </summary>
internal sealed class ProposingExtender<TFloat, TDouble>(ProposingSearch<TFloat, TDouble> search) : BeamExtender
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override void Extend(in BeamStep step, SearchScratch scratch)
    {
        var tile = SearchScratch.Tile(step.Table.PanelCount);
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
    /// Extends the partial stacks of the noted families. Rows of products are prefetched during the family before, and the rows of
    /// candidates while the next frame's are collected.
    /// </summary>
    private unsafe void Extend(in BeamStep step, BeamFamilies families, SearchScratch scratch)
    {
        var beam = step.Beam;
        var before = -1;
        var proposal = search.Propose(families.Ancestors, families.AncestorCount, scratch);
        families.QueueRows(step, 0);
        families.PrefetchQueued();
        for (var i = 0; i < families.Count; i++)
        {
            families.QueueRows(step, i + 1);
            var family = families[i];
            if (family.First == 0)
            {
                beam.BeginFrame();
            }

            var isWholeFrame = family.Count == step.Extended(family.Frame);
            BeamCandidates<TFloat>.Add<TDouble>(step, families, i, beam.Shortlist, isWholeFrame, proposal);
            families.PrefetchQueued();
            var isLastOfFrame = family.First + family.Count == step.Extended(family.Frame);
            if (isLastOfFrame)
            {
                step.Table.Prefetch(beam.Shortlist.Codes, beam.Shortlist.Count);
            }

            if (before >= 0 && family.First == 0)
            {
                Decide(step, families, before, beam.OtherShortlist, proposal);
            }

            before = isLastOfFrame ? i : -1;
        }

        if (before >= 0)
        {
            Decide(step, families, before, beam.Shortlist, proposal);
        }

        families.Clear();
    }

    /// <summary>
    /// Decides the frame of a family, its last. Where the guess of the list's reach fell short, the list is collected again first.
    /// </summary>
    private static void Decide(in BeamStep step, BeamFamilies families, int index, BeamShortlist list, in Proposal proposal)
    {
        var frame = families[index].Frame;
        if (!list.Score<TDouble>(step, frame) && families[index].Count == step.Extended(frame))
        {
            list.BeginAgain();
            BeamCandidates<TFloat>.Add<TDouble>(step, families, index, list, false, proposal);
            list.Score<TDouble>(step, frame);
        }

        list.Decide<TFloat, TDouble>(step, frame);
    }
}
