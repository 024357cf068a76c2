using System.Reflection;
using BenchmarkDotNet.Running;
using Rvq.Benchmarks.Probes;

switch (args)
{
    case ["probe", .. var rest]:
        Probe.Encode(rest);
        break;
    case ["probe-decode", .. var rest]:
        Probe.Decode(rest);
        break;
    case ["probe-forms", .. var rest]:
        Probe.Forms(rest);
        break;
    case ["peak"]:
        Peak.Print();
        break;
    default:
        BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args);
        break;
}
