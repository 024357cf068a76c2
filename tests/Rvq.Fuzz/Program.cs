using System.Globalization;
using Rvq.Fuzz;
using SharpFuzz;

// rvq-fuzz TARGET [--seconds N | --afl | --libfuzzer] [SEED…]: README.md says how. Without a mode the seeds are read once each, to replay a
// finding.
if (args.Length == 0 || Targets.Find(args[0]) is not { } target)
{
    Console.Error.WriteLine($"usage: TARGET [--seconds N | --afl | --libfuzzer] [FILE…]; targets: {string.Join(' ', Targets.Names)}");
    return 2;
}

var seconds = Array.IndexOf(args, "--seconds") is > 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : 0;
var files = args.Skip(1).Where((argument, i) => !argument.StartsWith("--", StringComparison.Ordinal) && args[i] != "--seconds")
    .SelectMany(path => Directory.Exists(path) ? Directory.GetFiles(path) : [path]).ToArray();
if (args.Contains("--afl"))
{
    Fuzzer.OutOfProcess.Run(stream =>
    {
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        target.Read(bytes.ToArray());
    });
    return 0;
}

if (args.Contains("--libfuzzer"))
{
    Fuzzer.LibFuzzer.Run(bytes => target.Read(bytes.ToArray()));
    return 0;
}

GuidedLoop.Attach();
var seeds = files.Select(File.ReadAllBytes).Concat(files.Length == 0 ? target.Seeds() : []).ToList();
if (seconds > 0)
{
    return GuidedLoop.Run(target.Read, seeds, TimeSpan.FromSeconds(seconds)) ? 0 : 1;
}

seeds.ForEach(target.Read);
Console.WriteLine($"{seeds.Count} inputs read or refused as documented.");
return 0;
