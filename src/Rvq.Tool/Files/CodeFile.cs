using System.Globalization;
using Rvq.Streams;

namespace Rvq.Tool.Files;

/// <summary>Codes of a file that is read whole, and what it says of them: .npy, EnCodec's .ecdc, DAC's .dac, an .rvq stream.</summary>
/// <param name="Format">npy, ecdc, dac or rvq.</param>
/// <param name="Codes">Codes, [T, N] or [B, T, N], or [N, T] or [B, N, T] where channels come first.</param>
/// <param name="Header">The codebooks, where the file says how large they are.</param>
/// <param name="Metadata">What else it says.</param>
internal sealed record CodeFile(string Format, NpyArray<int> Codes, RvqHeader? Header, IReadOnlyDictionary<string, string> Metadata)
{
    private const int SizeOfTenBits = 1024;

    /// <summary>Reads codes.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="channelsFirst">Whether the frame axis comes last; that of a .npy file lies where it lies.</param>
    /// <exception cref="InvalidDataException">It is no such file, or a damaged one.</exception>
    public static CodeFile Read(Stream stream, bool channelsFirst)
    {
        var start = FileStart.Peek(ref stream);
        return FileStart.IsEcdc(start) ? Ecdc(EcdcFile.Read(WholeFile.Read(stream).Span), channelsFirst)
            : FileStart.IsDac(start) ? Dac(DacFile.Read(WholeFile.Read(stream).Span), channelsFirst)
            : FileStart.IsRvq(start) ? Rvq(stream, channelsFirst)
            : Npy(NpyReader.ReadInt32(stream));
    }

    private static CodeFile Npy(NpyArray<int> array)
        => new("npy", array, null, new Dictionary<string, string> { ["shape"] = $"[{string.Join(", ", array.Shape)}]" });

    private static CodeFile Ecdc(EcdcFile file, bool channelsFirst)
    {
        var metadata = new Dictionary<string, string>
        {
            ["model"] = file.ModelName,
            ["sampleRate"] = Text(file.SampleRate),
            ["samples"] = Text(file.AudioLength),
            ["segments"] = Text(file.SegmentCount),
        };
        if (!file.Scales.IsEmpty)
        {
            metadata["scales"] = string.Join(' ', file.Scales.ToArray().Select(scale => scale.ToString("R", CultureInfo.InvariantCulture)));
        }

        var header = new RvqHeader([.. Enumerable.Repeat(SizeOfTenBits, file.CodebookCount)])
        {
            FrameRateNumerator = file.FrameRate,
            FrameRateDenominator = 1,
            Metadata = metadata,
        };
        return new CodeFile("ecdc", Array(file.Codes.ToArray(), 1, file.CodebookCount, channelsFirst), header, metadata);
    }

    private static CodeFile Dac(DacFile file, bool channelsFirst)
    {
        var metadata = new Dictionary<string, string>();
        foreach (var (name, value) in new[]
            { ("sampleRate", file.SampleRate), ("samples", file.OriginalLength), ("chunkLength", file.ChunkLength),
                ("channels", file.ChannelCount) })
        {
            if (value is { } number)
            {
                metadata[name] = Text(number);
            }
        }

        var signals = Enumerable.Range(0, file.SignalCount).SelectMany(signal => file.GetCodes(signal).ToArray());
        var codes = Array([.. signals.Select(code => (int)code)], file.SignalCount, file.CodebookCount, channelsFirst);
        return new CodeFile("dac", codes, null, metadata);
    }

    private static CodeFile Rvq(Stream stream, bool channelsFirst)
    {
        using var reader = RvqReader.Open(stream, leaveOpen: true);
        var header = reader.Header;
        var (codes, codebooks) = RvqFile.Read(reader);
        return new CodeFile("rvq", Array(codes, 1, header.GetCodesPerBlock(codebooks), channelsFirst), header, header.Metadata);
    }

    /// <summary>Codes [B, T, N] as an array; without a batch where there is one sequence.</summary>
    private static NpyArray<int> Array(int[] codes, int batch, int width, bool channelsFirst)
    {
        var count = batch == 0 ? 0 : codes.Length / batch / width;
        var layout = batch == 1 ? VectorLayout.Sequence(count, width, channelsFirst)
            : VectorLayout.Sequences(batch, count, width, channelsFirst);
        return new NpyArray<int>(layout.FromRows(codes), layout.Shape);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
