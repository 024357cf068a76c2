using Rvq.Streams;

namespace Rvq.Tool.Files;

/// <summary>Codes of files that hold them all at once: .npy, EnCodec's .ecdc and DAC's .dac.</summary>
internal static class CodeFile
{
    /// <summary>Reads codes, [T, N] or [B, T, N], or with <paramref name="channelsFirst"/> [N, T] or [B, N, T] as a .npy file has them then.</summary>
    /// <exception cref="InvalidDataException">It is no such file, or a damaged one.</exception>
    public static NpyArray<int> Read(Stream stream, bool channelsFirst)
    {
        var start = FileStart.Peek(ref stream);
        if (FileStart.IsEcdc(start))
        {
            var file = EcdcFile.Read(WholeFile.Read(stream).Span);
            return Array(file.Codes.ToArray(), 1, file.CodebookCount, channelsFirst);
        }

        if (FileStart.IsDac(start))
        {
            var file = DacFile.Read(WholeFile.Read(stream).Span);
            var signals = Enumerable.Range(0, file.SignalCount).SelectMany(signal => file.GetCodes(signal).ToArray());
            return Array([.. signals.Select(code => (int)code)], file.SignalCount, file.CodebookCount, channelsFirst);
        }

        return NpyReader.ReadInt32(stream);
    }

    /// <summary>Codes [B, T, N] as an array; without a batch where there is one sequence.</summary>
    private static NpyArray<int> Array(int[] codes, int batch, int codebooks, bool channelsFirst)
    {
        var frames = batch == 0 ? 0 : codes.Length / batch / codebooks;
        var shape = channelsFirst ? new[] { batch, codebooks, frames } : [batch, frames, codebooks];
        if (channelsFirst)
        {
            var rows = codes;
            codes = new int[rows.Length];
            for (var i = 0; i < rows.Length; i++)
            {
                var (row, codebook) = Math.DivRem(i, codebooks);
                var (sequence, frame) = Math.DivRem(row, frames);
                codes[(((sequence * codebooks) + codebook) * frames) + frame] = rows[i];
            }
        }

        return new NpyArray<int>(codes, batch == 1 ? shape[1..] : shape);
    }
}
