using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>The tests' one door to the kernels: by name as test data, and as what a model is quantized with.</summary>
public static class TestKernels
{
    // RVQ_EMULATE=1 runs what merely needs wider vectors than the machine has; the JIT makes them of narrower ones.
    private static readonly bool Emulates = Environment.GetEnvironmentVariable("RVQ_EMULATE") == "1";

    // RVQ_KERNELS=DotProd,Vector128 runs only these, for long runs of one kernel.
    private static readonly string[]? Wanted = Environment.GetEnvironmentVariable("RVQ_KERNELS")?.Split(',');

    public static TheoryData<string> Names => new(Kernels.All.Select(kernel => kernel.Name));

    /// <summary>Every kernel with every kind of <see cref="TestVectors"/>.</summary>
    public static TheoryData<string, string> NamesAndKinds()
    {
        var data = new TheoryData<string, string>();
        foreach (var kernel in Kernels.All)
        {
            foreach (var kind in TestVectors.Kinds)
            {
                data.Add(kernel.Name, kind);
            }
        }

        return data;
    }

    /// <summary>The kernels that this machine and its settings accelerate, and those that are to be emulated.</summary>
    internal static IEnumerable<Kernel> Supported => Kernels.All.Where(IsSupported);

    /// <summary>The one that a quantizer takes by itself.</summary>
    internal static Kernel Best => Kernels.Best;

    /// <summary>A kernel by name; the test is skipped where it is not accelerated.</summary>
    internal static Kernel Get(string name)
    {
        var kernel = Kernels.All.Single(candidate => candidate.Name == name);
        Assert.SkipUnless(IsSupported(kernel), $"{name} is not accelerated on this machine or by its settings.");
        return kernel;
    }

    internal static Quantizer Quantizer(RvqModel model, Kernel kernel, int beamWidth = 1)
        => new(model, new QuantizerOptions { BeamWidth = beamWidth }, kernel);

    internal static Dequantizer Dequantizer(RvqModel model, Kernel kernel, long mostTabulatedValues = FrameDecoder.MostTabulatedValues)
        => new(model, kernel, mostTabulatedValues);

    /// <summary>
    /// The codes of all frames in one call, and those of each block in a call of its own, which kernels may search in another way.
    /// </summary>
    internal static IEnumerable<(string How, int[] Codes)> Encode(RvqModel model, Kernel kernel, float[] frames)
    {
        var quantizer = Quantizer(model, kernel);
        var length = model.FramesPerBlock * model.Dimensions;
        yield return ("at once", quantizer.Encode(frames));
        yield return ("block by block", [.. frames.Chunk(length).SelectMany(block => quantizer.Encode(block))]);
    }

    /// <summary>Skips a test of lanes that are not accelerated here.</summary>
    internal static void SkipUnlessSupported<T>()
        where T : struct, IFloatLanes<T>
        => Assert.SkipUnless(T.IsSupported || Emulates, $"{typeof(T).Name} is not accelerated on this machine or by its settings.");

    /// <summary>Skips a test of bytes that cannot be multiplied here; SDOT has a form in software, and 512 bits one in halves.</summary>
    internal static void SkipUnlessMultiplied<T>()
        where T : struct, IByteLanes<T>
        => Assert.SkipUnless(
            T.IsSupported || typeof(T) == typeof(DotProdLanes) || (typeof(T) == typeof(ByteLanes512) && Avx2.IsSupported),
            $"{typeof(T)} is not on this machine or switched off.");

    private static bool IsSupported(Kernel kernel)
        => (kernel.IsSupported || HasSoftware(kernel) || IsEmulated(kernel)) && (Wanted is null || Wanted.Contains(kernel.Name));

    private static bool IsEmulated(Kernel kernel)
        => Emulates && (kernel.Name.StartsWith("Vector", StringComparison.Ordinal) || (kernel.Name == "Avx512" && Avx2.IsSupported));

    // Software for one instruction, fast enough to be tested wherever vectors are.
    private static bool HasSoftware(Kernel kernel) => kernel.Name == "DotProd" && Vector128.IsHardwareAccelerated;
}
