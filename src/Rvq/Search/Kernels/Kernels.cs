namespace Rvq.Search;

/// <summary>All kernels, the best first.</summary>
internal static class Kernels
{
    public static IReadOnlyList<Kernel> All { get; } =
    [
        new ByteKernel<ByteLanes256<VnniDot>, FloatLanes512, DoubleLanes512>("Vnni512"),
        new ByteKernel<ByteLanes256<VnniDot>, FloatLanes256, DoubleLanes256>("Vnni256"),
        new ByteKernel<ByteLanes512, FloatLanes512, DoubleLanes512>("Avx512"),
        new FloatKernel<FloatLanes512, DoubleLanes512>("Vector512"),
        new ByteKernel<ByteLanes256<Avx2Dot>, FloatLanes256, DoubleLanes256>("Avx2"),
        new FloatKernel<FloatLanes256, DoubleLanes256>("Vector256"),
        new ByteKernel<DotProdLanes, FloatLanes128, DoubleLanes128>("DotProd"),
        new FloatKernel<FloatLanes128, DoubleLanes128>("Vector128"),
        new DefinitionKernel<FusedLanesScalar, DoubleLanesScalar>("Scalar"),
    ];

    /// <summary>The kernel for this machine.</summary>
    public static Kernel Best { get; } = All.First(kernel => kernel.IsSupported);
}
