using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// What the search of one stage reads: rows and half norms for the definition, and packed panels for the kernels, built when a kernel first
/// asks for them. Shared by all models and quantizers that hold the stage.
/// </summary>
internal sealed unsafe class SearchTable
{
    private readonly AlignedBuffer<float> _rows;
    private readonly AlignedBuffer<double> _halfNorms;
    private readonly bool[] _isRepeat;
    private readonly Lazy<FloatPanels> _floatPanels;
    private readonly Lazy<BytePanels>[] _bytePanels;
    private readonly Lazy<SixBitPanels>[] _sixBitPanels;

    public SearchTable(Codebook codebook, SearchMetric metric)
    {
        Size = codebook.Size;
        Dimensions = codebook.Dimensions;
        Stride = codebook.RowStride;
        HasHalfNorms = metric is SearchMetric.Euclidean or SearchMetric.NormalizedEuclidean;
        _rows = metric == SearchMetric.Cosine ? Normalized(codebook) : codebook.PaddedRows;
        _halfNorms = new AlignedBuffer<double>(Size);
        WidestSums.SquaredNorms(Rows, Size, Stride, HalfNorms);
        for (var code = 0; code < Size; code++)
        {
            LargestNorm = Math.Max(LargestNorm, Math.Sqrt(HalfNorms[code]) * Rounding.DoubleSlack);
            HalfNorms[code] = HasHalfNorms ? 0.5 * HalfNorms[code] : 0;
        }

        _isRepeat = Repeats();
        DistinctSize = _isRepeat.Count(isRepeat => !isRepeat);
        _floatPanels = new Lazy<FloatPanels>(() => new FloatPanels(this));
        _bytePanels = Array.ConvertAll(Enum.GetValues<ByteForm>(), form => new Lazy<BytePanels>(() => new BytePanels(this, form)));
        _sixBitPanels = Array.ConvertAll(Enum.GetValues<ByteForm>(), form => new Lazy<SixBitPanels>(() => new SixBitPanels(this, form)));
    }

    public int Size { get; }

    /// <summary>The number of codewords that repeat no earlier one.</summary>
    public int DistinctSize { get; }

    public int Dimensions { get; }

    /// <summary>The number of panels of sixteen codewords, the last one padded.</summary>
    public int PanelCount => PanelLayout.PanelCount(Size);

    /// <summary>The padded length of a row.</summary>
    public int Stride { get; }

    /// <summary>Whether scores start at ½⟨c, c⟩ (Euclidean) rather than at zero (cosine, inner product).</summary>
    public bool HasHalfNorms { get; }

    /// <summary>[Size, Stride], as they are searched.</summary>
    public float* Rows => _rows.Pointer;

    /// <summary>½⟨c, c⟩ by the definition, zeros without <see cref="HasHalfNorms"/>; [Size].</summary>
    public double* HalfNorms => _halfNorms.Pointer;

    /// <summary>An upper bound of the norms of the rows.</summary>
    public double LargestNorm { get; }

    public FloatPanels FloatPanels => _floatPanels.Value;

    public BytePanels BytePanels(ByteForm form) => _bytePanels[(int)form].Value;

    public SixBitPanels SixBitPanels(ByteForm form) => _sixBitPanels[(int)form].Value;

    public float* Row(int code) => Rows + ((nint)code * Stride);

    /// <summary>Prefetches the rows of some codes.</summary>
    [MethodImpl(InnerLoop.Options)]
    public void Prefetch(int* codes, int count)
    {
        for (var i = 0; i < count; i++)
        {
            CacheLines.Prefetch(Row(codes[i]), (nint)Stride * sizeof(float));
        }
    }

    /// <summary>
    /// Whether an earlier codeword is the same, bit for bit: among equals the lowest wins, so kernels leave this one out. Otherwise dead
    /// codewords, often all zeros, would all be candidates whenever one of them is.
    /// </summary>
    public bool IsRepeat(int code) => _isRepeat[code];

    /// <summary>Half norms for panels: infinity beyond the last codeword and for repeated ones, so that these never win.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public AlignedBuffer<float> PanelHalfNorms(ReadOnlySpan<double> halfNorms)
    {
        var result = new AlignedBuffer<float>((long)PanelCount * PanelLayout.PanelSize);
        result.Span.Fill(float.PositiveInfinity);
        for (var code = 0; code < Size; code++)
        {
            result.Pointer[code] = IsRepeat(code) ? float.PositiveInfinity : (float)halfNorms[code];
        }

        return result;
    }

    private bool[] Repeats()
    {
        var seen = new HashSet<int>(Size, new RowComparer(this));
        var repeats = new bool[Size];
        for (var code = 0; code < Size; code++)
        {
            repeats[code] = !seen.Add(code);
        }

        return repeats;
    }

    private static AlignedBuffer<float> Normalized(Codebook codebook)
    {
        var rows = new AlignedBuffer<float>((long)codebook.Size * codebook.RowStride);
        for (nint code = 0; code < codebook.Size; code++)
        {
            var offset = code * codebook.RowStride;
            UnitLength.Scale(codebook.PaddedRows.Pointer + offset, rows.Pointer + offset, codebook.RowStride);
        }

        return rows;
    }

    private sealed class RowComparer(SearchTable table) : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => Bytes(x).SequenceEqual(Bytes(y));

        public int GetHashCode(int code) => Hash((ulong*)table.Row(code), table.Stride / 2);

        // A library's hash function is not optimised yet when a program starts, which is when tables are built.
        [MethodImpl(InnerLoop.Options)]
        private static int Hash(ulong* pairs, int count)
        {
            ulong hash = 0;
            for (var i = 0; i < count; i++)
            {
                hash = (hash ^ pairs[i]) * 0x9E3779B97F4A7C15;
                hash ^= hash >> 32;
            }

            return (int)hash;
        }

        private ReadOnlySpan<byte> Bytes(int code) => new(table.Row(code), table.Stride * sizeof(float));
    }
}
