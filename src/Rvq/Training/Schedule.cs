namespace Rvq.Training;

/// <summary>
/// What each iteration of k-means looks at: few rows through a coarse view first, and in the end all rows in all dimensions. Where a
/// codebook has few rows a codeword, every iteration looks at all of them.
/// </summary>
/// <remarks>
/// Measured on 1,000,000 structured frames of 128 dimensions, two codebooks of 1024, one thread (benchmarks/results/training.md): all rows
/// in every iteration took 67.8 s of CPU, 512 a codeword before the last two iterations 49.1 s, 256 a codeword 39.3 s, 64 of them through
/// the coarse view 34.2 s; the errors on new frames, 118.57 to 118.64, differed by less than those of two seeds. With 64 codewords, early
/// iterations at 256 rows a codeword cost 0.2 % and a coarse view of 64 another 0.2 %: small codebooks look at more rows a codeword.
/// </remarks>
/// <param name="Size">The codewords, K.</param>
/// <param name="Dimensions">D.</param>
/// <param name="Iterations">The largest number of iterations, at least 1; one more assignment follows them.</param>
/// <param name="IsCoarse">Whether there is a coarse view.</param>
/// <param name="Rows">The rows in all processes, or 0 where every iteration is to look at all of them.</param>
internal readonly record struct Schedule(int Size, int Dimensions, int Iterations, bool IsCoarse, long Rows)
{
    private const int CoarseRows = 64;
    private const int FullRows = 256;
    private const int LastButOneRows = 512;
    private const int MinSize = 256;

    // An assignment's work a row beside that of its dimensions.
    private const int RowWork = 16;

    /// <summary>The columns that an iteration looks at; three fifths of the iterations widen the view, by one factor each.</summary>
    /// <param name="iteration">From 1; the one after the last is the assignment at the end.</param>
    public int Width(int iteration)
    {
        var widening = Math.Max(1, Iterations * 3 / 5);
        return !IsCoarse || iteration >= widening
            ? Dimensions
            : (int)Math.Ceiling(Math.Pow(Dimensions, (double)iteration / widening) - 1e-9);
    }

    /// <summary>The share of all rows that an iteration looks at, in (0, 1]; it never shrinks.</summary>
    public double Share(int iteration)
    {
        var perCodeword = iteration == Iterations - 1 ? LastButOneRows : Width(iteration) < Dimensions ? CoarseRows : FullRows;
        return iteration >= Iterations || Rows == 0 ? 1 : Math.Min(1, perCodeword * (double)Math.Max(Size, MinSize) / Rows);
    }

    /// <summary>A measure of the work of the iterations up to one.</summary>
    public double Work(int last)
    {
        var work = 0.0;
        for (var iteration = 1; iteration <= last; iteration++)
        {
            work += Size * Share(iteration) * (Width(iteration) + RowWork);
        }

        return work;
    }
}
