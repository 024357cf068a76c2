using System.Numerics.Tensors;

namespace Rvq;

/// <summary>
/// Views of memory as codecs and ONNX Runtime lay it out, in the order that <see cref="Quantizer"/> and <see cref="Dequantizer"/> take:
/// frames […, T, D] and codes […, T, N]. Nothing is copied; every length may be 0, 1 or more.
/// </summary>
/// <remarks>
/// Lengths are given as they lie in memory, the slowest first: <c>Layouts.ChannelsFirst(latents, b, d, t)</c>, or with the <c>long[]</c>
/// that ONNX Runtime calls a shape, <c>Layouts.ChannelsFirst(latents, shape)</c>. In F#:
/// <c>Layouts.ChannelsFirst(ReadOnlySpan latents, ReadOnlySpan [| 1L; 128L; 75L |])</c>; an array gives a view to write to, which C# but
/// not F# also takes where one to read is wanted.
/// </remarks>
public static class Layouts
{
    private const int MinRank = 2;
    private const int MaxRank = 4;

    /// <summary>
    /// [B, C, T] seen as [B, T, C], also [C, T] as [T, C] and [B, C, H, W] as [B, H, W, C]: an encoder's frames, or codes of DAC, Mimi and
    /// SNAC ([B, N, T]).
    /// </summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="values">The memory, as long as the product of the lengths.</param>
    /// <param name="lengths">The lengths of the 2 to 4 axes as they lie in memory, each at least 0.</param>
    /// <returns>The same memory with the channels as its last axis, to be read or written.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="values"/> is null.</exception>
    /// <exception cref="ArgumentException">Another number of axes, or values of another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A negative length.</exception>
    public static TensorSpan<T> ChannelsFirst<T>(T[] values, params ReadOnlySpan<long> lengths)
    {
        ArgumentNullException.ThrowIfNull(values);
        return ChannelsFirst(values.AsSpan(), lengths);
    }

    /// <inheritdoc cref="ChannelsFirst{T}(T[], ReadOnlySpan{long})"/>
    public static TensorSpan<T> ChannelsFirst<T>(Span<T> values, params ReadOnlySpan<long> lengths)
    {
        Span<nint> shape = stackalloc nint[MaxRank], strides = stackalloc nint[MaxRank];
        var rank = MoveToEnd(ChannelAxis(lengths), lengths, values.Length, nameof(values), shape, ref strides);
        return new TensorSpan<T>(values.IsEmpty ? Array.Empty<T>() : values, shape[..rank], strides);
    }

    /// <inheritdoc cref="ChannelsFirst{T}(T[], ReadOnlySpan{long})"/>
    /// <returns>The same memory with the channels as its last axis, to be read.</returns>
    public static ReadOnlyTensorSpan<T> ChannelsFirst<T>(ReadOnlySpan<T> values, params ReadOnlySpan<long> lengths)
    {
        Span<nint> shape = stackalloc nint[MaxRank], strides = stackalloc nint[MaxRank];
        var rank = MoveToEnd(ChannelAxis(lengths), lengths, values.Length, nameof(values), shape, ref strides);
        return new ReadOnlyTensorSpan<T>(values.IsEmpty ? Array.Empty<T>() : values, shape[..rank], strides);
    }

    /// <summary>
    /// [N, B, T] seen as [B, T, N], as EnCodec's own code has it; also [N, T] as [T, N] and [N, B, H, W] as [B, H, W, N]. [B, N, T] is
    /// <see cref="ChannelsFirst{T}(T[], ReadOnlySpan{long})"/>.
    /// </summary>
    /// <typeparam name="T">The type of the codes.</typeparam>
    /// <param name="codes">The memory, as long as the product of the lengths.</param>
    /// <param name="lengths">The lengths of the 2 to 4 axes as they lie in memory, each at least 0.</param>
    /// <returns>The same memory with the codebooks as its last axis, to be read or written.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="codes"/> is null.</exception>
    /// <exception cref="ArgumentException">Another number of axes, or codes of another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A negative length.</exception>
    public static TensorSpan<T> CodebooksFirst<T>(T[] codes, params ReadOnlySpan<long> lengths)
    {
        ArgumentNullException.ThrowIfNull(codes);
        return CodebooksFirst(codes.AsSpan(), lengths);
    }

    /// <inheritdoc cref="CodebooksFirst{T}(T[], ReadOnlySpan{long})"/>
    public static TensorSpan<T> CodebooksFirst<T>(Span<T> codes, params ReadOnlySpan<long> lengths)
    {
        Span<nint> shape = stackalloc nint[MaxRank], strides = stackalloc nint[MaxRank];
        var rank = MoveToEnd(0, lengths, codes.Length, nameof(codes), shape, ref strides);
        return new TensorSpan<T>(codes.IsEmpty ? Array.Empty<T>() : codes, shape[..rank], strides);
    }

    /// <inheritdoc cref="CodebooksFirst{T}(T[], ReadOnlySpan{long})"/>
    /// <returns>The same memory with the codebooks as its last axis, to be read.</returns>
    public static ReadOnlyTensorSpan<T> CodebooksFirst<T>(ReadOnlySpan<T> codes, params ReadOnlySpan<long> lengths)
    {
        Span<nint> shape = stackalloc nint[MaxRank], strides = stackalloc nint[MaxRank];
        var rank = MoveToEnd(0, lengths, codes.Length, nameof(codes), shape, ref strides);
        return new ReadOnlyTensorSpan<T>(codes.IsEmpty ? Array.Empty<T>() : codes, shape[..rank], strides);
    }

    private static int ChannelAxis(ReadOnlySpan<long> lengths) => lengths.Length == MinRank ? 0 : 1;

    /// <summary>
    /// The shape and strides of dense memory of these lengths, one axis moved to the end. System.Numerics.Tensors wants the stride 0 along
    /// axes of length 1, and
    /// neither strides of ours nor a default span where there is no element.
    /// </summary>
    private static int MoveToEnd(int axis, ReadOnlySpan<long> lengths, int memory, string name, Span<nint> shape, ref Span<nint> strides)
    {
        var rank = lengths.Length;
        if (rank is < MinRank or > MaxRank)
        {
            throw new ArgumentException($"lengths has {rank} axes, but {MinRank} to {MaxRank} are possible.", nameof(lengths));
        }

        Int128 count = 1;
        for (var (from, to) = (rank - 1, rank - 2); from >= 0; from--)
        {
            var length = lengths[from];
            if (length < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(lengths), $"lengths holds {length} at {from}; no length can be negative.");
            }

            var place = from == axis ? rank - 1 : to--;
            shape[place] = (nint)length;
            strides[place] = length == 1 ? 0 : (nint)count;
            count = count > int.MaxValue && length > 0 ? count : count * length;
        }

        if (count != memory)
        {
            throw new ArgumentException($"{name} has length {memory}, but lengths [{Join(lengths)}] need {Needed(lengths, count)}.", name);
        }

        strides = count == 0 ? [] : strides[..rank];
        return rank;
    }

    private static string Join(ReadOnlySpan<long> lengths) => string.Join(", ", lengths.ToArray());

    private static string Needed(ReadOnlySpan<long> lengths, Int128 count)
        => count > int.MaxValue && !lengths.Contains(0) ? $"more than {int.MaxValue}" : $"{count}";
}
