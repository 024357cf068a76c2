namespace Rvq.Training;

/// <summary>Reads statistics that another process has sent, whole or not at all.</summary>
internal static class StatisticsBytes
{
    /// <exception cref="InvalidDataException">
    /// The bytes are cut short, go on behind the statistics, or are refused by <paramref name="read"/>.
    /// </exception>
    public static T Read<T>(ReadOnlySpan<byte> bytes, Func<MemoryStream, T> read)
    {
        var stream = new MemoryStream(bytes.ToArray(), writable: false);
        try
        {
            var statistics = read(stream);
            return stream.Position == stream.Length
                ? statistics
                : throw new InvalidDataException($"The statistics end at offset {stream.Position}, but there are {stream.Length} bytes.");
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"The statistics are cut short: they have {bytes.Length} bytes.", e);
        }
    }
}
