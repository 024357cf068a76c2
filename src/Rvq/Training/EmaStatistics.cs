namespace Rvq.Training;

/// <summary>
/// What an <see cref="EmaTrainer"/> has measured on a batch: counts, sums and losses. The statistics of several workers, added in any
/// order, have the bits
/// of the statistics of one worker with all their frames: sums are kept exactly. Those of several batches of one worker can be added as
/// well.
/// </summary>
public sealed class EmaStatistics
{
    private static ReadOnlySpan<byte> Magic => "RVQSTEP\0"u8;

    internal EmaStatistics(EmaShape shape)
    {
        Shape = shape;
        Stages = Array.ConvertAll(shape.Sizes, size => new KMeansStatistics(size, shape.Dimensions, withDonors: false));
        Candidates = Array.ConvertAll(shape.Candidates, capacity => new RowSample(capacity, shape.Dimensions));
    }

    /// <summary>The frames measured, padding not counted.</summary>
    public long FrameCount => Stages[0].Rows;

    internal EmaShape Shape { get; }

    /// <summary>For each stage that ran the counts, sums and errors of its inputs.</summary>
    internal KMeansStatistics[] Stages { get; }

    /// <summary>For each codebook that ran an even sample of its inputs, as far as dead codewords may need it.</summary>
    internal RowSample[] Candidates { get; }

    /// <summary>Adds the statistics of another worker or batch of the same step.</summary>
    /// <param name="other">The statistics; they stay as they are.</param>
    /// <exception cref="ArgumentException">
    /// They are of another step or of other options, or of more frames than sums can be exact of (2³⁰); nothing has changed then.
    /// </exception>
    public void Add(EmaStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (!Shape.Equals(other.Shape))
        {
            throw new ArgumentException($"other is of {other.Shape}, but these statistics are of {Shape}.", nameof(other));
        }

        if (FrameCount + other.FrameCount > ExactSums.MaxTerms)
        {
            throw new ArgumentException(
                $"{FrameCount + other.FrameCount} frames are more than the {ExactSums.MaxTerms} whose sums are exact.", nameof(other));
        }

        for (var i = 0; i < Stages.Length; i++)
        {
            Stages[i].Add(other.Stages[i]);
        }

        for (var i = 0; i < Candidates.Length; i++)
        {
            Candidates[i].Add(other.Candidates[i]);
        }
    }

    /// <summary>The statistics as bytes, to send to another process; the same on every machine.</summary>
    public byte[] ToBytes()
    {
        var stream = new MemoryStream();
        stream.Write(Magic);
        LittleEndian.Write<long>(stream, [Shape.Step]);
        LittleEndian.Write<int>(
            stream, [Shape.Dimensions, Shape.Sizes.Length, Shape.Candidates.Length, .. Shape.Sizes, .. Shape.Candidates]);
        foreach (var stage in Stages)
        {
            stage.Write(stream);
        }

        foreach (var candidates in Candidates)
        {
            candidates.Write(stream);
        }

        return stream.ToArray();
    }

    /// <summary>Adds what another process's <see cref="ToBytes"/> has given.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="InvalidDataException">
    /// The bytes are of another step or other options, are cut short, or hold what no worker gives; nothing has changed then.
    /// </exception>
    /// <exception cref="ArgumentException">More frames than sums can be exact of (2³⁰); nothing has changed then.</exception>
    public void Add(ReadOnlySpan<byte> bytes) => Add(StatisticsBytes.Read(bytes, Read));

    // The shape must be this one's before anything of its size is allocated.
    private EmaStatistics Read(MemoryStream stream)
    {
        Span<byte> magic = stackalloc byte[Magic.Length];
        stream.ReadExactly(magic);
        if (!magic.SequenceEqual(Magic))
        {
            throw new InvalidDataException("The bytes do not start as the statistics of a step do.");
        }

        var step = LittleEndian.ReadOne<long>(stream);
        var lengths = new int[3];
        LittleEndian.Read<int>(stream, lengths);
        if (lengths[1] == Stages.Length && lengths[2] == Candidates.Length)
        {
            var (sizes, candidates) = (new int[lengths[1]], new int[lengths[2]]);
            LittleEndian.Read<int>(stream, sizes);
            LittleEndian.Read<int>(stream, candidates);
            var shape = new EmaShape(step, lengths[0], sizes, candidates);
            return shape.Equals(Shape)
                ? ReadBody(stream) : throw new InvalidDataException($"The statistics are of {shape}, but {Shape} is needed.");
        }

        throw new InvalidDataException(
            $"The statistics are of step {step} with {lengths[1]} stages and {lengths[2]} codebooks, but {Shape} is needed.");
    }

    private EmaStatistics ReadBody(MemoryStream stream)
    {
        var other = new EmaStatistics(Shape);
        foreach (var stage in other.Stages)
        {
            stage.Read(stream);
            if (stage.Rows != other.FrameCount)
            {
                throw new InvalidDataException($"A stage is of {stage.Rows} frames, but the first one of {other.FrameCount}.");
            }
        }

        foreach (var candidates in other.Candidates)
        {
            candidates.Read(stream);
        }

        return other;
    }
}
