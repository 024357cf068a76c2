using System.Runtime.InteropServices;

namespace Rvq.Search;

/// <summary>
/// Adds up what the codes stand for: in each stack the stages' outputs in stage order in float32, through the stack's output projection;
/// the stacks in order.
/// </summary>
internal sealed unsafe class BlockDecoder(RvqModel model, Kernel kernel)
{
    /// <summary>Decodes the scratch's codes, [blocks, CodesPerBlock], into its frames.</summary>
    public void Decode(DecodeScratch scratch, int frames)
    {
        var column = scratch.Codes;
        for (var s = 0; s < model.Stacks.Length; s++)
        {
            var stack = model.Stacks[s];
            var output = stack.Output?.Table;
            var stride = Definition.PaddedLength(stack.Stages[0].Dimensions);
            var sum = s == 0 && output is null ? scratch.Frames : scratch.Sum;
            SumStages(stack, column, frames, sum, stride, scratch);
            if (output is not null)
            {
                kernel.Project(output, sum, stride, frames, scratch.Products, scratch.Search);
                sum = s == 0 ? scratch.Frames : scratch.Sum;
                kernel.Round(output, scratch.Products, frames, sum);
            }

            if (s > 0)
            {
                Rows.Sum(scratch.Frames, sum, scratch.Frames, checked(frames * scratch.FrameStride));
            }

            foreach (var stage in stack.Stages)
            {
                column += model.FramesPerBlock / stage.Stride;
            }
        }
    }

    private void SumStages(ResidualStack stack, int* column, int frames, float* sum, int stride, DecodeScratch scratch)
    {
        for (var m = 0; m < stack.Stages.Length; m++)
        {
            var stage = stack.Stages[m];
            var rows = stage.Codebook.PaddedRows.Pointer;
            for (var frame = 0; frame < frames; frame++)
            {
                var code = column[((nint)(frame / model.FramesPerBlock) * model.CodesPerBlock) + (frame % model.FramesPerBlock / stage.Stride)];
                var row = rows + ((nint)code * stage.Codebook.RowStride);
                if (stage.Output is { } output)
                {
                    if (frame % stage.Stride == 0)
                    {
                        kernel.Project(output.Table, row, 0, 1, scratch.Products, scratch.Search);
                        kernel.Round(output.Table, scratch.Products, 1, scratch.Row);
                    }

                    row = scratch.Row;
                }

                var target = sum + ((nint)frame * stride);
                if (m == 0)
                {
                    NativeMemory.Copy(row, target, (nuint)stride * sizeof(float));
                }
                else
                {
                    Rows.Sum(target, row, target, stride);
                }
            }

            column += model.FramesPerBlock / stage.Stride;
        }
    }
}
