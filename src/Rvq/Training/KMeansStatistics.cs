namespace Rvq.Training;

/// <summary>What one pass of k-means over some rows has found; the statistics of parts, added in any order, are those of the whole to the last bit.</summary>
internal sealed class KMeansStatistics(int size, int dimensions)
{
    /// <summary>The rows seen.</summary>
    public long Rows { get; set; }

    /// <summary>The rows whose code is another than in the pass before.</summary>
    public long Changed { get; set; }

    /// <summary>The rows of each cluster.</summary>
    public long[] Counts { get; } = new long[size];

    /// <summary>The sums of each cluster's rows, [size, dimensions].</summary>
    public ExactSums Sums { get; } = new(size, dimensions);

    /// <summary>The squared distances from each cluster's codeword, summed, [size, 1].</summary>
    public ExactSums Errors { get; } = new(size, 1);

    /// <summary>A member of each cluster for the empty ones.</summary>
    public Donors Donors { get; } = new(size, dimensions);

    public void Add(KMeansStatistics other)
    {
        Rows += other.Rows;
        Changed += other.Changed;
        for (var code = 0; code < size; code++)
        {
            Counts[code] += other.Counts[code];
        }

        Sums.Add(other.Sums);
        Errors.Add(other.Errors);
        Donors.Add(other.Donors);
    }

    public void Write(Stream stream)
    {
        LittleEndian.Write<long>(stream, [Rows, Changed]);
        LittleEndian.Write<long>(stream, Counts);
        Sums.Write(stream);
        Errors.Write(stream);
        Donors.Write(stream);
    }

    /// <exception cref="InvalidDataException">Values that no pass gives.</exception>
    public void Read(Stream stream)
    {
        Rows = LittleEndian.ReadOne<long>(stream);
        Changed = LittleEndian.ReadOne<long>(stream);
        LittleEndian.Read<long>(stream, Counts);
        if (Changed < 0 || Changed > Rows || Array.Exists(Counts, count => count < 0 || count > Rows) || Counts.Sum() != Rows)
        {
            throw new InvalidDataException($"Counts of {Rows} rows, {Changed} of them changed, that do not add up.");
        }

        Sums.Read(stream);
        Errors.Read(stream);
        Donors.Read(stream);
    }
}
