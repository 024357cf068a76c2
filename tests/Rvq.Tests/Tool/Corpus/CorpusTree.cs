using System.Security.Cryptography;

namespace Rvq.Tests.Tool.Corpus;

/// <summary>A small corpus of frames of <see cref="ArithmeticModel"/> in a tree of folders.</summary>
internal static class CorpusTree
{
    /// <summary>The clips: their places without an extension, and their lengths.</summary>
    public static readonly (string Name, int Count)[] Clips =
        [("a", 7), ("speech/b", 1), ("speech/deep/c d", 300), ("speech/deep/é", 0), ("speech/z", 40), ("x/y", 5), ("x/y2", 9),
            ("x/y3", 11)];

    /// <summary>The value of a frame of a clip.</summary>
    public static float Frame(int clip, int t, int d) => ArithmeticModel.Frame(ArithmeticModel.Number(clip, t), d);

    /// <summary>The codes of a clip.</summary>
    public static int[] Codes(int clip)
        => [.. Enumerable.Range(0, Clips[clip].Count * ArithmeticModel.CodebookCount)
            .Select(i => ArithmeticModel.Code(
                ArithmeticModel.Number(clip, i / ArithmeticModel.CodebookCount), i % ArithmeticModel.CodebookCount))];

    /// <summary>Writes the corpus as .npy files.</summary>
    public static void Write(string folder)
    {
        for (var clip = 0; clip < Clips.Length; clip++)
        {
            var path = Path.Combine(folder, Clips[clip].Name + ".npy");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var number = clip;
            ArithmeticModel.Write(path, [Clips[clip].Count, ArithmeticModel.Dimensions], index => Frame(number, index[0], index[1]));
        }
    }

    /// <summary>Every file of a folder, hidden ones too, with a hash of its bytes.</summary>
    public static SortedDictionary<string, string> Hashes(string folder)
        => new(Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .ToDictionary(
            path => Path.GetRelativePath(folder, path), path => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))),
                StringComparer.Ordinal);
}
