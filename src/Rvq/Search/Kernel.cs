namespace Rvq.Search;

/// <summary>
/// The work on blocks of frames at one vector width. All kernels give the same codes and the same vectors, bit for bit. Vectors are padded with
/// zeros to a multiple of <see cref="Definition.Lanes"/>, so kernels have no remainders in them.
/// </summary>
internal abstract unsafe class Kernel
{
    public abstract string Name { get; }

    public abstract bool IsSupported { get; }

    /// <summary>Products with projections at the kernel's width.</summary>
    public abstract Projector Projector { get; }

    /// <summary>Whether beams take scores from products of codewords.</summary>
    public virtual bool UsesProducts => false;

    /// <summary>Builds what the kernel reads of a codebook, so that no call waits for it.</summary>
    public abstract void Prepare(SearchTable table);

    /// <summary>Finds the code of each vector by the definition.</summary>
    /// <param name="table">The codebook.</param>
    /// <param name="vectors">[frames, table.Stride].</param>
    /// <param name="frames">The number of vectors.</param>
    /// <param name="codes">The code of frame f goes to codes[f × <paramref name="codeStride"/>].</param>
    /// <param name="codeStride">The distance between two codes.</param>
    /// <param name="scratch">Room for the scores.</param>
    public abstract void Find(SearchTable table, float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch);

    /// <summary>Finds the codes of residuals and subtracts the rows that were chosen, in float32.</summary>
    /// <param name="table">The codebook.</param>
    /// <param name="rows">What to subtract for each code, [Size, table.Stride], or null for nothing.</param>
    /// <param name="residuals">[frames, table.Stride].</param>
    /// <param name="frames">The number of residuals.</param>
    /// <param name="codes">The code of frame f goes to codes[f × <paramref name="codeStride"/>].</param>
    /// <param name="codeStride">The distance between two codes.</param>
    /// <param name="scratch">Room for the scores.</param>
    public void Quantize(SearchTable table, float* rows, float* residuals, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        Find(table, residuals, frames, codes, codeStride, scratch);
        for (nint frame = 0; frame < frames && rows != null; frame++)
        {
            var residual = residuals + (frame * table.Stride);
            RowArithmetic.Difference(residual, rows + ((nint)codes[frame * codeStride] * table.Stride), residual, table.Stride);
        }
    }

    /// <summary>Finds the codes of residuals stage by stage, subtracting the rows that were chosen; code m of frame f goes to codes[f × <paramref name="codeStride"/> + m].</summary>
    public virtual void QuantizeStack(ResidualStack stack, float* residuals, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        var stages = stack.Stages;
        for (var m = 0; m < stages.Length; m++)
        {
            var rows = m == stages.Length - 1 ? null : stages[m].Codebook.PaddedRows.Pointer;
            Quantize(stages[m].SearchTable, rows, residuals, frames, codes + m, codeStride, scratch);
        }
    }

    /// <summary>Finds the best extensions of the partial stacks of a beam, by the definition of <see cref="BeamEncoder"/>.</summary>
    public abstract void Extend(in BeamStep step, SearchScratch scratch);
}
