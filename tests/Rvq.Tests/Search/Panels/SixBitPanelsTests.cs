using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>What rounding to six bits loses of each codeword, against plain sums.</summary>
public sealed class SixBitPanelsTests
{
    [Fact]
    public void Panels_AnyCodebook_AreNearTheCodewords()
    {
        foreach (var kind in new[] { "random", "offset-10", "mixed-scales", "one-huge-codeword", "zeros" })
        {
            foreach (var (dimensions, form) in Cases())
            {
                const int Size = 70;
                var (codewords, _) = TestVectors.Create(kind, Size, dimensions, 1, 1);
                var table = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean);
                var losses = table.SixBitPanels(form).Losses;
                for (var k = 0; k < Size; k++)
                {
                    var (scale, norm, error) = SixBitError(table.SixBitPanels(form), table, k);
                    if (scale == 0)
                    {
                        Assert.True(norm <= losses.Rest * (1 + 1e-12));
                        continue;
                    }

                    // Steps of four around the value, or three beyond the largest.
                    Assert.InRange(error, 0, 3.01 * scale);
                    Assert.True(norm <= losses.Norm * scale * (1 + 1e-12) && scale <= losses.LargestWeight);
                }
            }
        }
    }

    private static IEnumerable<(int Dimensions, ByteForm Form)> Cases()
        => from dimensions in (int[])[1, 8, 15, 16, 17, 40, 48, 72]
           from form in Enum.GetValues<ByteForm>()
           select (dimensions, form);

    /// <summary>s, ‖c − μ‖ and the largest error of a dimension.</summary>
    private static unsafe (double Scale, double Norm, double Error) SixBitError(SixBitPanels panels, SearchTable table, int code)
    {
        var scale = (double)panels.Bytes.Scales[code];
        double norm = 0, largest = 0, squaredError = 0;
        for (var d = 0; d < table.Dimensions; d++)
        {
            var (group, step, i) = (d / 16, d / 4 % 4, d % 4);
            byte Own(int own) => panels.Panels[(((((((code / 16 * panels.Groups) + group) * 3) + own) * 16) + (code % 16)) * 4) + i];
            var stored = step < 3 ? Own(step) : ((Own(0) & 3) << 6) | ((Own(1) & 3) << 4) | ((Own(2) & 3) << 2);
            var q = panels.Bytes.Form == ByteForm.Signed ? -(sbyte)stored : 128 - stored;
            var value = (double)table.Row(code)[d] - panels.Bytes.Centering.Center[d];
            var error = Math.Abs(value - (scale * q));
            (norm, largest, squaredError) = (norm + (value * value), Math.Max(largest, error), squaredError + (error * error));
        }

        Assert.True(scale == 0 || Math.Sqrt(squaredError) <= panels.Losses.Error * scale * (1 + 1e-12));
        return (scale, Math.Sqrt(norm), largest);
    }
}
