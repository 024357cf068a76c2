using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// For every cluster one member that may become the codeword of an empty one, drawn with a probability that grows with its squared
/// distance from the codeword: priority sampling (Duffield, Lund and Thorup 2007) takes the largest distance / u, u even in (0, 1] from
/// the member's
/// hash, so members of any order and grouping give the same one.
/// </summary>
internal sealed class Donors(int size, int dimensions)
{
    private readonly double[] _priorities = new double[size];
    private readonly float[] _rows = new float[size * dimensions];

    /// <summary>Whether a cluster has a member away from its codeword.</summary>
    public bool Has(int code) => _priorities[code] > 0;

    public ReadOnlySpan<float> this[int code] => _rows.AsSpan(code * dimensions, dimensions);

    /// <summary>Offers a member; threads may offer to different clusters at the same time.</summary>
    public void Offer(int code, ulong hash, double distance, ReadOnlySpan<float> row)
        => Offer(code, distance / (((hash >> 11) + 1) * (1.0 / (1L << 53))), row);

    public void Add(Donors other)
    {
        for (var code = 0; code < size; code++)
        {
            Offer(code, other._priorities[code], other[code]);
        }
    }

    public void Write(Stream stream)
    {
        LittleEndian.Write<double>(stream, _priorities);
        LittleEndian.Write<float>(stream, _rows);
    }

    /// <exception cref="InvalidDataException">A value that is not finite, or a negative priority.</exception>
    public void Read(Stream stream)
    {
        LittleEndian.Read<double>(stream, _priorities);
        LittleEndian.Read<float>(stream, _rows);
        if (Array.Exists(_priorities, priority => !(priority is >= 0 and < double.PositiveInfinity))
            || !TensorPrimitives.IsFiniteAll<float>(_rows))
        {
            throw new InvalidDataException("A donor has a priority or a value that is not finite.");
        }
    }

    private void Offer(int code, double priority, ReadOnlySpan<float> row)
    {
        if (priority > _priorities[code] || (priority == _priorities[code] && priority > 0 && RowHash.Compare(row, this[code]) < 0))
        {
            _priorities[code] = priority;
            row.CopyTo(_rows.AsSpan(code * dimensions));
        }
    }
}
