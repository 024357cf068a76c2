using Rvq.Search;

namespace Rvq.Benchmarks;

/// <summary>The kernels of the library, so that their order there is a measurement.</summary>
internal static class KernelByName
{
    /// <summary>The names of those that this machine supports, in the library's order: a quantizer takes the first.</summary>
    public static IEnumerable<string> Supported => Kernels.All.Where(kernel => kernel.IsSupported).Select(kernel => kernel.Name);

    /// <summary>The kernel of a name, or null.</summary>
    public static Kernel? Find(string name)
        => Kernels.All.FirstOrDefault(kernel => kernel.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
