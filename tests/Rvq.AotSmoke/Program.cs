using Rvq.AotSmoke;

// Published with NativeAOT, or run under the JIT, on any machine: what can be worked out by hand, and what must be the same bits
// everywhere. "--print" lists the hashes of this machine, for a change that alters them on purpose.
if (args is ["--print"])
{
    foreach (var (name, hash) in Promise.Compute())
    {
        Console.WriteLine($"        (\"{name}\", 0x{hash:X16}),");
    }

    return 0;
}

Arithmetic.Check();
var (equal, different) = Promise.Check();
Console.WriteLine(different == 0 ? $"OK: {equal} hashes equal" : $"{different} hashes differ, {equal} are equal");
return different == 0 ? 0 : 1;
