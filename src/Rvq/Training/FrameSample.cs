namespace Rvq.Training;

/// <summary>Keeps up to a limit of frames from a stream of any length, each with the same probability (reservoir sampling).</summary>
internal sealed class FrameSample(int dimensions, int limit, ulong seed)
{
    private readonly SeededRandom _random = new(seed);
    private float[] _frames = [];

    /// <summary>The frames offered so far.</summary>
    public long Offered { get; private set; }

    /// <summary>The frames kept, at most the limit.</summary>
    public int Count { get; private set; }

    /// <summary>The kept frames, row-major [Count, D].</summary>
    public float[] ToArray() => _frames.AsSpan(0, Count * dimensions).ToArray();

    /// <param name="frames">More frames.</param>
    /// <param name="name">What the caller calls them.</param>
    /// <param name="row">What an error calls one of them.</param>
    public void Add(ReadOnlySpan<float> frames, string name, string row)
    {
        Argument.RowCount(frames.Length, dimensions, name, "dimensions of a frame");

        if (frames.IsEmpty)
        {
            return;
        }

        Argument.ThrowIfNotFinite(frames, dimensions, name, row);
        var count = frames.Length / dimensions;
        var copied = Math.Min(count, limit - Count);
        Grow(copied, name);
        frames[..(copied * dimensions)].CopyTo(_frames.AsSpan(Count * dimensions));
        Count += copied;
        Offered += copied;
        for (var i = copied; i < count; i++)
        {
            var place = _random.Next(++Offered);
            if (place < limit)
            {
                frames.Slice(i * dimensions, dimensions).CopyTo(_frames.AsSpan((int)place * dimensions));
            }
        }
    }

    private void Grow(int added, string name)
    {
        var needed = ((long)Count + added) * dimensions;
        if (needed > Array.MaxLength)
        {
            throw new ArgumentException(
                $"{(long)Count + added} frames of {dimensions} dimensions are {needed} values, but at most {Array.MaxLength} can be "
                    + "held; lower options.SampleLimit.", name);
        }

        if (needed > _frames.Length)
        {
            var room = Math.Min(Math.Max(needed, 2L * _frames.Length), Math.Min((long)limit * dimensions, Array.MaxLength));
            Array.Resize(ref _frames, (int)room);
        }
    }
}
