using Rvq.Tests.Reference;

namespace Rvq.Tests.Checkpoints;

/// <summary>Writes IndexResidualQuantizer files field by field, as faiss's index_write.cpp does.</summary>
internal static class FaissBytes
{
    public static byte[] Index(ReferenceCase reference, bool old = false)
    {
        var codebooks = TensorBytes.FromSafetensors(Path.Combine(reference.Folder, "model.safetensors"))[0];
        var bits = (long)Math.Log2(codebooks.Shape[1]);
        return Index(codebooks.Shape[2], [.. Enumerable.Repeat(bits, (int)codebooks.Shape[0])], codebooks.Data, old);
    }

    public static byte[] Index(long dimensions, long[] bits, byte[] codebooks, bool old = false, int metric = 1, int searchType = 0)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(old ? "IxRQ"u8 : "IxRq"u8);
        writer.Write((int)dimensions);
        writer.Write(2L); // ntotal
        writer.Write(1L << 20);
        writer.Write(1L << 20);
        writer.Write(true); // is_trained
        writer.Write(metric);
        if (metric > 1)
        {
            writer.Write(0f); // metric_arg
        }

        writer.Write(dimensions);
        writer.Write((long)bits.Length);
        writer.Write((long)bits.Length);
        foreach (var width in bits)
        {
            writer.Write(width);
        }

        writer.Write(true); // is_trained
        if (old)
        {
            writer.Write(2048); // train_type
            writer.Write(5); // max_beam_size
        }

        writer.Write(codebooks.Length / 4L);
        writer.Write(codebooks);
        writer.Write(searchType);
        writer.Write(float.NaN); // norm_min
        writer.Write(float.NaN); // norm_max
        for (var table = 0; table < (searchType >= 8 ? 2 : searchType >= 6 ? 1 : 0); table++)
        {
            writer.Write(3L); // what ST_norm_cqint8 and later keep, then what ST_norm_lsq2x4 and later keep beside it
            writer.Write(new byte[3 * sizeof(float)]);
        }

        if (!old)
        {
            writer.Write(2048);
            writer.Write(5);
        }

        var codeSize = (bits.Sum() + 7) / 8;
        writer.Write(codeSize);
        writer.Write(2 * codeSize);
        writer.Write(new byte[2 * codeSize]);
        return stream.ToArray();
    }
}
