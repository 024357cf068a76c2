using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Rvq;

/// <summary>
/// A 128-bit hash (XxHash128) over all that determines a model's codes and frames, and nothing else; Streams/FORMAT.md has the order.
/// </summary>
internal static class ModelFingerprint
{
    public static UInt128 Compute(RvqModel model)
    {
        var hash = new XxHash128();
        Append(hash, model.FramesPerBlock);
        Append(hash, model.Stacks.Length);
        foreach (var stack in model.Stacks)
        {
            Append(hash, stack.InputProjection);
            Append(hash, stack.OutputProjection);
            Append(hash, stack.Stages.Length);
            foreach (var stage in stack.Stages)
            {
                Append(hash, (int)stage.Metric);
                Append(hash, stage.Stride);
                Append(hash, stage.InputProjection);
                Append(hash, stage.OutputProjection);
                Append(hash, stage.Codebook.Size);
                Append(hash, stage.Codebook.Dimensions);
                for (var code = 0; code < stage.Codebook.Size; code++)
                {
                    Append(hash, stage.Codebook[code]);
                }
            }
        }

        return hash.GetCurrentHashAsUInt128();
    }

    private static void Append(XxHash128 hash, Projection? projection)
    {
        Append(hash, projection?.Outputs ?? 0);
        Append(hash, projection?.Inputs ?? 0);
        if (projection is not null)
        {
            Append(hash, projection.Bias.Length);
            Append(hash, projection.Weight);
            Append(hash, projection.Bias);
        }
    }

    private static void Append(XxHash128 hash, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        hash.Append(bytes);
    }

    private static void Append(XxHash128 hash, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            hash.Append(MemoryMarshal.AsBytes(values));
            return;
        }

        foreach (var value in values)
        {
            Append(hash, BitConverter.SingleToInt32Bits(value));
        }
    }
}
