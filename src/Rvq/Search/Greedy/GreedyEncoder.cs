using System.Runtime.InteropServices;

namespace Rvq.Search;

/// <summary>The residual loop: the codes of gathered frames, stack by stack and stage by stage.</summary>
internal sealed unsafe class GreedyEncoder(RvqModel model, Kernel kernel)
{
    private readonly ProjectedEncoder _projected = new(model, kernel);

    /// <summary>Builds all that encoding reads, on several threads where they are asked for.</summary>
    public void Prepare(int degree)
    {
        var stages = new List<Stage>();
        foreach (var stack in model.Stacks)
        {
            GC.KeepAlive(stack.InputProjection?.Table);
            GC.KeepAlive(stack.IsProjected ? stack.Projections : null);
            if (stack.IsProjected || model.FramesPerBlock > 1 || stack.SmallStack is null)
            {
                stages.AddRange(stack.Stages);
            }
        }

        ParallelLoop.ForEach(stages, degree, stage => kernel.Prepare(stage.SearchTable));
    }

    /// <summary>Encodes the first <paramref name="frames"/> frames of the scratch into its codes, [blocks, CodesPerBlock].</summary>
    public void Encode(EncodeScratch scratch, int frames)
    {
        var column = scratch.Codes;
        foreach (var stack in model.Stacks)
        {
            var input = scratch.Project(kernel, stack, frames, out var stride);
            if (stack.IsProjected)
            {
                _projected.Encode(stack, input, stride, frames, column, scratch);
            }
            else
            {
                EncodePlain(stack, input, stride, frames, column, scratch);
            }

            column += stack.CodesPer(model.FramesPerBlock);
        }
    }

    /// <summary>Every stage searches the residual and subtracts its codeword from it in float32.</summary>
    private void EncodePlain(ResidualStack stack, float* input, int stride, int frames, int* codes, EncodeScratch scratch)
    {
        var residual = scratch.Residual;
        if (input != residual)
        {
            NativeMemory.Copy(input, residual, (nuint)frames * (nuint)stride * sizeof(float));
        }

        if (model.FramesPerBlock == 1)
        {
            kernel.QuantizeStack(stack, residual, frames, codes, model.CodesPerBlock, scratch.Search);
            return;
        }

        // A stack beside another one with strides: a block holds the codes of its frames stage by stage.
        foreach (var stage in stack.Stages)
        {
            for (var first = 0; first < frames; first += model.FramesPerBlock)
            {
                kernel.Quantize(
                    stage.SearchTable, stage.Codebook.PaddedRows.Pointer, residual + ((nint)first * stride), model.FramesPerBlock,
                    codes + ((nint)(first / model.FramesPerBlock) * model.CodesPerBlock), 1, scratch.Search);
            }

            codes += model.FramesPerBlock;
        }
    }
}
