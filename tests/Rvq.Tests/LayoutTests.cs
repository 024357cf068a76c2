using System.Numerics;
using System.Numerics.Tensors;

namespace Rvq.Tests;

/// <summary>Any layout that strides can say gives what the contiguous one gives, and what lies between is left alone.</summary>
public sealed class LayoutTests
{
    // Axes from the outermost to the innermost in memory; [B, T, D] as it is, [B, D, T], [T, B, D], [D, B, T], …
    public static TheoryData<int[], int> Orders()
    {
        var data = new TheoryData<int[], int>();
        int[][] orders =
        [
            [0, 1], [1, 0], [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [0, 1, 2, 3], [3, 1, 0, 2], [0, 1, 3, 2],
        ];
        foreach (var order in orders)
        {
            data.Add(order, 0);
            data.Add(order, 3);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void EncodeAndDecode_AnyOrderOfAxes_EqualContiguous(int[] order, int gap)
    {
        foreach (var (model, _) in TestModels.All())
        {
            AssertEqual<int>(model, order, gap);
            AssertEqual<long>(model, order, gap);
            AssertEqual<ushort>(model, order, gap);
            AssertEqual<byte>(model, order, gap);
        }
    }

    [Fact]
    public void Encode_CodebooksFirst_IsAView()
    {
        // What EnCodec's own code gives: codes [N, B, T] of frames [B, D, T].
        const int B = 2, T = 5, D = 12, N = 3;
        var model = TestModels.All().First().Model;
        var frames = TestVectors.Normal(new Random(1), B * D * T);
        var codes = new long[N * B * T];
        new Quantizer(model).Encode(
            new ReadOnlyTensorSpan<float>(frames, [B, T, D], [D * T, 1, T]), new TensorSpan<long>(codes, [B, T, N], [T, 1, B * T]));
        for (var b = 0; b < B; b++)
        {
            for (var t = 0; t < T; t++)
            {
                var frame = Enumerable.Range(0, D).Select(d => frames[(b * D * T) + (d * T) + t]).ToArray();
                Assert.Equal(Oracle.Encode(model, frame), Enumerable.Range(0, N).Select(n => (int)codes[(n * B * T) + (b * T) + t]));
            }
        }
    }

    [Fact]
    public void EncodeAndDecode_Slice_TouchesTheSliceOnly()
    {
        var (model, frames) = TestVectors.CreateModel("random", 9, 6, 2, 10, seed: 1);
        var expected = Oracle.Encode(model, frames);
        var codes = new int[20];
        codes.AsSpan().Fill(-7);
        var frameView = new ReadOnlyTensorSpan<float>(frames, [10, 6], default);
        var codeView = new TensorSpan<int>(codes, [10, 2], default);
        new Quantizer(model).Encode(frameView.Slice([3..7, 0..6]), codeView.Slice([3..7, 0..2]));
        Assert.Equal([-7, -7, -7, -7, -7, -7, .. expected[6..14], -7, -7, -7, -7, -7, -7], codes);

        var decoded = new float[60];
        decoded.AsSpan().Fill(-7);
        new Dequantizer(model).Decode<int>(
            codeView.Slice([3..7, 0..2]), new TensorSpan<float>(decoded, [10, 6], default).Slice([3..7, 0..6]));
        Assert.Equal(
            [.. Enumerable.Repeat(-7f, 18), .. Oracle.Decode(model, expected.AsSpan(6, 8)), .. Enumerable.Repeat(-7f, 18)], decoded);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(2, 0)]
    public void EncodeAndDecode_Empty_DoNothing(int batch, int count)
    {
        foreach (var (model, _) in TestModels.All())
        {
            nint blocks = count, length = blocks * model.FramesPerBlock;
            var codes = Enumerable.Repeat(7, 2 * 4 * model.CodesPerBlock).ToArray();
            var frames = Enumerable.Repeat(7f, 2 * 4 * model.FramesPerBlock * model.Dimensions).ToArray();
            nint[] frameShape = [batch, length, model.Dimensions], codeShape = [batch, blocks, model.CodesPerBlock];
            new Quantizer(model).Encode(
                new ReadOnlyTensorSpan<float>(frames, frameShape, default), new TensorSpan<int>(codes, codeShape, default));
            new Dequantizer(model).Decode<int>(
                new ReadOnlyTensorSpan<int>(codes, codeShape, default), new TensorSpan<float>(frames, frameShape, default));
            Assert.Empty(new Quantizer(model).Encode([]));
            Assert.Empty(new Dequantizer(model).Decode([]));
            Assert.All(codes, code => Assert.Equal(7, code));
            Assert.All(frames, value => Assert.Equal(7, value));
        }
    }

    [Fact]
    public void Encode_BroadcastInput_ReadsItAgain()
    {
        var (model, frames) = TestVectors.CreateModel("random", 9, 6, 2, 4, seed: 2);
        var expected = Oracle.Encode(model, frames);
        var codes = new int[24];
        var quantizer = new Quantizer(model);
        quantizer.Encode(new ReadOnlyTensorSpan<float>(frames, [3, 4, 6], [0, 6, 1]), new TensorSpan<int>(codes, [3, 4, 2], default));
        Assert.Equal([.. expected, .. expected, .. expected], codes);

        // A constant frame: the row itself has a stride of zero.
        quantizer.Encode(new ReadOnlyTensorSpan<float>(frames, [4, 6], [1, 0]), new TensorSpan<int>(codes.AsSpan(0, 8), [4, 2], default));
        Assert.Equal(Oracle.Encode(model, [.. frames[..4].SelectMany(value => Enumerable.Repeat(value, 6))]), codes[..8]);
    }

    [Fact]
    public void Decode_BroadcastCodes_ReadsThemAgain()
    {
        var model = TestModels.All().First().Model;
        int[] codes = [3, 4, 50];
        var frames = new float[2 * 12];
        new Dequantizer(model).Decode<int>(
            new ReadOnlyTensorSpan<int>(codes, [2, 3], [0, 1]), new TensorSpan<float>(frames, [2, 12], default));
        var one = Oracle.Decode(model, codes);
        Assert.Equal([.. one, .. one], frames);
    }

    [Fact]
    public void EncodeAndDecode_BroadcastOutput_IsRefused()
    {
        var (model, frames) = TestVectors.CreateModel("random", 9, 6, 2, 4, seed: 2);
        int[] codes = [.. Enumerable.Repeat(-7, 8)];
        var error = Assert.Throws<ArgumentException>(() => new Quantizer(model).Encode(
            new ReadOnlyTensorSpan<float>(frames, [4, 6], default), new TensorSpan<int>(codes, [4, 2], [0, 1])));
        Assert.Equal("codes", error.ParamName);
        Assert.Throws<ArgumentException>(() => new Quantizer(model).Encode(
            new ReadOnlyTensorSpan<float>(frames, [4, 6], default), new TensorSpan<int>(codes, [4, 2], [1, 0])));
        Assert.All(codes, code => Assert.Equal(-7, code));

        var before = frames.ToArray();
        error = Assert.Throws<ArgumentException>(() => new Dequantizer(model).Decode<int>(
            new ReadOnlyTensorSpan<int>(new int[8], [4, 2], default), new TensorSpan<float>(frames, [4, 6], [0, 1])));
        Assert.Equal("frames", error.ParamName);
        Assert.Equal(before, frames);
    }

    private static void AssertEqual<TCode>(RvqModel model, int[] order, int gap)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        // Two to four axes: […, T, D] with 3 blocks of frames. An axis of one is there too.
        nint blocks = 3, length = blocks * model.FramesPerBlock;
        nint[] outer = order.Length switch { 2 => [], 3 => [2], _ => [2, 1] };
        var frames = new Strided<float>([.. outer, length, model.Dimensions], order, gap, -7);
        var codes = new Strided<TCode>([.. outer, blocks, model.CodesPerBlock], order, gap, TCode.CreateChecked(77));
        var decoded = new Strided<float>([.. outer, length, model.Dimensions], order, gap, -7);
        var input = TestVectors.Normal(new Random(3), frames.Count);
        frames.Write(input);
        var expected = new Quantizer(model).Encode(input);

        new Quantizer(model).Encode<TCode>(frames.View, codes.View);
        Assert.Equal(expected, Array.ConvertAll(codes.Read(), int.CreateChecked));
        Assert.True(codes.IsUntouchedBetween());
        new Dequantizer(model).Decode<TCode>(codes.View, decoded.View);
        Assert.Equal(new Dequantizer(model).Decode(expected), decoded.Read());
        Assert.True(decoded.IsUntouchedBetween());
    }

    /// <summary>A tensor in memory of its own: axes in any order, every one but the innermost followed by a gap.</summary>
    private sealed class Strided<T>
        where T : unmanaged
    {
        private readonly nint[] _lengths;
        private readonly nint[] _strides;
        private readonly T[] _memory;
        private readonly T _sentinel;

        public Strided(nint[] lengths, int[] order, int gap, T sentinel)
        {
            _lengths = lengths;
            _strides = new nint[lengths.Length];
            nint step = 1;
            foreach (var axis in order.Reverse())
            {
                _strides[axis] = lengths[axis] == 1 ? 0 : step;
                step = (step * lengths[axis]) + gap;
            }

            _memory = new T[step];
            Array.Fill(_memory, sentinel);
            _sentinel = sentinel;
        }

        public int Count => (int)_lengths.Aggregate((a, b) => a * b);

        public TensorSpan<T> View => new(_memory, _lengths, _strides);

        public void Write(T[] values)
        {
            for (var i = 0; i < Count; i++)
            {
                _memory[Offset(i)] = values[i];
            }
        }

        public T[] Read() => [.. Enumerable.Range(0, Count).Select(i => _memory[Offset(i)])];

        public bool IsUntouchedBetween()
            => Enumerable.Range(0, _memory.Length).Except(Enumerable.Range(0, Count).Select(i => (int)Offset(i)))
                .All(at => EqualityComparer<T>.Default.Equals(_memory[at], _sentinel));

        private nint Offset(int index)
        {
            nint offset = 0, rest = index;
            for (var axis = _lengths.Length - 1; axis >= 0; axis--)
            {
                offset += rest % _lengths[axis] * _strides[axis];
                rest /= _lengths[axis];
            }

            return offset;
        }
    }
}
