using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// The rows that one process trains on: what the stages so far have left over of its frames. They can be sorted such that the first ones
/// are an even part of all, chosen by their hashes, which is enough for early iterations.
/// </summary>
internal sealed class Shard
{
    private const ulong PartSalt = 0x5A11;

    private readonly int _dimensions;
    private readonly int _threads;
    private ulong _salt;

    /// <param name="rows">[T, D]; taken over and changed.</param>
    /// <param name="dimensions">D.</param>
    /// <param name="threads">The threads to use.</param>
    public Shard(float[] rows, int dimensions, int threads)
    {
        _dimensions = dimensions;
        _threads = threads;
        Residuals = rows;
        Hashes = RowHash.OfAll(rows, dimensions, threads);
    }

    /// <summary>The residuals, [T, D].</summary>
    public float[] Residuals { get; }

    /// <summary>The hashes of the frames that the residuals come from.</summary>
    public ulong[] Hashes { get; }

    /// <summary>The number of rows, T.</summary>
    public int Count => Hashes.Length;

    public Span<float> this[int row] => Residuals.AsSpan(row * _dimensions, _dimensions);

    /// <summary>
    /// Sorts the rows by keys drawn from their hashes, so that the first ones are an even part of all, and those of all shards are one of
    /// all rows.
    /// </summary>
    /// <param name="seed">Draws the keys.</param>
    public void SortForParts(ulong seed)
    {
        _salt = seed ^ PartSalt;
        var keys = Enumerable.Range(0, Count).Select(Key).ToArray();
        var sources = Enumerable.Range(0, Count).ToArray();
        Array.Sort(keys, sources);
        Move(sources);
    }

    /// <summary>
    /// The number of rows, the first of the shard, that belong to an even part of all rows; equal rows are all in it or all out of it.
    /// </summary>
    /// <param name="share">The part's share, in (0, 1]; below 1 only where rows are sorted for it.</param>
    public int Part(double share)
    {
        if (share >= 1)
        {
            return Count;
        }

        var limit = (ulong)(share * (1UL << 63));
        var (first, end) = (0, Count);
        while (first < end)
        {
            var middle = first + ((end - first) / 2);
            (first, end) = Key(middle) >> 1 < limit ? (middle + 1, end) : (first, middle);
        }

        return first;
    }

    /// <summary>An even sample of the rows.</summary>
    /// <param name="capacity">The rows to keep.</param>
    /// <param name="salt">Chooses them.</param>
    public RowSample Sample(int capacity, ulong salt)
    {
        var sample = new RowSample(capacity, _dimensions);
        for (var row = 0; row < Count; row++)
        {
            sample.Add(RowHash.Mix(Hashes[row], salt), this[row]);
        }

        return sample;
    }

    /// <summary>Subtracts every row's codeword from it.</summary>
    public void Subtract(float[] codewords, int[] codes) => Subtract(Residuals, codewords, codes, _dimensions, Count, _threads);

    /// <summary>Subtracts the codeword of every row from it, in the first <paramref name="count"/> rows.</summary>
    public static void Subtract(float[] rows, float[] codewords, int[] codes, int width, int count, int threads)
        => Threads.ForRows(count, threads, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                var residual = rows.AsSpan(row * width, width);
                TensorPrimitives.Subtract(residual, codewords.AsSpan(codes[row] * width, width), residual);
            }
        });

    private ulong Key(int row) => RowHash.Mix(Hashes[row], _salt);

    // Row i becomes what row sources[i] was, cycle by cycle, in place; sources are used up.
    private void Move(int[] sources)
    {
        var kept = new float[_dimensions];
        for (var start = 0; start < Count; start++)
        {
            this[start].CopyTo(kept);
            var (hash, row) = (Hashes[start], start);
            while (sources[row] != start && sources[row] != row)
            {
                var source = sources[row];
                this[source].CopyTo(this[row]);
                (Hashes[row], sources[row], row) = (Hashes[source], row, source);
            }

            kept.CopyTo(this[row]);
            (Hashes[row], sources[row]) = (hash, row);
        }
    }
}
