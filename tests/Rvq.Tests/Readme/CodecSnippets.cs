using Rvq.Tokens;

namespace Rvq.Tests.Readme;

/// <summary>The README's code for codecs, on cases made by the codecs' own code.</summary>
public class CodecSnippets
{
    [Fact]
    public void Encodec_Case_GivesItsOwnCodes()
    {
        var (latents, b, d, t) = Latents("encodec-small");
        var codes = Encodec(TestData.Path("reference/encodec-small/model.safetensors"), latents, b, d, t, 8);
        AssertCodes("encodec-small", codes);
    }

    [Fact]
    public void Dac_Case_GivesItsOwnCodes()
    {
        var (latents, b, d, t) = Latents("dac-small");
        AssertCodes(
            "dac-small",
            Array.ConvertAll(Dac(TestData.Path("reference/dac-small/model.safetensors"), latents, b, d, t), code => (long)code));
    }

    [Fact]
    public void Mimi_Case_DecodesAsItDoes()
    {
        var (latents, _, d, t) = Latents("mimi-small");
        var frames = new float[t * d];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = latents[(i % d * t) + (i / d)];
        }

        var (semantic, all) = Mimi(TestData.Path("reference/mimi-small/model.safetensors"), frames);
        AssertDecoded("mimi-small/decoded_1.npy", semantic, d, t);
        AssertDecoded("mimi-small/decoded_6.npy", all, d, t);
    }

    [Fact]
    public void Snac_Case_GivesItsOwnCodesAndOrpheussTokens()
    {
        var (latents, _, d, t) = Latents("snac-small");
        var frames = new float[t * d];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = latents[(i % d * t) + (i / d)];
        }

        var (codes, tokens, middle) = Snac(TestData.Path("reference/snac-small/model.safetensors"), frames);
        for (var level = 0; level < 3; level++)
        {
            var (expected, _) = Npy.ReadInt64(TestData.Path($"reference/snac-small/codes_{level}.npy"));
            var (start, count) = level == 0 ? (0, 1) : level == 1 ? (1, 2) : (3, 4);
            Assert.Equal(
                expected[..(t / 4 * count)],
                Enumerable.Range(0, t / 4 * count).Select(i => (long)codes[(i / count * 7) + start + (i % count)]));
            if (level == 1)
            {
                Assert.Equal(expected[..(t / 2)], middle.Select(code => (long)code));
            }
        }

        // Orpheus: a, b, d, e, c, f, g with code + 10 + place × codebook size.
        int[] order = [0, 1, 3, 4, 2, 5, 6];
        Assert.Equal(Enumerable.Range(0, codes.Length).Select(i => codes[(i / 7 * 7) + order[i % 7]] + 10 + (i % 7 * 64)), tokens);
    }

    private static long[] Encodec(string path, float[] latents, int b, int d, int t, int n)
    {
        // README
        var model = RvqModel.Load(path);                                          // encodec_24khz-d7cc33bc.th: 32 codebooks of [1024, 128]
        var quantizer = new Quantizer(model.Take(n));                             // n = 8 of them at 75 frames a second: 6 kbit/s
        var codes = new long[n * b * t];                                          // [N, B, T] as EnCodec has them, int64 for ONNX
        quantizer.Encode(Layouts.ChannelsFirst(latents, b, d, t), Layouts.CodebooksFirst(codes, n, b, t));
        // END
        return codes;
    }

    private static int[] Dac(string path, float[] latents, int b, int d, int t)
    {
        // README
        var model = RvqModel.Load(path);                                          // weights_44khz_8kbps_0.0.1.pth: 1024 → 8 → 1024 around each codebook
        var n = model.CodebookCount;                                              // 9
        var codes = new int[b * n * t];                                           // [B, N, T] as DAC has them
        new Quantizer(model).Encode(Layouts.ChannelsFirst(latents, b, d, t), Layouts.ChannelsFirst(codes, b, n, t));
        // END
        return codes;
    }

    [Fact]
    public void MimiAndSnac_AnyNumberOfFrames_GiveTheOraclesCodes()
    {
        var (mimiPath, snacPath) = (
            TestData.Path("reference/mimi-small/model.safetensors"), TestData.Path("reference/snac-small/model.safetensors"));
        var (mimi, snac) = (RvqModel.Load(mimiPath), RvqModel.Load(snacPath));
        foreach (var t in new[] { 0, 1, 2, 7 })
        {
            var frames = TestVectors.Normal(new Random(t), t * mimi.Dimensions);
            var expected = Oracle.Encode(mimi, frames);
            var (semantic, all) = Mimi(mimiPath, frames);
            Assert.Equal(new Dequantizer(mimi).Decode(expected), all);
            var first = expected.Where((_, i) => i % mimi.CodebookCount == 0).ToArray();
            Assert.Equal(new Dequantizer(mimi.Take(1)).Decode(first), semantic);

            frames = TestVectors.Normal(new Random(t), t * snac.FramesPerBlock * snac.Dimensions);
            var (codes, tokens, middle) = Snac(snacPath, frames);
            Assert.Equal(Oracle.Encode(snac, frames), codes);
            Assert.Equal((t * 7, t * 2), (tokens.Length, middle.Length));
            Assert.Equal(codes.Where((_, i) => i % 7 is 1 or 2), middle);
        }
    }

    [Fact]
    public void EncodecAndDac_AnyShape_GiveTheOraclesCodes()
    {
        var encodec = TestData.Path("reference/encodec-small/model.safetensors");
        var dac = TestData.Path("reference/dac-small/model.safetensors");
        foreach (var b in new[] { 0, 1, 2, 7 })
        {
            foreach (var t in new[] { 0, 1, 2, 7 })
            {
                foreach (var n in new[] { 1, 2, 7 })
                {
                    var model = RvqModel.Load(encodec);
                    var latents = TestVectors.Normal(new Random(t), b * model.Dimensions * t);
                    var expected = Oracle.Encode(model.Take(n), TimeFirst(latents, model.Dimensions, t));
                    Assert.Equal(expected, CodesLast(Encodec(encodec, latents, b, model.Dimensions, t, n), n, b * t));
                }

                var projected = RvqModel.Load(dac);
                var frames = TestVectors.Normal(new Random(t), b * projected.Dimensions * t);
                var codes = new Quantizer(projected).Encode(TimeFirst(frames, projected.Dimensions, t));
                Assert.Equal(codes, TimeFirst(Dac(dac, frames, b, projected.Dimensions, t), projected.CodebookCount, t));
            }
        }
    }

    private static T[] TimeFirst<T>(T[] values, int rows, int t)
        => [.. Enumerable.Range(0, values.Length).Select(i => values[(i / (rows * t) * rows * t) + (i % rows * t) + (i / rows % t)])];

    private static int[] CodesLast(long[] codes, int n, int rows)
        => [.. Enumerable.Range(0, codes.Length).Select(i => (int)codes[(i % n * rows) + (i / n)])];

    private static (float[] Semantic, float[] All) Mimi(string path, float[] frames)
    {
        // README
        var model = RvqModel.Load(path);                                          // Mimi: a semantic codebook and acoustic ones, fed the same frame
        int[] codes = new Quantizer(model).Encode(frames);                        // [T, D] → [T, N]; column 0 is the semantic code
        int[] first = new Quantizer(model.Take(1)).Encode(frames);                // [T, D] → [T, 1]: column 0 of codes
        float[] semantic = new Dequantizer(model.Take(1)).Decode(first);          // [T, D]
        float[] all = new Dequantizer(model).Decode(codes);                       // [T, D]: both stacks' outputs added
        // END
        return (semantic, all);
    }

    private static (int[] Codes, int[] Tokens, int[] Middle) Snac(string path, float[] frames)
    {
        // README
        var model = RvqModel.Load(path);                                          // SNAC 24 kHz: 3 codebooks, one code for 4, 2 and 1 frames
        int[] codes = new Quantizer(model).Encode(frames);                        // [T, D] → [T / 4, 7]: a | b c | d e f g for 4 frames
        var layout = new SnacTokens([4, 2, 1], model.Stages[0].Codebook.Size);    // Orpheus: a b d e c f g, offset by place
        var tokens = new int[codes.Length];                                       // [T / 4, 7]
        layout.Arrange<int, int>(codes, tokens);
        var middle = new int[codes.Length / 7 * 2];                               // [T / 2]: codebook 1 alone, as SNAC has it
        model.CodesOf<int>(1, codes).FlattenTo(middle);
        // END
        return (codes, tokens, middle);
    }

    private static (float[] Latents, int B, int D, int T) Latents(string name)
    {
        var (data, shape) = Npy.ReadSingle(TestData.Path($"reference/{name}/frames.npy"));
        return (data, shape[0], shape[1], shape[2]);
    }

    private static void AssertCodes(string name, long[] codes)
        => Assert.Equal(Npy.ReadInt64(TestData.Path($"reference/{name}/codes.npy")).Data, codes);

    private static void AssertDecoded(string file, float[] frames, int d, int t)
    {
        var (expected, _) = Npy.ReadSingle(TestData.Path($"reference/{file}"));
        var scale = expected.Max(MathF.Abs);
        Assert.All(
            Enumerable.Range(0, t * d), i => Assert.InRange(frames[i] - expected[(i % d * t) + (i / d)], -1e-5f * scale, 1e-5f * scale));
    }
}
