using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Rvq.OnnxRuntime;

/// <summary>
/// ONNX Runtime's tensors in and out of <see cref="Quantizer"/> and <see cref="Dequantizer"/>, read and written where they lie. Arguments
/// stay the caller's; results are allocated by ONNX
/// Runtime's default (CPU) allocator, are the caller's to dispose, and can be the input of the next session.
/// </summary>
public static class OrtValueExtensions
{
    /// <summary>Encodes an encoder's output.</summary>
    /// <param name="quantizer">The quantizer.</param>
    /// <param name="latents">
    /// Latents [B, D, T], float32 or float16, in the CPU's memory; every value finite, T a multiple of FramesPerBlock. Any length may be 0.
    /// </param>
    /// <param name="codebooksFirst">Whether the codes are to be [N, B, T], as EnCodec's own code has them, instead of [B, N, T].</param>
    /// <returns>
    /// The codes, int64 [B, N, T] or [N, B, T]; the codes of float16 latents are those of the latents converted to float32. For a model
    /// with strides (SNAC) N is CodesPerBlock and T the number of
    /// blocks; <see cref="RvqModel.CodesOf{TCode}(int, Span{TCode})"/> takes codes that lie block by block apart.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// Another type, rank or shape, memory of a device, more than 2 GB, or a value that is not finite.
    /// </exception>
    public static OrtValue Encode(this Quantizer quantizer, OrtValue latents, bool codebooksFirst = false)
    {
        ArgumentNullException.ThrowIfNull(quantizer);
        ArgumentNullException.ThrowIfNull(latents);
        var model = quantizer.Model;
        var (d, f) = (model.Dimensions, model.FramesPerBlock);
        var tensor = new TensorArgument(latents, nameof(latents));
        var isType = tensor.Type is TensorElementType.Float or TensorElementType.Float16;
        tensor.ThrowIfNot($"[B, {d}, T] of Float or Float16", isType, axis: 1, length: d, AxisHint);
        var (b, t) = (tensor.Shape[0], tensor.Shape[2]);
        if (t % f != 0)
        {
            throw tensor.Refused($"T must be a multiple of the {f} frames of a block");
        }

        long[] shape = codebooksFirst ? [model.CodesPerBlock, b, t / f] : [b, model.CodesPerBlock, t / f];
        return Create(TensorElementType.Int64, shape, sizeof(long), nameof(latents), result =>
        {
            var codes = View(result.GetTensorMutableDataAsSpan<long>(), shape, codebooksFirst);
            if (tensor.Type == TensorElementType.Float)
            {
                quantizer.Encode(Layouts.ChannelsFirst(latents.GetTensorDataAsSpan<float>(), tensor.Shape), codes);
            }
            else
            {
                var halves = MemoryMarshal.Cast<Float16, Half>(latents.GetTensorDataAsSpan<Float16>());
                quantizer.Encode(Layouts.ChannelsFirst(halves, tensor.Shape), codes);
            }
        });

        string AxisHint(long[] lengths)
            => lengths[2] == d
                ? $"; the last axis has the model's {d} dimensions: for [B, T, D], encode "
                    + "new ReadOnlyTensorSpan<float>(latents.GetTensorDataAsSpan<float>(), [b, t, d])"
                : lengths[0] == d
                ? $"; the first axis has the model's {d} dimensions: encode "
                    + "Layouts.CodebooksFirst(latents.GetTensorDataAsSpan<float>(), shape)"
                : "";
    }

    /// <summary>Decodes codes for a decoder's input.</summary>
    /// <param name="dequantizer">The dequantizer.</param>
    /// <param name="codes">
    /// Codes [B, N, T], int64 or int32, in the CPU's memory; −1 where a codebook is left out. For a model with strides [B, CodesPerBlock,
    /// blocks]. Any length may be 0.
    /// </param>
    /// <param name="codebooksFirst">Whether the codes are [N, B, T], as EnCodec's own code has them, instead of [B, N, T].</param>
    /// <param name="elementType">
    /// The type of the result: Float, or Float16, rounded once (what is too large for float16 becomes infinite).
    /// </param>
    /// <returns>The latents [B, D, T].</returns>
    /// <exception cref="ArgumentException">Another type, rank or shape, memory of a device, or more than 2 GB.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A code is neither in its codebook nor −1, or <paramref name="elementType"/> is neither Float nor Float16.
    /// </exception>
    public static OrtValue Decode(
        this Dequantizer dequantizer, OrtValue codes, bool codebooksFirst = false, TensorElementType elementType = TensorElementType.Float)
    {
        ArgumentNullException.ThrowIfNull(dequantizer);
        ArgumentNullException.ThrowIfNull(codes);
        if (elementType is not (TensorElementType.Float or TensorElementType.Float16))
        {
            throw new ArgumentOutOfRangeException(nameof(elementType), elementType, "elementType must be Float or Float16.");
        }

        var model = dequantizer.Model;
        var (n, axis) = (model.CodesPerBlock, codebooksFirst ? 0 : 1);
        var tensor = new TensorArgument(codes, nameof(codes));
        var isType = tensor.Type is TensorElementType.Int64 or TensorElementType.Int32;
        tensor.ThrowIfNot($"{(codebooksFirst ? $"[{n}, B, T]" : $"[B, {n}, T]")} of Int64 or Int32", isType, axis, n, AxisHint);
        long[] shape = [tensor.Shape[1 - axis], model.Dimensions, checked(tensor.Shape[2] * model.FramesPerBlock)];
        var size = elementType == TensorElementType.Float ? sizeof(float) : sizeof(ushort);
        return Create(elementType, shape, size, nameof(codes), result =>
        {
            if (elementType == TensorElementType.Float)
            {
                Decode(result.GetTensorMutableDataAsSpan<float>());
                return;
            }

            var halves = MemoryMarshal.Cast<Float16, Half>(result.GetTensorMutableDataAsSpan<Float16>());
            var values = ArrayPool<float>.Shared.Rent(halves.Length);
            Decode(values.AsSpan(0, halves.Length));
            TensorPrimitives.ConvertToHalf(values.AsSpan(0, halves.Length), halves);
            ArrayPool<float>.Shared.Return(values);
        });

        void Decode(Span<float> latents)
        {
            var view = Layouts.ChannelsFirst(latents, shape);
            if (tensor.Type == TensorElementType.Int64)
            {
                dequantizer.Decode<long>(View(codes.GetTensorMutableDataAsSpan<long>(), tensor.Shape, codebooksFirst), view);
            }
            else
            {
                dequantizer.Decode<int>(View(codes.GetTensorMutableDataAsSpan<int>(), tensor.Shape, codebooksFirst), view);
            }
        }

        string AxisHint(long[] lengths)
            => lengths[1 - axis] == n ? $"; axis {1 - axis} has the {n} codebooks: codebooksFirst: {(codebooksFirst ? "false" : "true")}?"
            : lengths[2] == n
                ? $"; the last axis has the {n} codebooks: for [B, T, N], decode "
                    + "new ReadOnlyTensorSpan<long>(codes.GetTensorDataAsSpan<long>(), [b, t, n])"
            : lengths[axis] < n ? "; codes of fewer codebooks are decoded with the model's Take" : "";
    }

    private static TensorSpan<T> View<T>(Span<T> codes, long[] shape, bool codebooksFirst)
        => codebooksFirst ? Layouts.CodebooksFirst(codes, shape) : Layouts.ChannelsFirst(codes, shape);

    /// <summary>A tensor of ONNX Runtime's own, disposed again where filling it fails.</summary>
    private static OrtValue Create(TensorElementType type, long[] shape, int elementSize, string name, Action<OrtValue> fill)
    {
        TensorArgument.ThrowIfTooLarge(shape, elementSize, name, "The result");
        var result = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);
        try
        {
            fill(result);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }
}
