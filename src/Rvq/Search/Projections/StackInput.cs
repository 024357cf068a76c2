namespace Rvq.Search;

/// <summary>What a stack takes of frames.</summary>
internal static unsafe class StackInput
{
    /// <summary>[frames, stride]: the scratch's frames through the stack's input projection, which go to its residuals, or the frames as they are.</summary>
    public static float* Of(ResidualStack stack, Kernel kernel, EncodeScratch scratch, int frames, out int stride)
    {
        if (stack.InputProjection?.Table is not { } table)
        {
            stride = scratch.FrameStride;
            return scratch.Frames;
        }

        stride = table.PaddedOutputs;
        kernel.Projector.Project(table, stride, scratch.Frames, scratch.FrameStride, frames, scratch.Residuals, stride);
        return scratch.Residuals;
    }
}
