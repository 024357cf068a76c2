namespace Rvq.Search;

/// <summary>
/// The work on blocks of frames at one vector width. All kernels give the same codes and the same vectors, bit for bit. Vectors are padded with
/// zeros to a multiple of <see cref="Definition.Lanes"/>, so kernels have no remainders in them.
/// </summary>
internal abstract unsafe class Kernel
{
    public abstract string Name { get; }

    public abstract bool IsSupported { get; }

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
            Rows.Difference(residual, rows + ((nint)codes[frame * codeStride] * table.Stride), residual, table.Stride);
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

    /// <summary>W x in binary64, without the bias: vectors [frames, stride] to products [frames, PaddedOutputs].</summary>
    public abstract void Project(ProjectionTable table, float* vectors, int stride, int frames, double* products, SearchScratch scratch);

    /// <summary>(products + b) rounded to float32, [frames, PaddedOutputs] → [frames, PaddedOutputs].</summary>
    public abstract void Round(ProjectionTable table, double* products, int frames, float* vectors);

    /// <summary>What the stages of a stack add up to in stage order, what a stage adds rounded to float32 before it is added.</summary>
    /// <param name="stages">The codewords of each stage and its projection.</param>
    /// <param name="count">The number of stages, at least one.</param>
    /// <param name="outputs">The padded length of a frame.</param>
    /// <param name="frames">The number of frames.</param>
    /// <param name="sums">Room for <see cref="Expansion.OutputsAtOnce"/> × frames values.</param>
    /// <param name="destination">[frames, outputs].</param>
    public abstract void Expand(Expansion* stages, int count, nint outputs, int frames, float* sums, float* destination);

    /// <summary>change = v + Σ_i M_i e_i (i ascending, product and sum rounded apart), for a coupling of <see cref="StageCouplings"/>.</summary>
    public abstract void Couple(double* coupling, float* codeword, int codeDimensions, int paddedOutputs, double* change);

    /// <summary>sums −= what the codewords do to them, frame by frame, [frames, paddedOutputs].</summary>
    public abstract void SubtractCoupled(
        double* coupling, Codebook codebook, int* codes, nint codeStride, int frames, int paddedOutputs, double* sums);

    /// <summary>Rounds a multiple of eight values to float32.</summary>
    public abstract void Narrow(double* values, nint count, float* destination);

    /// <summary>Whether the kernel scores in less than binary64, so that <see cref="ProjectNear"/> and <see cref="FindCertain"/> gain something.</summary>
    public virtual bool Proposes => false;

    /// <summary>
    /// Nearly W x + b for the first stages, stage after stage, [frames, padded outputs] each, to within <see cref="InputPanels.ErrorPerNorm"/> and the roundings of adding the
    /// parts and the bias in binary64.
    /// </summary>
    public virtual void ProjectNear(InputPanels panels, int stages, float* vectors, int stride, int frames, double* sums, SearchScratch scratch)
        => throw new NotSupportedException();

    /// <summary>
    /// Finds the codes of vectors that are known to within <paramref name="errors"/> (in Euclidean norm) of those that define them; a code that
    /// is not certain is −1.
    /// </summary>
    public virtual void FindCertain(SearchTable table, float* vectors, double* errors, int frames, int* codes, nint codeStride, SearchScratch scratch)
        => throw new NotSupportedException();
}
