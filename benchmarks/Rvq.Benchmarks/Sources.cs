using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks;

/// <summary>The parameters that the benchmarks share.</summary>
public static class Sources
{
    /// <summary>The shapes' names.</summary>
    public static IEnumerable<string> Shapes => ShapeCatalog.Names;

    /// <summary>The kernels that this machine supports.</summary>
    public static IEnumerable<string> Kernels => KernelByName.Supported;

    /// <summary>The frames of one call: streaming, a short packet, two seconds, twenty seconds.</summary>
    public static IEnumerable<int> FrameCounts => [1, 16, 150, Shape.FrameCount];
}
