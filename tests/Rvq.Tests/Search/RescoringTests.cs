using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Frames for which float32 alone finds another codeword: there only rescoring by the definition gives the code.</summary>
public sealed class RescoringTests
{
    [Theory]
    [InlineData(16, 16)] // one panel
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
            int[] hard = [.. Enumerable.Range(0, Count).Where(t => NearestInFloat32(codebook, frames.AsSpan(t * dimensions, dimensions)) != expected[t])];
            found += hard.Length;
            float[] hardFrames = [.. hard.SelectMany(t => frames[(t * dimensions)..((t + 1) * dimensions)])];
            foreach (var kernel in TestKernels.Supported)
            {
                Assert.All(TestKernels.Encode(model, kernel, hardFrames), run => Assert.Equal(hard.Select(t => expected[t]), run.Codes));
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
                Assert.All(TestKernels.Encode(model, kernel, new float[20 * dimensions]), run => Assert.All(run.Codes, code => Assert.Equal(first, code)));
            }
        }
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
