namespace Rvq.Search;

/// <summary>The vectors that a stack encodes.</summary>
internal static unsafe class StackInput
{
    /// <summary>
    /// [frames, stride]: the frames themselves, or where the stack has an input projection, their projections in the scratch's residuals.
    /// </summary>
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
