namespace Rvq.Search;

/// <summary>All kernels, the best first.</summary>
internal static class Kernels
{
    public static IReadOnlyList<Kernel> All { get; } =
    [
        new ByteProposingKernel<VnniDot, FloatLanes512, DoubleLanes512>("Vnni512"),
        new ByteProposingKernel<VnniDot, FloatLanes256, DoubleLanes256>("Vnni256"),
        new ProposingKernel<FloatLanes512, DoubleLanes512>("Vector512"),
        new ByteProposingKernel<Avx2Dot, FloatLanes256, DoubleLanes256>("Avx2"),
        new ProposingKernel<FloatLanes256, DoubleLanes256>("Vector256"),
        new ProposingKernel<FloatLanes128, DoubleLanes128>("Vector128"),
        new DefinitionKernel<FusedLanesScalar, DoubleLanesScalar>("Scalar"),
    ];

    /// <summary>The kernel for this machine.</summary>
    public static Kernel Best { get; } = All.First(kernel => kernel.IsSupported);
}
