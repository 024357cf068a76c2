namespace Rvq.Search;

/// <summary>
/// Takes approximate scores of common ancestors to all their descendants, and leaves the extensions that may be among the best to the definition.
/// Families of partial stacks are worked on as many at a time as their ancestors are scored together.
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
    /// Extends the partial stacks of some families. What a family or a frame needs of large tables is prefetched while the one before it is worked on.
    /// </summary>
    private unsafe void Extend(in BeamStep step, BeamFamilies families, SearchScratch scratch)
    {
        var beam = step.Beam;
        var before = -1;
        var proposal = search.Propose(families.Ancestors, families.AncestorCount, scratch);
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

            BeamCandidates<TFloat>.Add<TDouble>(step, families, i, beam.Shortlist, family.Count == step.Extended(family.Frame), proposal);
            families.FetchExpected();
            var isWhole = family.First + family.Count == step.Extended(family.Frame);
            if (isWhole)
            {
                step.Table.Prefetch(beam.Shortlist.Codes, beam.Shortlist.Count);
            }

            if (before >= 0 && family.First == 0)
            {
                Decide(step, families, before, beam.OtherShortlist, proposal);
            }

            before = isWhole ? i : -1;
        }

        if (before >= 0)
        {
            Decide(step, families, before, beam.Shortlist, proposal);
        }

        families.Clear();
    }

    /// <summary>Decides a frame whose last family is given; where the guess of its list fell short, from a list that reaches far enough.</summary>
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
