namespace Rvq.Training;

/// <summary>
/// What a <see cref="ShardTrainer"/> has measured on its frames in one step. The statistics of all shards, added in any order, have the
/// bits of the
/// statistics of all frames in one shard: sums are kept exactly.
/// </summary>
public sealed class ShardStatistics
{
    private static ReadOnlySpan<byte> Magic => "RVQSHARD"u8;

    private readonly ShardShape _shape;

    internal ShardStatistics(ShardShape shape, KMeansStatistics? pass = null)
    {
        _shape = shape;
        Sample = new RowSample(shape.SampleCapacity, shape.Dimensions);
        FrameSums = new ExactSums(1, shape.Dimensions);
        Pass = pass ?? (shape.Size > 0 ? new KMeansStatistics(shape.Size, shape.Dimensions, withDonors: true) : null);
    }

    /// <summary>The frames of the shards, with their copies once there are some; in early iterations those looked at.</summary>
    public long FrameCount => Pass?.Rows ?? Rows;

    /// <summary>The rows behind <see cref="Sample"/>, or behind an early part.</summary>
    internal long Rows { get; set; }

    /// <summary>The largest magnitude of a value.</summary>
    internal float Largest { get; set; }

    /// <summary>The sum of all frames, [1, D].</summary>
    internal ExactSums FrameSums { get; }

    /// <summary>An even sample of frames or residuals.</summary>
    internal RowSample Sample { get; init; }

    /// <summary>A pass of k-means, or null.</summary>
    internal KMeansStatistics? Pass { get; }

    /// <summary>Adds the statistics of another shard of the same step.</summary>
    /// <param name="other">The other shard's statistics; they stay as they are.</param>
    /// <exception cref="ArgumentException">
    /// They are of another step, of other options, or more frames than sums can be exact of (2³⁰).
    /// </exception>
    public void Add(ShardStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other._shape != _shape)
        {
            throw new ArgumentException($"other is of {other._shape}, but these statistics are of {_shape}.", nameof(other));
        }

        if (FrameCount + other.FrameCount > ExactSums.MaxTerms)
        {
            throw new ArgumentException(
                $"{FrameCount + other.FrameCount} frames are more than the {ExactSums.MaxTerms} whose sums are exact.", nameof(other));
        }

        Rows += other.Rows;
        Largest = Math.Max(Largest, other.Largest);
        FrameSums.Add(other.FrameSums);
        Sample.Add(other.Sample);
        Pass?.Add(other.Pass!);
    }

    /// <summary>The statistics as bytes, to send to another process; the same on every machine.</summary>
    public byte[] ToBytes()
    {
        var stream = new MemoryStream();
        stream.Write(Magic);
        LittleEndian.Write<int>(stream, [_shape.Step, _shape.Dimensions, _shape.Size, _shape.SampleCapacity]);
        LittleEndian.Write<long>(stream, [Rows]);
        LittleEndian.Write<float>(stream, [Largest]);
        FrameSums.Write(stream);
        Sample.Write(stream);
        Pass?.Write(stream);
        return stream.ToArray();
    }

    /// <summary>Adds what another process's <see cref="ToBytes"/> has given.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="InvalidDataException">
    /// The bytes are of another step or other options, are cut short, or hold what no shard gives; nothing has changed then.
    /// </exception>
    /// <exception cref="ArgumentException">More frames than sums can be exact of (2³⁰); nothing has changed then.</exception>
    public void Add(ReadOnlySpan<byte> bytes) => Add(StatisticsBytes.Read(bytes, Read));

    // What is read is as large as these statistics are themselves, so nothing is allocated on the word of the bytes.
    private ShardStatistics Read(MemoryStream stream)
    {
        Span<byte> magic = stackalloc byte[Magic.Length];
        stream.ReadExactly(magic);
        Span<int> header = stackalloc int[4];
        LittleEndian.Read(stream, header);
        var shape = new ShardShape(header[0], header[1], header[2], header[3]);
        if (!magic.SequenceEqual(Magic) || shape != _shape)
        {
            throw new InvalidDataException(magic.SequenceEqual(Magic)
                ? $"The statistics are of {shape}, but {_shape} is needed."
                : "The bytes do not start as statistics of a shard do.");
        }

        var other = new ShardStatistics(shape) { Rows = LittleEndian.ReadOne<long>(stream), Largest = LittleEndian.ReadOne<float>(stream) };
        if (other.Rows < 0 || !(other.Largest >= 0 && float.IsFinite(other.Largest)))
        {
            throw new InvalidDataException($"The statistics are of {other.Rows} frames with values up to {other.Largest}.");
        }

        other.FrameSums.Read(stream);
        other.Sample.Read(stream);
        other.Pass?.Read(stream);
        return other;
    }

    /// <summary>Refuses statistics of another step.</summary>
    internal void ThrowUnless(ShardShape shape, string name)
    {
        if (_shape != shape)
        {
            throw new ArgumentException($"{name} is of {_shape}, but {shape} is needed.", name);
        }
    }
}
