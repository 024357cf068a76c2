namespace Rvq.Search;

/// <summary>The kernel that proposes nothing: every codeword is scored by the definition. What machines without vectors use.</summary>
internal sealed unsafe class DefinitionKernel<TFused, TDouble>(string name) : Kernel
    where TFused : struct, IFusedLanes<TFused>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override string Name => name;

    public override bool IsSupported => true;

    public override Projector Projector { get; } = new LaneProjector<TFused>();

    public override void Prepare(SearchTable table)
    {
        // Rows and half norms, which every table has.
    }

    public override void Find(SearchTable table, float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        for (var frame = 0; frame < frames; frame++)
        {
            codes[frame * codeStride] = Definition.Nearest<TDouble>(
                vectors + ((nint)frame * table.Stride), table.Rows, table.HalfNorms, table.Stride, null, table.Size);
        }
    }

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
            list.Decide<TDouble>(step, frame);
        }
    }
}
