using System.Numerics;

namespace Rvq.Streams;

/// <summary>
/// Packs codes into bytes with a fixed number of bits each and back. The first code lies in the lowest bits of the first byte, and frames
/// follow each other without alignment, as EnCodec's BitPacker writes them; the last byte is filled up with zero bits. Thread-safe.
/// </summary>
/// <remarks>
/// A model's widths are <see cref="RvqModel.BitsPerCode"/>: 10 for 1024 codewords, 0 for a single one. A code of −1, a codebook left out,
/// has no bits to be packed in: pack the
/// codes of <see cref="RvqModel.Take"/> where the last codebooks are left out, or write chunks with fewer codebooks
/// (<see cref="RvqWriter"/>).
/// </remarks>
public static class CodePacking
{
    /// <summary>The widest code that can be packed, in bits.</summary>
    internal const int MaxBitsPerCode = 32;

    private const string HowToLeaveOut =
        "packed codes have no room to say so, so pack the codes of fewer codebooks, as model.Take(n) gives them, "
        + "or write chunks with fewer codebooks (RvqWriter).";

    /// <summary>The bytes that <paramref name="codeCount"/> codes of one width take.</summary>
    /// <param name="codeCount">The number of codes, frames × codebooks, at least 0.</param>
    /// <param name="bitsPerCode">The width of a code in bits, in [0, 32].</param>
    /// <returns>⌈codeCount × bitsPerCode / 8⌉.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A negative count, a width out of range, or more bytes than a span can hold.
    /// </exception>
    public static int GetByteCount(int codeCount, int bitsPerCode)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(codeCount);
        ThrowIfWidthOutOfRange(bitsPerCode);
        return ByteCount((long)codeCount * bitsPerCode, codeCount, nameof(codeCount));
    }

    /// <summary>The bytes that <paramref name="frameCount"/> frames take whose codes have widths of their own.</summary>
    /// <param name="frameCount">The number of frames (or blocks), at least 0.</param>
    /// <param name="bitsPerCode">The width of each code of a frame in bits, in [0, 32]; length N.</param>
    /// <returns>⌈frameCount × sum of the widths / 8⌉.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A negative count, a width out of range, or more bytes than a span can hold.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="bitsPerCode"/> is empty.</exception>
    public static int GetByteCount(int frameCount, ReadOnlySpan<int> bitsPerCode)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frameCount);
        return ByteCount((Int128)frameCount * SumOfWidths(bitsPerCode), frameCount, nameof(frameCount));
    }

    /// <summary>Packs codes of one width.</summary>
    /// <typeparam name="TCode">Any integer type, such as int, long (ONNX), ushort or byte.</typeparam>
    /// <param name="codes">The codes in the order in which they are packed, each in [0, 2^<paramref name="bitsPerCode"/>).</param>
    /// <param name="bitsPerCode">The width of a code in bits, in [0, 32].</param>
    /// <param name="bytes">
    /// Receives the packed codes; at least <see cref="GetByteCount(int, int)"/> bytes, of which the rest stays as it is.
    /// </param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A code does not fit in its width, or the width is out of range; nothing is written.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="bytes"/> is too short or overlaps <paramref name="codes"/>; nothing is written.
    /// </exception>
    public static int Pack<TCode>(ReadOnlySpan<TCode> codes, int bitsPerCode, Span<byte> bytes)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => Pack(codes, [bitsPerCode], bytes);

    /// <summary>Packs codes whose widths differ by stage.</summary>
    /// <typeparam name="TCode">Any integer type, such as int, long (ONNX), ushort or byte.</typeparam>
    /// <param name="codes">Codes, row-major [T, N] with N the length of <paramref name="bitsPerCode"/>, each in [0, 2^width).</param>
    /// <param name="bitsPerCode">The width of each code of a frame in bits, in [0, 32]; length N.</param>
    /// <param name="bytes">
    /// Receives the packed codes; at least <see cref="GetByteCount(int, ReadOnlySpan{int})"/> bytes, of which the rest stays as it is.
    /// </param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A code does not fit in its width, or a width is out of range; nothing is written.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, or <paramref name="bytes"/> overlaps <paramref name="codes"/>; nothing is written.
    /// </exception>
    public static int Pack<TCode>(ReadOnlySpan<TCode> codes, ReadOnlySpan<int> bitsPerCode, Span<byte> bytes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var count = Check(codes, bitsPerCode, bytes);
        ThrowIfTooLarge(codes, bitsPerCode);
        Bits.Pack(codes, bitsPerCode, bytes[..count]);
        return count;
    }

    /// <summary>Unpacks codes of one width.</summary>
    /// <typeparam name="TCode">Any integer type that holds the codes, such as int, long (ONNX), ushort or byte.</typeparam>
    /// <param name="bytes">The packed codes; at least <see cref="GetByteCount(int, int)"/> bytes, of which the rest is not read.</param>
    /// <param name="bitsPerCode">The width of a code in bits, in [0, 32].</param>
    /// <param name="codes">Receives the codes; its length says how many there are.</param>
    /// <returns>The number of bytes read.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The width is out of range.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="bytes"/> is too short or overlaps <paramref name="codes"/>, or a code does not fit in <typeparamref name="TCode"/>;
    /// nothing is written.
    /// </exception>
    public static int Unpack<TCode>(ReadOnlySpan<byte> bytes, int bitsPerCode, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => Unpack(bytes, [bitsPerCode], codes);

    /// <summary>Unpacks codes whose widths differ by stage.</summary>
    /// <typeparam name="TCode">Any integer type that holds the codes, such as int, long (ONNX), ushort or byte.</typeparam>
    /// <param name="bytes">
    /// The packed codes; at least <see cref="GetByteCount(int, ReadOnlySpan{int})"/> bytes, of which the rest is not read.
    /// </param>
    /// <param name="bitsPerCode">The width of each code of a frame in bits, in [0, 32]; length N.</param>
    /// <param name="codes">Receives the codes, row-major [T, N]; its length says how many there are.</param>
    /// <returns>The number of bytes read.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A width is out of range.</exception>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, buffers that overlap, or a code that does not fit in <typeparamref name="TCode"/>; nothing is written.
    /// </exception>
    public static int Unpack<TCode>(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> bitsPerCode, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var count = Check<TCode>(codes, bitsPerCode, bytes);
        ThrowIfTypeTooSmall<TCode>(bytes[..count], bitsPerCode, codes);
        Bits.Unpack(bytes[..count], bitsPerCode, codes);
        return count;
    }

    /// <summary>Packs codes of a model, each with its codebook's width.</summary>
    /// <typeparam name="TCode">Any integer type, such as int, long (ONNX), ushort or byte.</typeparam>
    /// <param name="model">The model that the codes belong to.</param>
    /// <param name="codes">The codes, row-major [T, N]; for a model with strides [blocks, <see cref="RvqModel.CodesPerBlock"/>].</param>
    /// <returns>⌈blocks × <see cref="RvqModel.BitsPerBlock"/> / 8⌉ bytes.</returns>
    /// <exception cref="ArgumentException">
    /// The length of <paramref name="codes"/> is not a multiple of <see cref="RvqModel.CodesPerBlock"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A code is not in its codebook, −1 included; or the bytes are more than an array can hold.
    /// </exception>
    public static byte[] Pack<TCode>(RvqModel model, ReadOnlySpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ArgumentNullException.ThrowIfNull(model);
        var blocks = Argument.RowCount(codes.Length, model.CodesPerBlock, nameof(codes), "codes of a block");
        ThrowIfOutOfRange(model, codes);
        var bytes = new byte[ByteCount((Int128)blocks * model.BitsPerBlock, codes.Length, nameof(codes))];
        Bits.Pack(codes, model.BitsPerCode, bytes);
        return bytes;
    }

    /// <summary>Unpacks codes of a model.</summary>
    /// <param name="model">The model that the codes belong to.</param>
    /// <param name="bytes">The packed codes; what follows them is not read.</param>
    /// <param name="frameCount">The number of frames T, a multiple of <see cref="RvqModel.FramesPerBlock"/>.</param>
    /// <returns>The codes, row-major [T, N]; for a model with strides [blocks, <see cref="RvqModel.CodesPerBlock"/>].</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="frameCount"/> is negative, not a multiple, or means more codes than an array can hold.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> is too short.</exception>
    /// <exception cref="InvalidDataException">A packed code is not in its codebook, which has another size than a power of two.</exception>
    public static int[] Unpack(RvqModel model, ReadOnlySpan<byte> bytes, int frameCount)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegative(frameCount);
        var (blocks, rest) = Math.DivRem(frameCount, model.FramesPerBlock);
        var count = (long)blocks * model.CodesPerBlock;
        if (rest != 0 || count > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(nameof(frameCount), frameCount, rest != 0
                ? $"frameCount is {frameCount}, which is not a multiple of the model's {model.FramesPerBlock} frames per block."
                : $"{frameCount} frames have {count} codes; at most {Array.MaxLength} are possible.");
        }

        var length = ByteCount((Int128)blocks * model.BitsPerBlock, frameCount, nameof(frameCount));
        if (bytes.Length < length)
        {
            throw new ArgumentException($"bytes has length {bytes.Length}, but {frameCount} frames take {length}.", nameof(bytes));
        }

        var codes = new int[count];
        Bits.Unpack(bytes[..length], model.BitsPerCode, codes.AsSpan());
        return FindOutOfRange<int>(model, codes) is { } place
            ? throw new InvalidDataException(
                $"The packed code of {Describe(place)} is {codes[place.Index]}, but that codebook has {place.Size} codewords.")
            : codes;
    }

    /// <summary>Refuses the first code that is not in its codebook.</summary>
    private static void ThrowIfOutOfRange<TCode>(RvqModel model, ReadOnlySpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        if (FindOutOfRange(model, codes) is { } place)
        {
            throw Argument.NotCode(
                codes[place.Index], nameof(codes), $"{Describe(place)}, which has {place.Size} codewords", HowToLeaveOut);
        }
    }

    private static string Describe((int Index, int Block, int Codebook, int Size) place)
        => $"block {place.Block}, codebook {place.Codebook}";

    private static (int Index, int Block, int Codebook, int Size)? FindOutOfRange<TCode>(RvqModel model, ReadOnlySpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        for (var (i, block) = (0, 0); i < codes.Length; block++)
        {
            for (var codebook = 0; codebook < model.CodebookCount; codebook++)
            {
                var size = model.Stages[codebook].Codebook.Size;
                for (var left = model.FramesPerBlock / model.Stages[codebook].Stride; left > 0; left--, i++)
                {
                    if (!Argument.IsCode(codes[i], size))
                    {
                        return (i, block, codebook, size);
                    }
                }
            }
        }

        return null;
    }

    /// <summary>Refuses the first code that does not fit in its width.</summary>
    internal static void ThrowIfTooLarge<TCode>(ReadOnlySpan<TCode> codes, ReadOnlySpan<int> bitsPerCode)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        if (Bits.AreEqual(bitsPerCode) && Bits.Fits(Bits.Or(codes), bitsPerCode[0]))
        {
            return;
        }

        for (var (i, n) = (0, 0); i < codes.Length; i++)
        {
            if (!Bits.Fits(codes[i], bitsPerCode[n]))
            {
                var place = bitsPerCode.Length == 1 ? $"{i}" : $"frame {i / bitsPerCode.Length}, codebook {n}";
                throw Argument.NotCode(
                    codes[i],
                    nameof(codes),
                    $"{place}, which does not fit in {bitsPerCode[n]} bits",
                    HowToLeaveOut);
            }

            n = n + 1 == bitsPerCode.Length ? 0 : n + 1;
        }
    }

    /// <summary>Refuses widths, lengths and buffers that do not fit each other, and gives the number of packed bytes.</summary>
    private static int Check<TCode>(ReadOnlySpan<TCode> codes, ReadOnlySpan<int> bitsPerCode, ReadOnlySpan<byte> bytes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var bits = SumOfWidths(bitsPerCode);
        var frames = Argument.RowCount(codes.Length, bitsPerCode.Length, nameof(codes), "codes of a frame");
        var count = ByteCount((Int128)frames * bits, codes.Length, nameof(codes));
        if (bytes.Length < count)
        {
            throw Argument.NotLength(bytes.Length, nameof(bytes), $"{codes.Length} codes", count);
        }

        Argument.ThrowIfOverlapping(codes, bytes, nameof(bytes));
        return count;
    }

    /// <summary>Refuses packed codes that the type cannot hold: by the width alone, and for the sign bit by the values.</summary>
    internal static void ThrowIfTypeTooSmall<TCode>(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> bitsPerCode, ReadOnlySpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var bits = Bits.SizeOf<TCode>();
        var widest = 0;
        foreach (var width in bitsPerCode)
        {
            widest = Math.Max(widest, width);
        }

        if (widest > bits)
        {
            throw new ArgumentException(
                $"codes is of {typeof(TCode).Name}, which has {bits} bits, but the widest code has {widest}.", nameof(codes));
        }

        if (widest == bits && TCode.IsNegative(~TCode.Zero)
            && Bits.FirstAbove(bytes, bitsPerCode, codes.Length, (1UL << (bits - 1)) - 1) is >= 0 and var i)
        {
            throw new ArgumentException($"Packed code {i} is too large for {typeof(TCode).Name}, which codes is of.", nameof(bytes));
        }
    }

    internal static long SumOfWidths(ReadOnlySpan<int> bitsPerCode)
    {
        if (bitsPerCode.IsEmpty)
        {
            throw new ArgumentException("bitsPerCode is empty; a frame has at least one code.", nameof(bitsPerCode));
        }

        var sum = 0L;
        foreach (var width in bitsPerCode)
        {
            ThrowIfWidthOutOfRange(width);
            sum += width;
        }

        return sum;
    }

    private static void ThrowIfWidthOutOfRange(int bitsPerCode)
    {
        if (bitsPerCode is < 0 or > MaxBitsPerCode)
        {
            throw new ArgumentOutOfRangeException(
                nameof(bitsPerCode), bitsPerCode, $"bitsPerCode must be in [0, {MaxBitsPerCode}], but is {bitsPerCode}.");
        }
    }

    private static int ByteCount(Int128 bits, int given, string name)
    {
        var bytes = (bits + 7) / 8;
        return bytes <= int.MaxValue
            ? (int)bytes
            : throw new ArgumentOutOfRangeException(
                name, given, $"The packed codes take {bytes} bytes; at most {int.MaxValue} are possible.");
    }
}
