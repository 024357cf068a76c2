using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>
/// Transposes matrices, block by block: rows are often a multiple of 4 KB apart, where a cache holds only a few of them, so each cache line
/// is read and written whole while it is there; and as no hardware prefetcher follows such steps, the next rows are prefetched here.
/// </summary>
internal static unsafe class Transposition
{
    private const int Block = 16;
    private const int Tile = 4;

    private static bool HasVectors => Sse.IsSupported || AdvSimd.Arm64.IsSupported;

    /// <summary>destination[column, row] = source[row, column], read along the source's rows.</summary>
    /// <param name="source">[rows, columns].</param>
    /// <param name="sourceStride">The distance between two of its rows.</param>
    /// <param name="rows">The number of its rows.</param>
    /// <param name="columns">The number of its columns.</param>
    /// <param name="destination">[columns, rows].</param>
    /// <param name="stride">The distance between two of its rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyAlongSource<T>(T* source, nint sourceStride, int rows, int columns, T* destination, nint stride)
        where T : unmanaged
    {
        for (var row = 0; row < rows; row += Block, source += Block * sourceStride, destination += Block)
        {
            for (var column = 0; column < columns; column += Block)
            {
                PrefetchNext(source + column, sourceStride, rows - row);
                CopyBlock(
                    source + column, sourceStride, Math.Min(Block, rows - row), Math.Min(Block, columns - column),
                    destination + (column * stride), stride);
            }
        }
    }

    /// <summary>The same, written along the destination's rows.</summary>
    /// <inheritdoc cref="CopyAlongSource"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyAlongDestination<T>(T* source, nint sourceStride, int rows, int columns, T* destination, nint stride)
        where T : unmanaged
    {
        for (var column = 0; column < columns; column += Block, source += Block, destination += Block * stride)
        {
            for (var row = 0; row < rows; row += Block)
            {
                PrefetchNext(destination + row, stride, columns - column);
                CopyBlock(
                    source + (row * sourceStride), sourceStride, Math.Min(Block, rows - row), Math.Min(Block, columns - column),
                    destination + row, stride);
            }
        }
    }

    /// <summary>Prefetches a line of each row of the next block, as far as there are rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchNext<T>(T* start, nint stride, int rows)
        where T : unmanaged
    {
        for (var row = Block; row < Math.Min(2 * Block, rows); row++)
        {
            CacheLines.Prefetch(start + (row * stride));
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static void CopyBlock<T>(T* source, nint sourceStride, int rows, int columns, T* destination, nint stride)
        where T : unmanaged
    {
        var (tiledRows, tiledColumns) = sizeof(T) == sizeof(float) && HasVectors ? (rows & -Tile, columns & -Tile) : (0, 0);
        for (nint column = 0; column < tiledColumns; column += Tile)
        {
            for (nint row = 0; row < tiledRows; row += Tile)
            {
                CopyTile(
                    (float*)(source + (row * sourceStride) + column), sourceStride, (float*)(destination + (column * stride) + row), stride);
            }
        }

        for (nint column = 0; column < columns; column++)
        {
            for (nint row = column < tiledColumns ? tiledRows : 0; row < rows; row++)
            {
                destination[(column * stride) + row] = source[(row * sourceStride) + column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyTile(float* source, nint sourceStride, float* destination, nint stride)
    {
        Vector128<float> a = Vector128.Load(source), b = Vector128.Load(source + sourceStride);
        Vector128<float> c = Vector128.Load(source + (2 * sourceStride)), d = Vector128.Load(source + (3 * sourceStride));
        var (acLow, acHigh, bdLow, bdHigh) = (ZipLow(a, c), ZipHigh(a, c), ZipLow(b, d), ZipHigh(b, d));
        ZipLow(acLow, bdLow).Store(destination);
        ZipHigh(acLow, bdLow).Store(destination + stride);
        ZipLow(acHigh, bdHigh).Store(destination + (2 * stride));
        ZipHigh(acHigh, bdHigh).Store(destination + (3 * stride));
    }

    /// <summary>The lower values of two vectors in turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> left, Vector128<float> right)
        => Sse.IsSupported ? Sse.UnpackLow(left, right) : AdvSimd.Arm64.ZipLow(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> left, Vector128<float> right)
        => Sse.IsSupported ? Sse.UnpackHigh(left, right) : AdvSimd.Arm64.ZipHigh(left, right);
}
