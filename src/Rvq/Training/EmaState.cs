using System.IO.Hashing;
using Rvq.Files;

namespace Rvq.Training;

/// <summary>
/// The file of an <see cref="EmaTrainer"/>'s state, little-endian on every machine: magic, XXH64 of all that follows, dimensions,
/// options, the state of
/// the random choices, then for every codebook its steps, usage, sums and codewords.
/// </summary>
internal static class EmaState
{
    private const int BodyOffset = 16;

    private static ReadOnlySpan<byte> Magic => "RVQEMA\0\u0002"u8;

    public static void Save(EmaTrainer trainer, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var options = WriteOptions(trainer.Dimensions, trainer.Options);
        var hash = new XxHash64();
        ForEachPart(trainer, options, hash.Append);
        OutputFile.Write(path, stream =>
        {
            stream.Write(Magic);
            LittleEndian.Write<ulong>(stream, [hash.GetCurrentHashAsUInt64()]);
            ForEachPart(trainer, options, stream.Write);
        });
    }

    public static EmaTrainer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var stream = File.OpenRead(path);
        using var reader = new BinaryReader(stream);
        Span<byte> magic = stackalloc byte[Magic.Length];
        if (stream.Length < BodyOffset || stream.ReadAtLeast(magic, magic.Length) < magic.Length || !magic.SequenceEqual(Magic))
        {
            throw new InvalidDataException($"{path} does not start as a trainer's state (version {Magic[^1]}) does.");
        }

        if (reader.ReadUInt64() != Hash(stream))
        {
            throw new InvalidDataException(
                $"{path} is cut short or damaged: its checksum at offset {Magic.Length} does not fit what follows.");
        }

        stream.Position = BodyOffset;
        try
        {
            var (dimensions, options) = ReadOptions(reader);
            ThrowUnlessLength(stream, dimensions, options, path);
            var trainer = new EmaTrainer(dimensions, options);
            Read(stream, trainer, path);
            return trainer;
        }
        catch (Exception error) when (error is ArgumentException or EndOfStreamException)
        {
            throw new InvalidDataException($"{path} holds options that no trainer has: {error.Message}", error);
        }
    }

    private static ulong Hash(FileStream stream)
    {
        var hash = new XxHash64();
        stream.Position = BodyOffset;
        hash.Append(stream);
        return hash.GetCurrentHashAsUInt64();
    }

    private static void ForEachPart(EmaTrainer trainer, byte[] options, Action<ReadOnlySpan<byte>> write)
    {
        write(options);
        write(LittleEndian.Bytes<ulong>(trainer.Random.State));
        foreach (var book in trainer.Codebooks)
        {
            write(LittleEndian.Bytes<long>([book.Steps]));
            write(LittleEndian.Bytes<float>(book.Usage));
            write(LittleEndian.Bytes<float>(book.Sums));
            write(LittleEndian.Bytes<float>(book.Codewords));
        }
    }

    private static byte[] WriteOptions(int dimensions, EmaTrainerOptions options)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(dimensions);
        writer.Write(options.CodebookCount);
        writer.Write(options.CodebookSize);
        writer.Write(options.CodebookSizes?.Count ?? 0);
        foreach (var size in options.CodebookSizes ?? [])
        {
            writer.Write(size);
        }

        writer.Write(options.SharedCodebook);
        writer.Write((byte)options.Metric);
        writer.Write(options.Decay);
        writer.Write((byte)options.Smoothing);
        writer.Write(options.Epsilon);
        writer.Write((byte)options.DeadCodeRule);
        writer.Write(options.DeadCodeThreshold);
        writer.Write(options.DeadCodeInterval);
        writer.Write(options.InitializationIterations);
        writer.Write(options.CoarseToFine);
        writer.Write(options.QuantizerDropout);
        writer.Write(options.Commitment.Weight);
        writer.Write(options.Commitment.SumsStages);
        writer.Write(options.Commitment.OnlyFirstStageHasGradient);
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
            CodebookSizes = ReadSizes(reader),
            SharedCodebook = reader.ReadBoolean(),
            Metric = (SearchMetric)reader.ReadByte(),
            Decay = reader.ReadDouble(),
            Smoothing = (UsageSmoothing)reader.ReadByte(),
            Epsilon = reader.ReadDouble(),
            DeadCodeRule = (DeadCodeRule)reader.ReadByte(),
            DeadCodeThreshold = reader.ReadDouble(),
            DeadCodeInterval = reader.ReadInt32(),
            InitializationIterations = reader.ReadInt32(),
            CoarseToFine = reader.ReadBoolean(),
            QuantizerDropout = reader.ReadDouble(),
            Commitment = new Commitment
            {
                Weight = reader.ReadDouble(),
                SumsStages = reader.ReadBoolean(),
                OnlyFirstStageHasGradient = reader.ReadBoolean()
            },
            Seed = reader.ReadUInt64(),
            MaxDegreeOfParallelism = reader.ReadInt32(),
        };
        options.Validate(nameof(options));
        return (dimensions, options);
    }

    private static int[]? ReadSizes(BinaryReader reader)
    {
        var count = reader.ReadInt32();
        if (count < 0 || (long)count * sizeof(int) > reader.BaseStream.Length - reader.BaseStream.Position)
        {
            throw new InvalidDataException(
                $"{count} sizes of codebooks at offset {reader.BaseStream.Position - sizeof(int)} are more than the file holds.");
        }

        var sizes = new int[count];
        LittleEndian.Read<int>(reader.BaseStream, sizes);
        return count == 0 ? null : sizes;
    }

    // Before anything of the stated size is allocated.
    private static void ThrowUnlessLength(FileStream stream, int dimensions, EmaTrainerOptions options, string path)
    {
        var sizes = options.SharedCodebook ? options.Sizes[..1] : options.Sizes;
        var expected = (Int128)stream.Position + (4 * sizeof(ulong));
        foreach (var size in sizes)
        {
            expected += sizeof(long) + ((Int128)size * sizeof(float)) + (2 * (Int128)size * dimensions * sizeof(float));
        }

        if (stream.Length != expected)
        {
            throw new InvalidDataException(
                $"{path} has {stream.Length} bytes, but {sizes.Length} codebooks of {sizes.Sum(size => (long)size)} codewords of "
                    + $"{dimensions} dimensions need {expected}.");
        }
    }

    private static void Read(FileStream stream, EmaTrainer trainer, string path)
    {
        LittleEndian.Read(stream, trainer.Random.State);
        if (!trainer.Random.State.ContainsAnyExcept(0UL))
        {
            throw new InvalidDataException($"{path} holds a state of the random choices that is all zero.");
        }

        foreach (var book in trainer.Codebooks)
        {
            book.Steps = LittleEndian.ReadOne<long>(stream);
            if (book.Steps < -1 || book.Steps < 0 == trainer.IsInitialized)
            {
                throw new InvalidDataException($"{path} holds {book.Steps} steps at offset {stream.Position - sizeof(long)}.");
            }

            ReadFinite(stream, book.Usage, path);
            ReadFinite(stream, book.Sums, path);
            ReadFinite(stream, book.Codewords, path);
        }
    }

    private static void ReadFinite(FileStream stream, float[] values, string path)
    {
        var start = stream.Position;
        LittleEndian.Read<float>(stream, values);
        if (!System.Numerics.Tensors.TensorPrimitives.IsFiniteAll<float>(values))
        {
            throw new InvalidDataException($"{path} holds a value that is not finite in the {values.Length} from offset {start} on.");
        }
    }
}
