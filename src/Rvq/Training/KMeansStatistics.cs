using System.Runtime.CompilerServices;
using Rvq.Search;

namespace Rvq.Training;

/// <summary>
/// What codewords stand for among some rows; the statistics of parts, added in any order, are those of the whole to the last bit.
/// </summary>
/// <param name="size">The codewords, K.</param>
/// <param name="dimensions">D.</param>
/// <param name="withDonors">Whether a member of each cluster is kept for empty ones.</param>
internal sealed class KMeansStatistics(int size, int dimensions, bool withDonors)
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

    /// <summary>A member of each cluster for the empty ones, or null.</summary>
    public Donors? Donors { get; } = withDonors ? new(size, dimensions) : null;

    /// <summary>The squared distances of all rows, summed.</summary>
    public double Error
    {
        get
        {
            var sum = 0.0;
            for (var code = 0; code < size; code++)
            {
                sum += Errors[code];
            }

            return sum;
        }
    }

    /// <summary>Adds rows, cluster by cluster.</summary>
    /// <param name="clusters">The rows of each codeword.</param>
    /// <param name="rows">[T, D].</param>
    /// <param name="codewords">[K, D].</param>
    /// <param name="threads">The threads to use.</param>
    /// <param name="hashes">The rows' hashes, [T]; not looked at without donors.</param>
    /// <param name="salt">Chooses donors.</param>
    public void Gather(Clusters clusters, float[] rows, float[] codewords, int threads, ulong[] hashes, ulong salt)
        => Threads.For(size, threads, code => Gather(code, clusters[code], rows, codewords, hashes, salt));

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
        Donors?.Add(other.Donors!);
    }

    public void Write(Stream stream)
    {
        LittleEndian.Write<long>(stream, [Rows, Changed]);
        LittleEndian.Write<long>(stream, Counts);
        Sums.Write(stream);
        Errors.Write(stream);
        Donors?.Write(stream);
    }

    /// <exception cref="InvalidDataException">Values that no pass gives.</exception>
    public void Read(Stream stream)
    {
        Rows = LittleEndian.ReadOne<long>(stream);
        Changed = LittleEndian.ReadOne<long>(stream);
        LittleEndian.Read<long>(stream, Counts);
        if (Rows > ExactSums.MaxTerms || Changed < 0 || Changed > Rows || Array.Exists(Counts, count => count < 0 || count > Rows)
            || Counts.Sum() != Rows)
        {
            throw new InvalidDataException($"Counts of {Rows} rows, {Changed} of them changed, that do not add up.");
        }

        Sums.Read(stream);
        Errors.Read(stream);
        Donors?.Read(stream);
    }

    [MethodImpl(InnerLoop.Options)]
    private void Gather(int code, ReadOnlySpan<int> members, ReadOnlySpan<float> rows, float[] codewords, ulong[] hashes, ulong salt)
    {
        Counts[code] += members.Length;
        var codeword = codewords.AsSpan(code * dimensions, dimensions);
        foreach (var row in members)
        {
            var values = rows.Slice(row * dimensions, dimensions);
            var distance = SquaredDistance.Between(values, codeword);
            Errors.Add(code, distance);
            Donors?.Offer(code, RowHash.Mix(hashes[row], salt), distance, values);
        }

        Sums.Add(code, rows, members);
    }
}
