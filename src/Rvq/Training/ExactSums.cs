using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rvq.Search;

namespace Rvq.Training;

/// <summary>
/// A table of sums that depend neither on the order of their terms nor on how these are shared out to threads and processes: the sums of
/// parts, added, have the bits of the sum of the whole.
/// </summary>
/// <remarks>
/// Proof. A term x is split into x = Σ_k s_k(x), where s_k(x) is what the higher bins leave over, rounded to a multiple of 2^(24 k): a
/// function of x alone. A term enters at a bin with |x| &lt; 2^(24 k + 23), for which all higher slices are zero, and each slice leaves at
/// most 2^(24 k − 1) = 2^(24 (k − 1) + 23) to the next, so |s_k(x)| ≤ 2^23 · 2^(24 k). Bin k holds Σ_x s_k(x) in binary64: up to 2^30
/// integers of at most 2^23 in units of 2^(24 k), so every partial sum is an integer of at most 2^53 units, and exact. Exact additions
/// commute and associate. The bins are added from the top to the bottom in one order when a sum is read. A float32 leaves nothing below
/// bin −7 (its unit in the last place is at least 2^−149); of a binary64 what is below 2^−312 is dropped, whatever the order.
/// </remarks>
internal sealed class ExactSums(int rows, int width)
{
    /// <summary>The largest number of terms of a sum.</summary>
    public const long MaxTerms = 1L << 30;

    private const int BinBits = 24;
    private const int LowestBin = -13;
    private const int HighestBin = 12;

    private static readonly double[] Rounders =
        [.. Enumerable.Range(LowestBin, HighestBin - LowestBin + 1).Select(bin => 1.5 * Math.ScaleB(1, 52 + (BinBits * bin)))];

    // [rows, width] each; null where no term has reached the bin.
    private readonly double[]?[] _bins = new double[HighestBin - LowestBin + 1][];

    /// <summary>Adds a row of finite values. Threads may add to different rows at the same time.</summary>
    public void Add(int row, ReadOnlySpan<float> values) => Add(row, values, [0]);

    /// <summary>Adds some rows of finite values. Threads may add to different rows at the same time.</summary>
    /// <param name="row">The row to add to.</param>
    /// <param name="rows">Rows, [T, width].</param>
    /// <param name="members">Those to add.</param>
    [MethodImpl(InnerLoop.Options)]
    public void Add(int row, ReadOnlySpan<float> rows, ReadOnlySpan<int> members)
    {
        var largest = 0f;
        foreach (var member in members)
        {
            largest = Math.Max(largest, Math.Abs(TensorPrimitives.MaxMagnitude(rows.Slice(member * width, width))));
        }

        if (largest == 0)
        {
            return;
        }

        var (top, start, column) = (BinOf(largest), row * width, 0);
        for (; column <= width - 8; column += 8)
        {
            AddEight(start + column, rows, members, column, top);
        }

        for (; column < width; column++)
        {
            foreach (var member in members)
            {
                Add(start + column, rows[(member * width) + column], top);
            }
        }
    }

    /// <summary>Adds one finite value to the sum of a row of width 1.</summary>
    public void Add(int row, double value)
    {
        if (value != 0)
        {
            Add(row, value, BinOf(Math.Abs(value)));
        }
    }

    /// <summary>Adds the sums of another table of the same size.</summary>
    public void Add(ExactSums other)
    {
        for (var bin = LowestBin; bin <= HighestBin; bin++)
        {
            if (other._bins[bin - LowestBin] is { } sums)
            {
                TensorPrimitives.Add(Bin(bin), sums, Bin(bin));
            }
        }
    }

    /// <summary>A sum, rounded.</summary>
    public double this[int row, int column = 0]
    {
        get
        {
            var sum = 0.0;
            for (var bin = HighestBin; bin >= LowestBin; bin--)
            {
                sum += _bins[bin - LowestBin]?[(row * width) + column] ?? 0;
            }

            return sum;
        }
    }

    /// <summary>Writes the sums of a row, each as the indexer gives it.</summary>
    public void CopyTo(int row, Span<double> sums)
    {
        sums.Clear();
        for (var i = _bins.Length - 1; i >= 0; i--)
        {
            if (_bins[i] is { } bin)
            {
                TensorPrimitives.Add(sums, bin.AsSpan(row * width, width), sums);
            }
        }
    }

    /// <summary>A bit for every bin that is there, then their sums.</summary>
    public void Write(Stream stream)
    {
        var present = 0;
        for (var i = 0; i < _bins.Length; i++)
        {
            present |= _bins[i] is null ? 0 : 1 << i;
        }

        LittleEndian.Write<int>(stream, [present]);
        foreach (var sums in _bins)
        {
            LittleEndian.Write<double>(stream, sums);
        }
    }

    /// <exception cref="InvalidDataException">A value that no sum has.</exception>
    public void Read(Stream stream)
    {
        var present = LittleEndian.ReadOne<int>(stream);
        for (var bin = LowestBin; bin <= HighestBin; bin++)
        {
            if ((present >> (bin - LowestBin) & 1) != 0)
            {
                var sums = Bin(bin);
                LittleEndian.Read<double>(stream, sums);
                var (unit, limit) = (Math.ScaleB(1, BinBits * bin), Math.ScaleB(1, (BinBits * bin) + 53));
                if (Array.Exists(sums, sum => !(Math.Abs(sum) <= limit) || sum % unit != 0))
                {
                    throw new InvalidDataException($"A sum of bin {bin} is not a multiple of {unit} of at most {limit}.");
                }
            }
        }

        if (present >> _bins.Length != 0)
        {
            throw new InvalidDataException($"Sums of bins beyond {HighestBin} are not known.");
        }
    }

    // The lowest bin with |x| < 2^(24 bin + 23), for |x| in [2^e, 2^(e + 1)). Binary64's subnormal numbers are below the lowest bin.
    private static int BinOf(double magnitude)
    {
        var exponent = (int)(BitConverter.DoubleToInt64Bits(magnitude) >> 52) - 1023;
        return Math.Max(LowestBin, ((exponent + 1 + (BinBits << 6)) / BinBits) - (1 << 6));
    }

    // Three bins hold all of most values; their sums over the members stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddEight(int place, ReadOnlySpan<float> rows, ReadOnlySpan<int> members, int column, int top)
    {
        var first = Vector256.Create(Rounders[top - LowestBin]);
        var second = Vector256.Create(Rounders[top - 1 - LowestBin]);
        var third = Vector256.Create(Rounders[top - 2 - LowestBin]);
        Vector256<double> firstLow = default, firstHigh = default, secondLow = default, secondHigh = default, thirdLow = default,
            thirdHigh = default;
        foreach (var member in members)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(rows.Slice((member * width) + column, 8)));
            var (lowSlice, highSlice) = (low + first - first, high + first - first);
            (firstLow, firstHigh, low, high) = (firstLow + lowSlice, firstHigh + highSlice, low - lowSlice, high - highSlice);
            (lowSlice, highSlice) = (low + second - second, high + second - second);
            (secondLow, secondHigh, low, high) = (secondLow + lowSlice, secondHigh + highSlice, low - lowSlice, high - highSlice);
            (lowSlice, highSlice) = (low + third - third, high + third - third);
            (thirdLow, thirdHigh, low, high) = (thirdLow + lowSlice, thirdHigh + highSlice, low - lowSlice, high - highSlice);
            if ((low | high) != Vector256<double>.Zero)
            {
                AddRest(place, low, high, top - 3);
            }
        }

        AddSums(place, firstLow, firstHigh, top);
        AddSums(place, secondLow, secondHigh, top - 1);
        AddSums(place, thirdLow, thirdHigh, top - 2);
    }

    // A bin that no term reaches takes no memory.
    private void AddSums(int place, Vector256<double> low, Vector256<double> high, int bin)
    {
        if ((low | high) != Vector256<double>.Zero)
        {
            var sums = Bin(bin).AsSpan(place, 8);
            (Vector256.Create<double>(sums) + low).CopyTo(sums);
            (Vector256.Create<double>(sums[4..]) + high).CopyTo(sums[4..]);
        }
    }

    private void AddRest(int place, Vector256<double> low, Vector256<double> high, int top)
    {
        for (var i = 0; i < 4; i++)
        {
            Add(place + i, low[i], top);
            Add(place + i + 4, high[i], top);
        }
    }

    private void Add(int place, double rest, int top)
    {
        for (var bin = top; rest != 0 && bin >= LowestBin; bin--)
        {
            var rounder = Rounders[bin - LowestBin];
            var slice = rest + rounder - rounder;
            Bin(bin)[place] += slice;
            rest -= slice;
        }
    }

    private double[] Bin(int bin)
    {
        ref var sums = ref _bins[bin - LowestBin];
        return Volatile.Read(ref sums) ?? Interlocked.CompareExchange(ref sums, new double[rows * width], null) ?? sums!;
    }
}
