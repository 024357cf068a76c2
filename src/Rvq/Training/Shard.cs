using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// The rows that one process trains on: what the stages so far have left over of its frames. The first <see cref="Early"/> rows are an
/// even part of
/// all, chosen by their hashes, which is enough for early iterations.
/// </summary>
internal sealed class Shard
{
    private const ulong PartSalt = 0x5A11;

    private readonly int _dimensions;
    private readonly int _threads;

    /// <param name="rows">[T, D]; taken over and changed.</param>
    /// <param name="dimensions">D.</param>
    /// <param name="threads">The threads to use.</param>
    public Shard(float[] rows, int dimensions, int threads)
    {
        _dimensions = dimensions;
        _threads = threads;
        Residuals = rows;
        Hashes = RowHash.OfAll(rows, dimensions, threads);
        Early = Count;
    }

    /// <summary>The residuals, [T, D].</summary>
    public float[] Residuals { get; }

    /// <summary>The hashes of the frames that the residuals come from.</summary>
    public ulong[] Hashes { get; }

    /// <summary>The number of rows, T.</summary>
    public int Count => Hashes.Length;

    /// <summary>The rows that early iterations look at.</summary>
    public int Early { get; private set; }

    public Span<float> this[int row] => Residuals.AsSpan(row * _dimensions, _dimensions);

    /// <summary>Moves the rows that belong to an even part of all rows everywhere to the front.</summary>
    /// <param name="share">The share of all rows, in (0, 1].</param>
    /// <param name="seed">Chooses the part.</param>
    public void PutEarlyRowsFirst(double share, ulong seed)
    {
        var limit = (ulong)(Math.Min(share, 1) * (1UL << 63));
        var swapped = new float[_dimensions];
        Early = 0;
        for (var row = 0; row < Count; row++)
        {
            if (share >= 1 || RowHash.Mix(Hashes[row], seed ^ PartSalt) >> 1 < limit)
            {
                if (row != Early)
                {
                    this[row].CopyTo(swapped);
                    this[Early].CopyTo(this[row]);
                    swapped.CopyTo(this[Early]);
                    (Hashes[row], Hashes[Early]) = (Hashes[Early], Hashes[row]);
                }

                Early++;
            }
        }
    }

    /// <summary>Lets early iterations look at all rows.</summary>
    public void TakeAllEarly() => Early = Count;

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
}
