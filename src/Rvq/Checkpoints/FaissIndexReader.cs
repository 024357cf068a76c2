using System.Buffers.Binary;

namespace Rvq.Checkpoints;

/// <summary>
/// Finds the codebooks in a faiss IndexResidualQuantizer file (index_write.cpp): fourcc <c>IxRq</c> (or <c>IxRQ</c> of old versions), the index
/// header, then d, M, the bits of each codebook and the codebooks one after the other. They become tensors <c>codebooks.{i}</c> [2^bits, d].
/// The stored codes behind them are not read.
/// </summary>
internal static class FaissIndexReader
{
    private const int MaxBits = 24;

    public static bool Recognises(ReadOnlySpan<byte> start) => start.StartsWith("IxRq"u8) || start.StartsWith("IxRQ"u8);

    public static TensorFile Read(Stream stream)
    {
        stream.Position = 0;
        var old = ReadInt32(stream, "fourcc") == BinaryPrimitives.ReadInt32LittleEndian("IxRQ"u8);
        var headerDimensions = ReadInt32(stream, "d");
        Skip(stream, 3 * sizeof(long) + 1); // ntotal, two unused, is_trained
        var metric = ReadInt32(stream, "metric_type");
        if (metric > 1)
        {
            Skip(stream, sizeof(float)); // metric_arg
        }

        var dimensions = ReadInt64(stream, "rq.d");
        if (dimensions != headerDimensions || dimensions < 1)
        {
            throw Invalid(stream, $"has {dimensions} dimensions in the quantizer, but {headerDimensions} in the header");
        }

        var count = ReadInt64(stream, "rq.M");
        var bitsCount = ReadInt64(stream, "rq.nbits");
        if (count < 1 || count != bitsCount || count > Remaining(stream) / sizeof(long))
        {
            throw Invalid(stream, $"has {count} codebooks with {bitsCount} widths in the {Remaining(stream)} bytes that are left");
        }

        var sizes = new long[count];
        for (var i = 0; i < sizes.Length; i++)
        {
            var bits = ReadInt64(stream, $"rq.nbits[{i}]");
            sizes[i] = bits is >= 0 and <= MaxBits ? 1L << (int)bits : throw Invalid(stream, $"has a codebook {i} of {bits} bits; 0 to {MaxBits} are read");
        }

        Skip(stream, old ? 1 + (2 * sizeof(int)) : 1); // is_trained; train_type and max_beam_size
        var values = ReadInt64(stream, "rq.codebooks");
        var needed = (Int128)sizes.Sum() * dimensions;
        if (values != needed || values > Remaining(stream) / sizeof(float))
        {
            throw Invalid(stream, $"has {values} codebook values with {Remaining(stream)} bytes left, but its sizes need {needed}");
        }

        var tensors = new TensorEntry[count];
        for (var (i, offset) = (0, stream.Position); i < tensors.Length; offset += sizes[i++] * dimensions * sizeof(float))
        {
            tensors[i] = new TensorEntry($"codebooks.{i}", ElementType.Float32, "F32", [sizes[i], dimensions], offset);
        }

        return new TensorFile(stream, tensors, new Dictionary<string, string>());
    }

    private static int ReadInt32(Stream stream, string what)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        Fill(stream, bytes, what);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    private static long ReadInt64(Stream stream, string what)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        Fill(stream, bytes, what);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    private static void Fill(Stream stream, Span<byte> bytes, string what)
    {
        if (Remaining(stream) < bytes.Length)
        {
            throw Invalid(stream, $"ends before its {what}");
        }

        stream.ReadExactly(bytes);
    }

    private static void Skip(Stream stream, int count) => stream.Position += count;

    private static long Remaining(Stream stream) => stream.Length - stream.Position;

    private static InvalidDataException Invalid(Stream stream, string reason) => new($"The faiss index {reason} (at byte {stream.Position}).");
}
