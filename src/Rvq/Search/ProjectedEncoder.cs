namespace Rvq.Search;

/// <summary>Stacks whose stages have projections or strides of their own, by the definition alone.</summary>
internal sealed unsafe class ProjectedEncoder(RvqModel model, Kernel kernel)
{
    /// <summary>
    /// Every stage searches z_m = mean(W_m x) + b_m − Σ_{i&lt;m} mean(M_mi e_i + v_mi), the means over the frames that share a code of stage m
    /// (summed frame by frame, then divided); all in binary64, i ascending, rounded once to float32.
    /// </summary>
    public void Encode(ResidualStack stack, float* input, int stride, int frames, int* codes, EncodeScratch scratch)
    {
        var stages = stack.Stages;
        var sums = scratch.Sums;
        foreach (var stage in stages)
        {
            ProjectMean(stage, input, stride, frames, scratch, sums);
            sums += (nint)(frames / stage.Stride) * stage.SearchTable.Stride;
        }

        sums = scratch.Sums;
        var column = codes;
        for (var m = 0; m < stages.Length; m++)
        {
            var table = stages[m].SearchTable;
            var count = frames / stages[m].Stride;
            kernel.Narrow(sums, (nint)count * table.Stride, scratch.Residual);
            FindBlocks(stages[m], scratch.Residual, count, column, scratch);
            sums += (nint)count * table.Stride;
            var later = sums;
            for (var next = m + 1; next < stages.Length; next++)
            {
                SubtractCoupling(stack, m, next, frames, column, later, scratch.Change);
                later += (nint)(frames / stages[next].Stride) * stages[next].SearchTable.Stride;
            }

            column += model.FramesPerBlock / stages[m].Stride;
        }
    }

    /// <summary>Searches the vectors of a stage whose codes lie in blocks; where the stage normalises them, they are overwritten.</summary>
    private void FindBlocks(Stage stage, float* vectors, int count, int* column, EncodeScratch scratch)
    {
        for (nint i = 0; i < count && stage.Metric == SearchMetric.NormalizedEuclidean; i++)
        {
            var vector = vectors + (i * stage.SearchTable.Stride);
            UnitLength.Scale(vector, vector, stage.SearchTable.Stride);
        }

        var perBlock = model.FramesPerBlock / stage.Stride;
        if (perBlock == 1)
        {
            kernel.Find(stage.SearchTable, vectors, count, column, model.CodesPerBlock, scratch.Search);
            return;
        }

        for (var first = 0; first < count; first += perBlock)
        {
            kernel.Find(
                stage.SearchTable, vectors + ((nint)first * stage.SearchTable.Stride), perBlock,
                column + ((nint)(first / perBlock) * model.CodesPerBlock), 1, scratch.Search);
        }
    }

    /// <summary>mean(W x) + b for each code of the stage, [frames / Stride, padded D].</summary>
    private void ProjectMean(Stage stage, float* input, int stride, int frames, EncodeScratch scratch, double* means)
    {
        var padded = stage.SearchTable.Stride;
        var products = scratch.Products;
        if (stage.InputProjection is { } projection)
        {
            kernel.Project(projection.Table, input, stride, frames, products, scratch.Search);
        }
        else
        {
            for (nint i = 0; i < (nint)frames * stride; i++)
            {
                products[i] = input[i];
            }
        }

        for (var frame = 0; frame < frames; frame += stage.Stride, means += padded)
        {
            for (var i = 0; i < padded; i++)
            {
                double sum = 0;
                for (var shared = 0; shared < stage.Stride; shared++, products += padded)
                {
                    sum += products[i];
                }

                products -= (nint)stage.Stride * padded;
                means[i] = (sum / stage.Stride) + (stage.InputProjection is null ? 0 : stage.InputProjection.Table.Bias[i]);
            }

            products += (nint)stage.Stride * padded;
        }
    }

    /// <summary>Takes the codewords of stage <paramref name="earlier"/> out of the projected residuals of stage <paramref name="later"/>.</summary>
    private void SubtractCoupling(ResidualStack stack, int earlier, int later, int frames, int* codes, double* sums, double* change)
    {
        var (from, to) = (stack.Stages[earlier], stack.Stages[later]);
        var coupling = stack.Couplings[earlier, later];
        var padded = to.SearchTable.Stride;
        var dimensions = from.Codebook.Dimensions;
        var mean = change + padded;
        for (var frame = 0; frame < frames; frame += to.Stride, sums += padded)
        {
            new Span<double>(mean, padded).Clear();
            for (var shared = frame; shared < frame + to.Stride; shared++)
            {
                var code = codes[((nint)(shared / model.FramesPerBlock) * model.CodesPerBlock) + (shared % model.FramesPerBlock / from.Stride)];
                kernel.Couple(coupling, from.Codebook.PaddedRows.Pointer + ((nint)code * from.Codebook.RowStride), dimensions, padded, change);
                for (var i = 0; i < padded; i++)
                {
                    mean[i] += change[i];
                }
            }

            for (var i = 0; i < padded; i++)
            {
                sums[i] -= mean[i] / to.Stride;
            }
        }
    }
}
