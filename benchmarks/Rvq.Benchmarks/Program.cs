using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Running;
using Rvq.Benchmarks.Probes;
using Rvq.Benchmarks.Report;

switch (args)
{
    case ["probe", .. var rest]:
        Probe.Encode(rest);
        break;
    case ["probe-decode", .. var rest]:
        Probe.Decode(rest);
        break;
    case ["probe-kernels", .. var rest]:
        Probe.Kernels(rest);
        break;
    case ["probe-forms", .. var rest]:
        Probe.Forms(rest);
        break;
    case ["probe-beam", var shape, var frameCount]:
        OptionsProbe.Beam(shape, int.Parse(frameCount, CultureInfo.InvariantCulture));
        break;
    case ["probe-threads", var shape, var frameCount]:
        OptionsProbe.Threads(shape, int.Parse(frameCount, CultureInfo.InvariantCulture));
        break;
    case ["probe-layout", var shape, var frameCount]:
        LayoutProbe.Print(shape, int.Parse(frameCount, CultureInfo.InvariantCulture));
        break;
    case ["peak"]:
        Peak.Print();
        break;
    case ["train", var folder, var codebooks, var threads]:
        TrainingProbe.Print(folder, int.Parse(codebooks, CultureInfo.InvariantCulture), int.Parse(threads, CultureInfo.InvariantCulture));
        break;
    case ["bits"]:
        Bits.Print();
        break;
    case ["first-code", var shape]:
        FirstCode.Print(shape);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(
            [.. args.Where(arg => arg != "--quick")], RvqConfig.Create(args.Contains("--quick")));
        break;
}
