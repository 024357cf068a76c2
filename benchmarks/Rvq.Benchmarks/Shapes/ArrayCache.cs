using System.Runtime.InteropServices;

namespace Rvq.Benchmarks.Shapes;

/// <summary>Arrays that take a while to make, kept in files below .artifacts/bench-cache.</summary>
internal static class ArrayCache
{
    public static List<float[]> GetOrAdd(string name, Func<List<float[]>> make)
    {
        var path = Path.Combine(Repository.Root, ".artifacts", "bench-cache", name + ".bin");
        if (File.Exists(path))
        {
            return Read(path);
        }

        var arrays = make();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var partial = $"{path}.{Environment.ProcessId}";
        Write(partial, arrays);
        File.Move(partial, path, overwrite: true);
        return arrays;
    }

    private static List<float[]> Read(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        var arrays = new List<float[]>();
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            var array = new float[reader.ReadInt32()];
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(array.AsSpan()));
            arrays.Add(array);
        }

        return arrays;
    }

    private static void Write(string path, List<float[]> arrays)
    {
        using var writer = new BinaryWriter(File.Create(path));
        foreach (var array in arrays)
        {
            writer.Write(array.Length);
            writer.Write(MemoryMarshal.AsBytes(array.AsSpan()));
        }
    }
}
