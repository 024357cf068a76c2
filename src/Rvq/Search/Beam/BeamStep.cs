using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>One stage of a beam search over several frames.</summary>
internal readonly unsafe struct BeamStep
{
    /// <summary>The partial stacks, and where their extensions go.</summary>
    public required BeamScratch Beam { get; init; }

    /// <summary>The codebook of the stage.</summary>
    public required SearchTable Table { get; init; }

    /// <summary>The products of its codewords with those of the stages before it, the nearest stage first.</summary>
    public required CodewordProducts[] Products { get; init; }

    /// <summary>The index of the stage, which is the number of codes in the partial stacks before it.</summary>
    public required int Stage { get; init; }

    public required int Frames { get; init; }

    /// <summary>The number of partial stacks of a frame before the stage.</summary>
    public int Count => Beam.Count(Stage);

    /// <summary>The number of partial stacks of a frame after the stage; at most <see cref="Count"/> × the distinct codewords.</summary>
    public int Kept => Beam.Count(Stage + 1);

    /// <summary>The first residual of a frame before the stage.</summary>
    public float* Residuals(int frame) => Beam.Residuals(Stage) + ((nint)frame * (Count + 1) * Table.Stride);

    /// <summary>½⟨r, r⟩ of the residuals of a frame before the stage.</summary>
    public double* HalfNorms(int frame) => Beam.HalfNorms(Stage) + ((nint)frame * (Count + 1));

    /// <summary>
    /// The index of a frame's greedy stack among its partial stacks before the stage; <see cref="Count"/>, behind the kept ones, where it
    /// is none of these.
    /// </summary>
    public int Greedy(int frame) => Beam.Greedy(Stage)[frame];

    /// <summary>The number of partial stacks of a frame to extend: the kept ones, and the greedy one where it is none of these.</summary>
    public int Extended(int frame) => Greedy(frame) == Count ? Count + 1 : Count;

    /// <summary>Writes the residuals of a frame after the stage, and ½⟨r, r⟩ of each.</summary>
    [MethodImpl(InnerLoop.Options)]
    public void Subtract<TFused, TDouble>(int frame)
        where TFused : struct, IFusedLanes<TFused>
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        int* parents = Beam.Parents(Stage, frame), codes = Beam.Codes(Stage, frame);
        var (kept, stride) = (Kept, Table.Stride);
        var rows = Table.Rows;
        float* residuals = Residuals(frame), next = Beam.Residuals(Stage + 1) + ((nint)frame * (kept + 1) * stride);
        var halfNorms = Beam.HalfNorms(Stage + 1) + ((nint)frame * (kept + 1));
        var vectors = Beam.Vectors;
        var count = Beam.Greedy(Stage + 1)[frame] == kept ? kept + 1 : kept;
        for (var i = 0; i < count; i++, next += stride)
        {
            var (residual, row) = ((nint)parents[i] * stride, (nint)codes[i] * stride);
            LaneArithmetic<TFused>.Difference(residuals + residual, rows + row, next, stride);
            vectors[i] = (nint)next;
        }

        Definition.Dots<TDouble>((float**)vectors, (float**)vectors, count, stride, halfNorms);
        for (var i = 0; i < count; i++)
        {
            halfNorms[i] *= 0.5;
        }
    }
}
