namespace Rvq.Tests.Checkpoints;

/// <summary>A checkpoint under construction, and a few lines of each codec's own maths in binary64 to compare with.</summary>
public abstract class CodecLayoutTests
{
    protected const int Dimensions = 6;

    private protected List<TensorBytes> Tensors { get; } = [];

    protected Random Random { get; } = new(5);

    protected float[][] Add(string name, int rows, bool rank3 = false)
    {
        var values = Normal(rows * Dimensions);
        Tensors.Add(TensorBytes.Single(name, rank3 ? [1, rows, Dimensions] : [rows, Dimensions], values));
        return Rows(values);
    }

    protected float[] Normal(int length) => TestVectors.Normal(Random, length);

    protected RvqModel Load(LoadOptions? options = null) => ModelAssert.Read(TensorBytes.Safetensors(Tensors), options);

    protected void AssertRefused(params string[] reasons)
    {
        var message = ModelAssert.Refused(TensorBytes.Safetensors(Tensors));
        Assert.All(reasons, reason => Assert.Contains(reason, message, StringComparison.Ordinal));
    }

    protected void AssertGives(RvqModel model, Func<float[], (int[] Codes, double[] Decoded)> codec)
    {
        for (var t = 0; t < 20; t++)
        {
            var frame = Normal(Dimensions);
            var (codes, decoded) = codec(frame);
            Assert.Equal(codes, new Quantizer(model).Encode(frame));
            Assert.All(decoded.Zip(new Dequantizer(model).Decode(codes)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    protected static (int[] Codes, double[] Decoded) Residual(float[] frame, float[][][] codebooks, Func<float[][], double[], int> search)
    {
        var (residual, codes) = (Array.ConvertAll(frame, value => (double)value), new List<int>());
        foreach (var codebook in codebooks)
        {
            codes.Add(search(codebook, residual));
            residual = [.. residual.Zip(codebook[codes[^1]], (r, c) => r - c)];
        }

        return ([.. codes], [.. frame.Zip(residual, (x, r) => x - r)]);
    }

    protected static int Nearest(float[][] rows, double[] vector)
        => Enumerable.Range(0, rows.Length).MinBy(k => rows[k].Zip(vector, (c, x) => (x - c) * (x - c)).Sum());

    protected static double[] Unit(double[] vector) => [.. vector.Select(value => value / Math.Sqrt(vector.Sum(v => v * v)))];

    protected static float[] Unit(float[] vector)
        => [.. Unit(Array.ConvertAll(vector, value => (double)value)).Select(value => (float)value)];

    protected static float[][] Rows(ReadOnlySpan<float> values)
    {
        var rows = new float[values.Length / Dimensions][];
        for (var k = 0; k < rows.Length; k++)
        {
            rows[k] = values.Slice(k * Dimensions, Dimensions).ToArray();
        }

        return rows;
    }
}
