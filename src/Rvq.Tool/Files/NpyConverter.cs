namespace Rvq.Tool.Files;

/// <summary>Turns the bytes of an .npy file's values, in this machine's order, into values.</summary>
internal delegate void NpyConverter<T>(ReadOnlySpan<byte> bytes, Span<T> values);
