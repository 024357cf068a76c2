using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// A tensor seen as rows: the last axis runs along a row, and all axes before it count the rows. A contiguous matrix is the simplest case.
/// </summary>
internal readonly struct StridedRows
{
    public const int MaxRank = 16;

    private readonly Axes _lengths;
    private readonly Axes _strides;
    private readonly int _outerAxes;

    /// <summary>Rows of a contiguous matrix.</summary>
    public StridedRows(long count, int rowLength)
    {
        Count = count;
        RowLength = rowLength;
        ElementStride = 1;
        _outerAxes = 1;
        _lengths[0] = (nint)count;
        _strides[0] = rowLength;
    }

    public StridedRows(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides)
    {
        _outerAxes = lengths.Length - 1;
        RowLength = checked((int)lengths[^1]);
        ElementStride = strides[^1];
        Count = 1;
        for (var axis = 0; axis < _outerAxes; axis++)
        {
            _lengths[axis] = lengths[axis];
            _strides[axis] = strides[axis];
            Count = checked(Count * lengths[axis]);
        }
    }

    public long Count { get; }

    public int RowLength { get; }

    public nint ElementStride { get; }

    /// <summary>Whether the rows lie one after the other without gaps.</summary>
    public bool IsDense => _outerAxes == 1 && ElementStride == 1 && _strides[0] == RowLength;

    /// <summary>Where a row begins, in elements from the tensor's start.</summary>
    public nint Offset(long row)
    {
        if (_outerAxes == 1)
        {
            return (nint)row * _strides[0];
        }

        nint offset = 0;
        for (var axis = _outerAxes - 1; axis >= 0; axis--)
        {
            (row, var index) = Math.DivRem(row, _lengths[axis]);
            offset += (nint)index * _strides[axis];
        }

        return offset;
    }

    /// <summary>The elements from the first to the last, inclusive; 0 where there is none.</summary>
    public nint Extent
    {
        get
        {
            if (Count == 0 || RowLength == 0)
            {
                return 0;
            }

            var last = (RowLength - 1) * ElementStride;
            for (var axis = 0; axis < _outerAxes; axis++)
            {
                last += (_lengths[axis] - 1) * _strides[axis];
            }

            return last + 1;
        }
    }

    /// <summary>Whether several rows or elements share memory through a stride of 0; false for an empty tensor.</summary>
    public bool HasBroadcastAxis
    {
        get
        {
            var broadcast = RowLength > 1 && ElementStride == 0;
            for (var axis = 0; axis < _outerAxes; axis++)
            {
                broadcast |= _lengths[axis] > 1 && _strides[axis] == 0;
            }

            return broadcast && Extent > 0;
        }
    }

    [InlineArray(MaxRank)]
    private struct Axes
    {
        private nint _first;
    }
}
