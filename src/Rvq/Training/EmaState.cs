using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Rvq.Files;

namespace Rvq.Training;

/// <summary>
/// The file of an <see cref="EmaTrainer"/>'s state, little-endian: magic, XXH64 of all that follows, dimensions, options, the state of the
/// random choices, then for every codebook its steps, usage, sums and codewords.
/// </summary>
internal static class EmaState
{
    private const int BodyOffset = 16;

    private static ReadOnlySpan<byte> Magic => "RVQEMA\0\u0001"u8;

    public static void Save(EmaTrainer trainer, string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var options = WriteOptions(trainer.Dimensions, trainer.Options);
        var hash = new XxHash64();
        ForEachPart(trainer, options, hash.Append);
        OutputFile.Write(path, stream =>
        {
            Span<byte> checksum = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(checksum, hash.GetCurrentHashAsUInt64());
            stream.Write(Magic);
            stream.Write(checksum);
            ForEachPart(trainer, options, stream.Write);
        });
    }

    public static EmaTrainer Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var stream = File.OpenRead(path);
        using var reader = new BinaryReader(stream);
        Span<byte> magic = stackalloc byte[Magic.Length];
        if (stream.Length < BodyOffset || stream.ReadAtLeast(magic, magic.Length) < magic.Length || !magic.SequenceEqual(Magic))
        {
            throw new InvalidDataException($"{path} does not start as a trainer's state does.");
        }

        if (reader.ReadUInt64() != Hash(stream))
        {
            throw new InvalidDataException($"{path} is cut short or damaged: its checksum at offset {Magic.Length} does not fit what follows.");
        }

        stream.Position = BodyOffset;
        try
        {
            var (dimensions, options) = ReadOptions(reader);
            ThrowUnlessLength(stream, dimensions, options, path);
            var trainer = new EmaTrainer(dimensions, options);
            Read(reader, trainer, path);
            return trainer;
        }
        catch (Exception error) when (error is ArgumentException or EndOfStreamException)
        {
            throw new InvalidDataException($"{path} holds options that no trainer has: {error.Message}", error);
        }
    }

    private static ulong Hash(Stream stream)
    {
        var hash = new XxHash64();
        stream.Position = BodyOffset;
        hash.Append(stream);
        return hash.GetCurrentHashAsUInt64();
    }

    private static void ForEachPart(EmaTrainer trainer, byte[] options, Action<ReadOnlySpan<byte>> write)
    {
        write(options);
        write(MemoryMarshal.AsBytes(trainer.RandomState));
        foreach (var book in trainer.Codebooks)
        {
            var steps = book.Steps;
            write(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(ref steps)));
            write(MemoryMarshal.AsBytes(book.Usage.AsSpan()));
            write(MemoryMarshal.AsBytes(book.Sums.AsSpan()));
            write(MemoryMarshal.AsBytes(book.Codewords.AsSpan()));
        }
    }

    private static byte[] WriteOptions(int dimensions, EmaTrainerOptions options)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(dimensions);
        writer.Write(options.CodebookCount);
        writer.Write(options.CodebookSize);
        writer.Write(options.SharedCodebook);
        writer.Write(options.Decay);
        writer.Write((byte)options.Smoothing);
        writer.Write(options.Epsilon);
        writer.Write((byte)options.DeadCodeRule);
        writer.Write(options.DeadCodeThreshold);
        writer.Write(options.DeadCodeInterval);
        writer.Write(options.InitializationIterations);
        writer.Write(options.QuantizerDropout);
        writer.Write(options.Seed);
        writer.Write(options.MaxDegreeOfParallelism);
        return bytes.ToArray();
    }

    private static (int Dimensions, EmaTrainerOptions Options) ReadOptions(BinaryReader reader)
    {
        var dimensions = reader.ReadInt32();
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        var options = new EmaTrainerOptions
        {
            CodebookCount = reader.ReadInt32(),
            CodebookSize = reader.ReadInt32(),
            SharedCodebook = reader.ReadBoolean(),
            Decay = reader.ReadDouble(),
            Smoothing = (UsageSmoothing)reader.ReadByte(),
            Epsilon = reader.ReadDouble(),
            DeadCodeRule = (DeadCodeRule)reader.ReadByte(),
            DeadCodeThreshold = reader.ReadDouble(),
            DeadCodeInterval = reader.ReadInt32(),
            InitializationIterations = reader.ReadInt32(),
            QuantizerDropout = reader.ReadDouble(),
            Seed = reader.ReadUInt64(),
            MaxDegreeOfParallelism = reader.ReadInt32(),
        };
        options.Validate(nameof(options));
        return (dimensions, options);
    }

    // Before anything of the stated size is allocated.
    private static void ThrowUnlessLength(Stream stream, int dimensions, EmaTrainerOptions options, string path)
    {
        Int128 size = options.CodebookSize;
        var books = options.SharedCodebook ? 1 : options.CodebookCount;
        var expected = stream.Position + (4 * sizeof(ulong)) + (books * (sizeof(long) + (size * sizeof(float)) + (2 * size * dimensions * sizeof(float))));
        if (stream.Length != expected)
        {
            throw new InvalidDataException(
                $"{path} has {stream.Length} bytes, but {books} codebooks of {size} codewords of {dimensions} dimensions need {expected}.");
        }
    }

    private static void Read(BinaryReader reader, EmaTrainer trainer, string path)
    {
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(trainer.RandomState));
        if (!trainer.RandomState.ContainsAnyExcept(0UL))
        {
            throw new InvalidDataException($"{path} holds a state of the random choices that is all zero.");
        }

        foreach (var book in trainer.Codebooks)
        {
            book.Steps = reader.ReadInt64();
            if (book.Steps < -1 || book.Steps < 0 == trainer.IsInitialized)
            {
                throw new InvalidDataException($"{path} holds {book.Steps} steps at offset {reader.BaseStream.Position - sizeof(long)}.");
            }

            ReadFinite(reader.BaseStream, book.Usage, path);
            ReadFinite(reader.BaseStream, book.Sums, path);
            ReadFinite(reader.BaseStream, book.Codewords, path);
        }
    }

    private static void ReadFinite(Stream stream, Span<float> values, string path)
    {
        var start = stream.Position;
        stream.ReadExactly(MemoryMarshal.AsBytes(values));
        if (!System.Numerics.Tensors.TensorPrimitives.IsFiniteAll<float>(values))
        {
            throw new InvalidDataException($"{path} holds a value that is not finite in the {values.Length} from offset {start} on.");
        }
    }
}
