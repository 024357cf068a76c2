namespace Rvq.Tool.Files;

/// <summary>A type that an .npy output may hold its values in.</summary>
/// <param name="Name">NumPy's name of it.</param>
/// <param name="Code">Its code in a header.</param>
/// <param name="Size">The bytes of a value.</param>
/// <param name="ToBytes">Makes little-endian bytes of values.</param>
internal sealed record NpyElement<T>(string Name, string Code, int Size, NpyElement<T>.Converter ToBytes)
    where T : unmanaged
{
    /// <summary>Fills bytes, <see cref="Size"/> for each value.</summary>
    /// <exception cref="InvalidDataException">The type cannot hold a value.</exception>
    public delegate void Converter(ReadOnlySpan<T> values, Span<byte> bytes);
}
