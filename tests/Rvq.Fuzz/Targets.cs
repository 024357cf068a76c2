using Rvq.Streams;
using Rvq.Tool.Files;

namespace Rvq.Fuzz;

/// <summary>The readers of foreign bytes. Their documented exceptions are caught here, so that any other is a finding.</summary>
internal sealed record Targets(string Name, Action<byte[]> Read, Func<IEnumerable<byte[]>> Seeds)
{
    private static readonly Targets[] All =
    [
        new("rvq", bytes => ReadStream(bytes, recover: false), Streams),
        new("rvq-recover", bytes => ReadStream(bytes, recover: true), Streams),
        new("ecdc", Refusing<InvalidDataException>(bytes => EcdcFile.Read(bytes).ToArray()), () =>
            [new EcdcFile("encodec_24khz", 3200, 4, new int[40]).ToArray(), new EcdcFile("encodec_48khz", 50000, 1, new int[158], [1, 2])
                .ToArray()]),
        new("dac", Refusing<InvalidDataException>(bytes => DacFile.Read(bytes)), () => Containers.Files("ReferenceData", ".dac")),
        new("checkpoint", Refusing<InvalidDataException>(ReadCheckpoint), () => []),
        .. Containers.All.Select(
            container => new Targets(container.Name, Refusing<InvalidDataException>(Containers.Read), container.Seeds)),
        new("npy", Refusing<InvalidDataException>(bytes => NpyReader.ReadSingle(new MemoryStream(bytes))),
            () => [Npy("<f4", 4), Npy("<f2", 2), Npy(">f8", 8)]),
        new("npy-codes", Refusing<InvalidDataException>(bytes => NpyReader.ReadInt32(new MemoryStream(bytes))),
            () => [Npy("<i8", 8), Npy("|u1", 1)]),
        new("wav", Refusing<InvalidDataException>(bytes => WavReader.Read(bytes, _ => { })),
            () => Containers.Files("Tool/Fixtures", ".wav", ".w64")),
        new("packets", Refusing<ArgumentException>(ReadPackets), () => [new byte[24], new byte[47]]),
    ];

    public static IEnumerable<string> Names => All.Select(target => target.Name);

    public static Targets? Find(string name) => Array.Find(All, target => target.Name == name);

    private static Action<byte[]> Refusing<TException>(Action<byte[]> read)
        where TException : Exception
        => bytes =>
        {
            try
            {
                read(bytes);
            }
            catch (TException)
            {
            }
        };

    private static void ReadStream(byte[] bytes, bool recover)
        => Refusing<InvalidDataException>(bytes =>
        {
            using var reader = RvqReader.Open(new MemoryStream(bytes), options: new RvqReaderOptions { Recover = recover });
            while (reader.ReadChunk() is { } chunk)
            {
                chunk.ToArray();
            }
        })(bytes);

    /// <summary>A sound file of shape [2, 3].</summary>
    private static byte[] Npy(string type, int itemSize)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': (2, 3), }}".PadRight(117) + "\n";
        return [
            0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(header), .. new byte[6 * itemSize]];
    }

    private static IEnumerable<byte[]> Streams()
    {
        foreach (var header in (RvqHeader[])[new([1024]), new([5, 1, 300]) { Metadata = new Dictionary<string, string> { ["a"] = "b" } }])
        {
            var stream = new MemoryStream();
            using var writer = new RvqWriter(stream, header, 4);
            writer.Write<int>(new int[8 * header.CodebookCount]);
            writer.Complete();
            yield return stream.ToArray();
        }
    }

    /// <summary>The first byte says what to read, the rest is read.</summary>
    private static void ReadPackets(byte[] bytes)
    {
        if (bytes.Length < 2)
        {
            return;
        }

        var rest = bytes.AsSpan(2);
        int[] widths = [bytes[0] % 40, bytes[1] % 40, 10];
        var codes = new uint[rest.Length / 3 * 3];
        switch (bytes[0] % 3)
        {
            case 0:
                LyraPackets.Unpack(rest, bytes[1], codes);
                break;
            case 1:
                CodePacking.Unpack(rest, widths, codes);
                break;
            default:
                FaissCodes.Unpack(rest, widths, codes);
                break;
        }
    }

    private static void ReadCheckpoint(byte[] bytes)
    {
        var path = Path.Combine(Path.GetTempPath(), $"rvq-fuzz-{Environment.ProcessId}");
        File.WriteAllBytes(path, bytes);
        RvqModel.Load(path);
    }
}
