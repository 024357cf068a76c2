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
        var stages = stack.Stages;
        if (stack.IsProjected)
        {
            for (var m = 0; m < stages.Length; column += model.FramesPerBlock / stages[m].Stride, m++)
            {
                AddStage(stages[m], column, frames, sum, stride, m > 0, scratch);
            }

            return;
        }

        var rows = scratch.Rows;
        for (nint frame = 0; frame < frames; frame++)
        {
            var codes = column + (frame / model.FramesPerBlock * model.CodesPerBlock) + (frame % model.FramesPerBlock);
            for (var m = 0; m < stages.Length; m++, codes += model.FramesPerBlock)
            {
                rows[m] = (nint)(stages[m].Codebook.PaddedRows.Pointer + ((nint)(*codes) * stride));
            }

            Rows.SumAll((float**)rows, stages.Length, sum + (frame * stride), stride);
        }
    }

    /// <summary>sum (+)= what the stage's output projection makes of its codewords.</summary>
    private void AddStage(Stage stage, int* column, int frames, float* sum, int stride, bool add, DecodeScratch scratch)
    {
        var rows = scratch.Rows;
        for (nint frame = 0; frame < frames; frame++)
        {
            var code = column[(frame / model.FramesPerBlock * model.CodesPerBlock) + (frame % model.FramesPerBlock / stage.Stride)];
            rows[frame] = (nint)(stage.Codebook.PaddedRows.Pointer + ((nint)code * stage.Codebook.RowStride));
        }

        if (stage.Output is { } output)
        {
            kernel.Expand(output.Table, (float**)rows, frames, sum, add, scratch.Search);
            return;
        }

        for (nint frame = 0; frame < frames; frame++)
        {
            float* row = (float*)rows[frame], target = sum + (frame * stride);
            if (add)
            {
                Rows.Sum(target, row, target, stride);
            }
            else
            {
                NativeMemory.Copy(row, target, (nuint)stride * sizeof(float));
            }
        }
    }
}
