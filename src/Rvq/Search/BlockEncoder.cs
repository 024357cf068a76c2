using System.Runtime.InteropServices;

namespace Rvq.Search;

/// <summary>The residual loop: the codes of gathered frames, stack by stack and stage by stage.</summary>
internal sealed unsafe class BlockEncoder(RvqModel model, Kernel kernel)
{
    private readonly ProjectedEncoder _projected = new(model, kernel);
    private readonly FrameByFrameEncoder _frameByFrame = new(model, kernel);

    /// <summary>Encodes the first <paramref name="frames"/> frames of the scratch into its codes, [blocks, CodesPerBlock].</summary>
    public void Encode(EncodeScratch scratch, int frames)
    {
        var column = scratch.Codes;
        foreach (var stack in model.Stacks)
        {
            var input = scratch.Project(kernel, stack, frames, out var stride);
            if (stack.IsProjected && kernel.Proposes && model.FramesPerBlock == 1 && stack.IsProjectedFrameByFrame)
            {
                _frameByFrame.Encode(stack, input, stride, frames, column, scratch);
            }
            else if (stack.IsProjected)
            {
                _projected.Encode(stack, input, stride, frames, column, scratch);
            }
            else
            {
                EncodePlain(stack, input, stride, frames, column, scratch);
            }

            foreach (var stage in stack.Stages)
            {
                column += model.FramesPerBlock / stage.Stride;
            }
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

        var stages = stack.Stages;
        var perBlock = model.FramesPerBlock;
        for (var m = 0; m < stages.Length; m++, codes += perBlock)
        {
            var rows = m == stages.Length - 1 ? null : stages[m].Codebook.PaddedRows.Pointer;
            if (perBlock == 1)
            {
                kernel.Quantize(stages[m].SearchTable, rows, residual, frames, codes, model.CodesPerBlock, scratch.Search);
                continue;
            }

            for (var first = 0; first < frames; first += perBlock)
            {
                kernel.Quantize(
                    stages[m].SearchTable, rows, residual + ((nint)first * stride), perBlock,
                    codes + ((nint)(first / perBlock) * model.CodesPerBlock), 1, scratch.Search);
            }
        }
    }
}
