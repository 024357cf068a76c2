using System.Buffers;
using Rvq.Streams;

namespace Rvq.Tool.Files;

/// <summary>.rvq streams as commands read and write them.</summary>
internal static class RvqFile
{
    private const int CodesPerWrite = 1 << 16;

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
                throw new InvalidDataException($"It has more than {Array.MaxLength / model.Dimensions} frames, which are the most that fit an array.");
            }

            reader.Decode(chunk, frames.GetSpan((int)length)[..(int)length]);
            frames.Advance((int)length);
        }

        return frames.WrittenSpan.ToArray();
    }
}
