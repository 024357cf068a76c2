using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Frames for which float32 alone finds another codeword: there only rescoring by the definition gives the code.</summary>
public sealed class CandidatesTests
{
    [Theory]
    [InlineData(16, 16)] // one panel
    [InlineData(300, 8)] // no score stored, and a number in its lowest bits
    [InlineData(40, 24)]
    [InlineData(100, 64)] // in eight bits, where there are such kernels
    public void Encode_WhereFloat32ErrsAlone_EqualsOracle(int size, int dimensions)
    {
        const int Count = 300;
        var found = 0;
        for (var seed = 0; seed < 4; seed++)
        {
            var (codewords, frames) = TestVectors.Create("near-ties", size, dimensions, Count, seed);

            // The second half is the first, negated: no mean, so nothing is centered and small codebooks take the loop for
            // one panel.
            for (var i = 0; i < size / 2 * dimensions; i++)
            {
                codewords[(size / 2 * dimensions) + i] = -codewords[i];
            }

            var codebook = new Codebook(codewords, dimensions);
            var model = new RvqModel(codebook);
            var expected = Oracle.Encode(model, frames);
            var pairs = frames.Chunk(dimensions).Zip(expected);
            var hard = pairs.Where(pair => NearestInFloat32(codebook, pair.First) != pair.Second).ToArray();
            found += hard.Length;
            float[] hardFrames = [.. hard.SelectMany(pair => pair.First)];
            foreach (var kernel in TestKernels.Supported)
            {
                Assert.All(TestKernels.Encode(model, kernel, hardFrames), run => Assert.Equal(hard.Select(pair => pair.Second), run.Codes));
            }
        }

        // The search is seeded and its arithmetic IEEE's, so this is the same everywhere.
        Assert.InRange(found, 10, int.MaxValue);
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_ExactTies_TakeTheLowest(string name)
    {
        // Frame 0 is as far from every codeword ±e_i; the first of them wins, wherever it is.
        var kernel = TestKernels.Get(name);
        foreach (var (size, dimensions) in new[] { (2, 1), (10, 5), (33, 40), (64, 32), (100, 50), (130, 65) })
        {
            for (var first = 0; first < size; first += 7)
            {
                var codewords = new float[size * dimensions];
                for (var k = 0; k < size; k++)
                {
                    codewords[(k * dimensions) + (k / 2 % dimensions)] = (k % 2 == 0 ? 1 : -1) * (k < first ? 2 : 1);
                }

                var model = new RvqModel(new Codebook(codewords, dimensions));
                foreach (var (_, codes) in TestKernels.Encode(model, kernel, new float[20 * dimensions]))
                {
                    Assert.All(codes, code => Assert.Equal(first, code));
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)] // centered
    public void Encode_WhereErrorsReachTheirBound_EqualsOracle(float offset)
    {
        // Rounding a residual to levels −L…L loses 25 along s, so that codeword s seems as much too far as −s seems too near: nearly twice
        // the largest error of one. In truth they are as near, or s a bit nearer where rounding would spoil the tie. Some more codewords
        // next to ±s fill the list of candidates.
        const int Dimensions = 64, Size = 70;
        var lostAlong = offset == 0 ? 25 : 24;
        foreach (var levels in new[] { 63, 127 })
        {
            foreach (var (plus, minus) in new[] { (3, 40), (40, 3) })
            {
                var random = new Random(levels);
                var s = Array.ConvertAll(new float[Dimensions], _ => random.Next(2) == 0 ? -1f : 1f);
                var codewords = new float[Size * Dimensions];
                for (var k = 0; k < Size; k++)
                {
                    for (var d = 0; d < Dimensions; d++)
                    {
                        // Where neither is meant: pairs that cancel out but for the first dimension, along which they are far.
                        codewords[(k * Dimensions) + d] = k == plus ? s[d]
                            : k == minus ? -s[d]
                            : k is >= 50 and < 56 ? (d == k - 40 ? -0.9375f : -1) * s[d]
                            : k is >= 56 and < 62 ? (d == k - 46 ? 1.0625f : 1) * s[d]
                            : d == 0 ? -s[0]
                            : k % 2 == 1 && k - 1 != minus && k - 1 != plus ? -codewords[((k - 1) * Dimensions) + d]
                            : random.Next(2) == 0 ? -1 : 1;
                    }
                }

                for (var i = 0; i < codewords.Length; i++)
                {
                    codewords[i] += offset;
                }

                var model = new RvqModel(new Codebook(codewords, Dimensions));
                var frame = new float[Dimensions];
                var (least, more) = Math.DivRem(levels + lostAlong, Dimensions - 1);
                for (var d = 0; d < Dimensions; d++)
                {
                    var lost = d is >= 1 and <= 56 ? 0.4375f : d is 57 or 58 ? 0.25f : 0;
                    var value = d == 0 ? levels * s[0] : (lost - least - (d <= more ? 1 : 0)) * s[d];
                    frame[d] = value + Center(model, d);
                }

                float[] frames = [.. frame, .. frame, .. frame];
                var expected = Oracle.Encode(model, frames);
                Assert.All(expected, code => Assert.Equal(offset == 0 ? 3 : plus, code));

                foreach (var kernel in TestKernels.Supported)
                {
                    Assert.All(TestKernels.Encode(model, kernel, frames), run => Assert.Equal(expected, run.Codes));
                }
            }
        }
    }

    [Fact]
    public void Encode_CodewordsNextToTheCenter_EqualsOracle()
    {
        // Codeword 0 is too small to have a scale of its own, and stored as zeros; codeword 1 is larger, but turned away.
        const int Dimensions = 32, Size = 64;
        var random = new Random(3);
        var codewords = Array.ConvertAll(new float[Size * Dimensions], _ => (random.NextSingle() - 0.5f) * 6e-28f);
        codewords.AsSpan(0, Dimensions).Fill(9e-28f);
        codewords.AsSpan(Dimensions, 20).Fill(2e-27f);
        codewords.AsSpan(Dimensions + 20, 12).Fill(-2e-27f);
        var model = new RvqModel(new Codebook(codewords, Dimensions));
        float[] frames = [.. Enumerable.Repeat(1f, 3 * Dimensions)];
        var expected = Oracle.Encode(model, frames);
        Assert.All(expected, code => Assert.Equal(0, code));
        foreach (var kernel in TestKernels.Supported)
        {
            Assert.All(TestKernels.Encode(model, kernel, frames), run => Assert.Equal(expected, run.Codes));
        }
    }

    /// <summary>A margin just below the largest float32: the limit is rounded up to infinity, which padded codewords have.</summary>
    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_MarginNearLargestFloat_StaysInItsMemory(string name)
    {
        var kernel = TestKernels.Get(name);
        for (var norm = 1e24; norm < 1e31; norm *= 1.03)
        {
            // x is orthogonal to W, so that W x = 0 while ‖W‖‖x‖ is as large as float32 sums allow.
            var root = (float)Math.Sqrt(norm / 2);
            float[] weight = [root, root];
            var stage = new Stage(new Codebook([4e18f], 1), new Projection(weight, 2), new Projection([1, 1], 1));
            var model = new RvqModel(new ResidualStack([stage]));
            float[] frame = [root, -root];
            Assert.Equal(0, TestKernels.Quantizer(model, kernel).Encode(frame)[0]);
        }
    }

    /// <summary>What kernels take off a frame before they round it.</summary>
    private static unsafe float Center(RvqModel model, int dimension)
    {
        var center = model.Stages[0].SearchTable.BytePanels(ByteForm.Unsigned).Center;
        return center == null ? 0 : center[dimension];
    }

    private static int NearestInFloat32(Codebook codebook, ReadOnlySpan<float> frame)
    {
        var (code, best) = (0, float.PositiveInfinity);
        for (var k = 0; k < codebook.Size; k++)
        {
            float half = 0, product = 0;
            for (var d = 0; d < frame.Length; d++)
            {
                half += 0.5f * codebook[k][d] * codebook[k][d];
                product += frame[d] * codebook[k][d];
            }

            if (half - product < best)
            {
                (code, best) = (k, half - product);
            }
        }

        return code;
    }
}
