using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvq;

/// <summary>The lengths of buffers, the memory that they share and the codes in them: one wording for each thing that is wrong.</summary>
internal static unsafe partial class Argument
{
    /// <summary>The rows of a row-major buffer; refuses a last one that is not whole.</summary>
    /// <param name="length">The buffer's length.</param>
    /// <param name="rowLength">The length of a row.</param>
    /// <param name="name">The buffer's name.</param>
    /// <param name="row">What a row has so many of, such as "codes of a frame".</param>
    public static int RowCount(int length, int rowLength, string name, string row)
        => length % rowLength == 0 ? length / rowLength : throw NotMultiple($"{name} has length {length}", $"the {rowLength} {row}", name);

    /// <summary>Refuses frames that are no whole blocks.</summary>
    public static void ThrowIfNotWholeBlocks(RvqModel model, long frames, string name)
    {
        if (frames % model.FramesPerBlock != 0)
        {
            throw NotMultiple(
                $"{name} has {frames} frames",
                $"the {model.FramesPerBlock} frames of a block: fill up the last block (SNAC pads the audio before its encoder), and keep "
                    + "the true frame count",
                name);
        }
    }

    /// <summary>The exception for a number that should be a multiple of another.</summary>
    public static ArgumentException NotMultiple(string subject, string whole, string name)
        => new($"{subject}, which is not a multiple of {whole}.", name);

    /// <summary>Refuses a buffer that does not have so many rows.</summary>
    /// <param name="length">The buffer's length.</param>
    /// <param name="name">The buffer's name.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="rows">What rows are, such as "frames".</param>
    /// <param name="rowLength">The length of a row.</param>
    /// <param name="unit">What a row has so many of, such as "codes".</param>
    public static void ThrowIfNotLength(int length, string name, long count, string rows, int rowLength = 1, string? unit = null)
    {
        if (length != count * rowLength)
        {
            throw NotLength(length, name, unit is null ? $"{count} {rows}" : $"{count} {rows} of {rowLength} {unit}", count * rowLength);
        }
    }

    /// <summary>Refuses a buffer that has not at least so many rows.</summary>
    public static void ThrowIfShorter(int length, string name, long count, string rows, int rowLength, string unit)
    {
        if (length < count * rowLength)
        {
            throw NotLength(length, name, $"{count} {rows} of {rowLength} {unit}", count * rowLength);
        }
    }

    /// <summary>The exception for a buffer of a wrong length.</summary>
    public static ArgumentException NotLength(int length, string name, string content, long needed)
        => new($"{name} has length {length}, but {content} need {needed}.", name);

    /// <summary>Refuses a view that is not one sequence [rows, rowLength], before which axes of length 1 may stand.</summary>
    public static void ThrowIfNotSequence(ReadOnlySpan<nint> lengths, string name, nint rows, nint rowLength)
    {
        if (!IsSequence(lengths) || lengths[^2] != rows || lengths[^1] != rowLength)
        {
            throw new ArgumentException($"{name} has the shape {Shape(lengths)}, but [{rows}, {rowLength}] is needed.", name);
        }
    }

    /// <summary>Whether a view is one sequence of rows: no axis before the last two is longer than 1.</summary>
    public static bool IsSequence(ReadOnlySpan<nint> lengths) => lengths.Length >= 2 && !lengths[..^2].ContainsAnyExcept(1);

    public static string Shape(ReadOnlySpan<nint> lengths) => $"[{string.Join(", ", lengths.ToArray())}]";

    /// <summary>Refuses memory that source and destination share.</summary>
    public static void ThrowIfOverlapping<T1, T2>(ReadOnlySpan<T1> source, ReadOnlySpan<T2> destination, string name)
        where T1 : unmanaged
        where T2 : unmanaged
    {
        fixed (T1* first = source)
        fixed (T2* second = destination)
        {
            ThrowIfOverlapping(first, source.Length, second, destination.Length, name);
        }
    }

    /// <summary>Refuses memory that source and destination share.</summary>
    public static void ThrowIfOverlapping<T1, T2>(T1* source, nint sourceLength, T2* destination, nint destinationLength, string name)
        where T1 : unmanaged
        where T2 : unmanaged
    {
        if (sourceLength > 0 && destinationLength > 0
            && (byte*)source < (byte*)(destination + destinationLength) && (byte*)destination < (byte*)(source + sourceLength))
        {
            throw new ArgumentException($"{name} overlaps the input, which would be overwritten while it is read.", name);
        }
    }

    /// <summary>Whether a code is in [0, size).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsCode<TCode>(TCode code, int size)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => (ulong)long.CreateSaturating(code) < (ulong)size;

    /// <summary>Whether a code is −1, which stands for a codebook that was left out.</summary>
    public static bool IsLeftOut<TCode>(TCode code)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => long.CreateSaturating(code) == -1;

    /// <summary>The exception for a code that cannot be taken; where it is −1, it says why and how.</summary>
    /// <param name="code">The code.</param>
    /// <param name="name">The name of the codes.</param>
    /// <param name="place">Where it is and what is wrong with it, such as "frame 3, codebook 1, which has 1024 codewords".</param>
    /// <param name="leftOut">Why a codebook cannot be left out here, and what to do.</param>
    public static ArgumentOutOfRangeException NotCode<TCode>(TCode code, string name, string place, string leftOut)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var reason = IsLeftOut(code) ? $" A code of -1 stands for a codebook left out: {leftOut}" : "";
        return new ArgumentOutOfRangeException(name, code, $"{name} holds {code} at {place}.{reason}");
    }
}
