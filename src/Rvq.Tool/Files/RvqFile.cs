using System.Buffers;
using Rvq.Streams;

namespace Rvq.Tool.Files;

/// <summary>.rvq streams as commands read and write them.</summary>
internal static class RvqFile
{
    private const int CodesPerWrite = 1 << 16;

    /// <summary>Refuses to write anything but one sequence.</summary>
    /// <exception cref="InvalidDataException">There are others.</exception>
    public static void ThrowIfNotOne(VectorLayout sequences, string path)
    {
        if (sequences.Batch != 1)
        {
            throw new InvalidDataException($"{path}: It has {sequences.Batch} sequences, but an .rvq stream holds one.");
        }
    }

    /// <summary>Writes codes, row-major [blocks, codes per block].</summary>
    public static void Write(Stream stream, RvqModel model, ReadOnlySpan<int> codes, CancellationToken cancellation)
    {
        using var writer = new RvqWriter(stream, new RvqHeader(model), leaveOpen: true);
        var step = Math.Max(CodesPerWrite / model.CodesPerBlock, 1) * model.CodesPerBlock;
        for (; !codes.IsEmpty; codes = codes[Math.Min(step, codes.Length)..])
        {
            cancellation.ThrowIfCancellationRequested();
            writer.Write(codes[..Math.Min(step, codes.Length)]);
        }

        writer.Complete();
    }

    /// <summary>Writes codes of the first codebooks of a header, row-major [blocks, codes per block].</summary>
    /// <exception cref="InvalidDataException">A code is outside its codebook.</exception>
    public static void Write(Stream stream, RvqHeader header, int codebooks, ReadOnlySpan<int> codes)
    {
        using var writer = new RvqWriter(stream, header, leaveOpen: true);
        try
        {
            writer.Write(codes, codebooks);
        }
        catch (ArgumentOutOfRangeException fault)
        {
            throw new InvalidDataException(Shell.Describe(fault), fault);
        }

        writer.Complete();
    }

    /// <summary>Reads what is left of a stream.</summary>
    /// <returns>The codes, row-major [blocks, codes per block], and the codebooks that they are of.</returns>
    /// <exception cref="InvalidDataException">The stream is damaged, was cut off, or its chunks have codes of different
    /// codebooks.</exception>
    public static (int[] Codes, int Codebooks) Read(RvqReader reader)
    {
        var codes = new ArrayBufferWriter<int>();
        int? codebooks = null;
        while (reader.ReadChunk() is { } chunk)
        {
            if (chunk.CodebookCount != (codebooks ??= chunk.CodebookCount))
            {
                throw new InvalidDataException(
                    $"The chunk from frame {chunk.FirstFrame} has the codes of {chunk.CodebookCount} codebooks, those before it of "
                    + $"{codebooks}; an array needs as many of every frame.");
            }

            if (codes.WrittenCount + (long)chunk.CodeCount > Array.MaxLength)
            {
                throw new InvalidDataException($"It has more than {Array.MaxLength} codes, which are the most that fit an array.");
            }

            chunk.CopyTo(codes.GetSpan(chunk.CodeCount)[..chunk.CodeCount]);
            codes.Advance(chunk.CodeCount);
        }

        return reader.IsComplete ? (codes.WrittenSpan.ToArray(), codebooks ?? reader.Header.CodebookCount)
            : throw new InvalidDataException("It was cut off, or is still being written: its end mark is missing.");
    }

    /// <summary>Decodes what is left of a stream.</summary>
    /// <returns>The frames, row-major [T, D]; those that are lost are zeros where the reader fills gaps.</returns>
    public static float[] Decode(RvqReader reader, RvqModel model, CancellationToken cancellation)
    {
        var frames = new ArrayBufferWriter<float>();
        while (reader.ReadChunk() is { } chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            var length = (long)chunk.FrameCount * model.Dimensions;
            if (frames.WrittenCount + length > Array.MaxLength)
            {
                throw new InvalidDataException(
                    $"It has more than {Array.MaxLength / model.Dimensions} frames, which are the most that fit an array.");
            }

            reader.Decode(chunk, frames.GetSpan((int)length)[..(int)length]);
            frames.Advance((int)length);
        }

        return frames.WrittenSpan.ToArray();
    }
}
