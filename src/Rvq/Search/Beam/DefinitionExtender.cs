namespace Rvq.Search;

/// <summary>Scores every extension by the definition.</summary>
internal sealed class DefinitionExtender<TFused, TDouble> : BeamExtender
    where TFused : struct, IFusedLanes<TFused>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override void Extend(in BeamStep step, SearchScratch scratch)
    {
        var list = step.Beam.Shortlist;
        for (var frame = 0; frame < step.Frames; frame++)
        {
            list.Begin();
            for (var parent = 0; parent < step.Count; parent++)
            {
                list.AddAll(parent, step.Table);
            }

            list.Score<TDouble>(step, frame);
            list.Decide<TFused, TDouble>(step, frame);
        }
    }
}
