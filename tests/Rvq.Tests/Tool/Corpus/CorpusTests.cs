using System.IO.Compression;
using Rvq.Streams;
using Rvq.Tests.Tool.Parquet;
using Rvq.Tool.Files;

namespace Rvq.Tests.Tool.Corpus;

/// <summary>Encode and decode on many inputs.</summary>
public sealed class CorpusTests : IDisposable
{
    private readonly ToolRun _tool = new();
    private readonly string _model;
    private readonly string _corpus;
    private readonly string _out;

    public CorpusTests()
    {
        (_model, _corpus, _out) = (_tool.File("model.safetensors"), _tool.File("corpus"), _tool.File("out"));
        ArithmeticModel.Create().Save(_model);
        CorpusTree.Write(_corpus);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    public void EncodeAndDecode_AFolder_GiveTheSameTreeAndTheFramesBack(string threads)
    {
        _tool.Succeed("encode", _model, _corpus, "--output-dir", _out, "--threads", threads);
        for (var clip = 0; clip < CorpusTree.Clips.Length; clip++)
        {
            var (codes, shape) = Npy.ReadInt64(Path.Combine(_out, CorpusTree.Clips[clip].Name + ".npy"));
            Assert.Equal([CorpusTree.Clips[clip].Count, 5], shape);
            Assert.Equal(CorpusTree.Codes(clip).Select(code => (long)code), codes);
        }

        Assert.Equal(CorpusTree.Clips.Length + 1, CorpusTree.Hashes(_out).Count);
        Assert.Contains("8 of 8 inputs written", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("373 frames", _tool.Output, StringComparison.Ordinal);
        Assert.Equal("", _tool.Error);

        _tool.Succeed("decode", _model, _out, "--output-dir", _tool.File("back"), "--threads", threads);
        var (original, back) = (CorpusTree.Hashes(_corpus), CorpusTree.Hashes(_tool.File("back")));
        back.Remove(".rvq-corpus.json");
        Assert.Equal(original, back);
    }

    [Fact]
    public void EncodeAndDecode_AsStreams_GiveTheFramesBack()
    {
        _tool.Succeed("encode", _model, _corpus, "--output-dir", _out, "--format", "rvq");
        for (var clip = 0; clip < CorpusTree.Clips.Length; clip++)
        {
            using var reader = RvqReader.Open(
                File.OpenRead(Path.Combine(_out, CorpusTree.Clips[clip].Name + ".rvq")), ArithmeticModel.Create());
            var codes = new List<int>();
            while (reader.ReadChunk() is { } chunk)
            {
                codes.AddRange(chunk.ToArray());
            }

            Assert.True(reader.IsComplete);
            Assert.Equal(CorpusTree.Codes(clip), codes);
        }

        _tool.Succeed("decode", _model, _out, "--output-dir", _tool.File("back"));
        var back = CorpusTree.Hashes(_tool.File("back"));
        back.Remove(".rvq-corpus.json");
        Assert.Equal(CorpusTree.Hashes(_corpus), back);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EncodeAndDecode_AsOneTable_HasARowForEveryClip(bool perCodebook)
    {
        var table = _tool.File("codes.parquet");
        _tool.Succeed(["encode", _model, _corpus, "-o", table, .. perCodebook ? ["--per-codebook"] : Array.Empty<string>()]);
        var rows = DuckDb.Query($"SELECT id, frame_count, {(perCodebook ? "codes_0, codes_4" : "codes")} FROM '{table}'");
        Assert.Equal(CorpusTree.Clips.Select(clip => clip.Name), rows.Select(row => (string)row[0]!));
        for (var clip = 0; clip < rows.Count; clip++)
        {
            Assert.Equal(CorpusTree.Clips[clip].Count, rows[clip][1]);
            var expected = CorpusTree.Codes(clip);
            Assert.Equal(perCodebook ? expected.Where((_, i) => i % 5 == 0) : expected, (IEnumerable<int>)rows[clip][2]!);
        }

        // Frames as a table, and those as codes again.
        _tool.Succeed("decode", _model, table, "-o", _tool.File("frames.parquet"));
        var frames = DuckDb.Query($"SELECT id, frames FROM '{_tool.File("frames.parquet")}'");
        for (var clip = 0; clip < frames.Count; clip++)
        {
            Assert.Equal(
                Enumerable.Range(0, CorpusTree.Clips[clip].Count * 4).Select(i => CorpusTree.Frame(clip, i / 4, i % 4)),
                (IEnumerable<float>)frames[clip][1]!);
        }

        _tool.Succeed("encode", _model, _tool.File("frames.parquet"), "-o", _tool.File("again.parquet"));
        Assert.Equal(
            DuckDb.Query($"SELECT id, frame_count, list_sum(codes)::BIGINT FROM '{_tool.File("again.parquet")}'")
                .Select(row => string.Join('|', row)),
            CorpusTree.Clips.Select((clip, i) => $"{clip.Name}|{clip.Count}|{(clip.Count == 0 ? "" : CorpusTree.Codes(i).Sum())}"));
    }

    [Fact]
    public void EncodeAndDecode_Archives_KeepTheirNames()
    {
        Directory.CreateDirectory(_tool.File("archives"));
        using (var archive = ZipFile.Open(_tool.File("archives/many.npz"), ZipArchiveMode.Create))
        {
            for (var clip = 0; clip < CorpusTree.Clips.Length; clip++)
            {
                archive.CreateEntryFromFile(
                    Path.Combine(_corpus, CorpusTree.Clips[clip].Name + ".npy"), $"clip{clip}.npy", CompressionLevel.Optimal);
            }
        }

        _tool.Succeed("encode", _model, _tool.File("archives"), "--output-dir", _out);
        using (var stream = File.OpenRead(Path.Combine(_out, "many.npz")))
        {
            var arrays = NpzReader.Read(stream, NpyReader.ReadInt32).ToArray();
            Assert.Equal(CorpusTree.Clips.Select((_, clip) => $"many/clip{clip}"), arrays.Select(array => array.Name));
            Assert.All(arrays.Index(), array => Assert.Equal(CorpusTree.Codes(array.Index), array.Item.Array.Values));
        }

        _tool.Fail(1, "several sequences", "encode", _model, _tool.File("archives/many.npz"), "-o", _tool.File("many.rvq"));
        _tool.Succeed("encode", _model, _tool.File("archives/many.npz"), "-o", _tool.File("many.parquet"));
        Assert.Equal(8L, DuckDb.Query($"SELECT count(*) FROM '{_tool.File("many.parquet")}'")[0][0]);
        _tool.Succeed("decode", _model, Path.Combine(_out, "many.npz"), "-o", _tool.File("back.npz"));
        using var back = File.OpenRead(_tool.File("back.npz"));
        Assert.All(
            NpzReader.Read(back, NpyReader.ReadSingle).Index(),
            array => Assert.Equal(
                Npy.ReadSingle(Path.Combine(_corpus, CorpusTree.Clips[array.Index].Name + ".npy")).Data, array.Item.Array.Values));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Encode_OtherLayouts_GivesWhatTheOneFileFormGives(bool channelsFirst, bool batched)
    {
        // Long enough for several parts.
        var (batch, count) = (batched ? 3 : 1, 70_000);
        int[] shape = channelsFirst ? [4, count] : [count, 4];
        Directory.CreateDirectory(_tool.File("in"));
        ArithmeticModel.Write(_tool.File("in/frames.npy"), batched ? [batch, .. shape] : shape, index =>
        {
            var (t, d) = channelsFirst ? (index[^1], index[^2]) : (index[^2], index[^1]);
            return ArithmeticModel.Frame(ArithmeticModel.Number(batched ? index[0] : 0, t), d);
        });
        string[] layout = channelsFirst ? ["--channels-first"] : [];
        _tool.Succeed(["encode", _model, _tool.File("in"), "--output-dir", _out, .. layout]);
        _tool.Succeed(["encode", _model, _tool.File("in/frames.npy"), "-o", _tool.File("one.npy"), .. layout]);
        Assert.Equal(File.ReadAllBytes(_tool.File("one.npy")), File.ReadAllBytes(Path.Combine(_out, "frames.npy")));
        _tool.Succeed(["decode", _model, _out, "--output-dir", _tool.File("back"), .. layout]);
        Assert.Equal(File.ReadAllBytes(_tool.File("in/frames.npy")), File.ReadAllBytes(_tool.File("back/frames.npy")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Encode_LongClips_GiveTheirCodesWhereverTheyLie(bool channelsFirst)
    {
        // Longer than one part, so that a table's clips are read while they are encoded; the short one comes last.
        const int Long = 270_000;
        string[] layout = channelsFirst ? ["--channels-first"] : [];
        foreach (var (name, count) in (ReadOnlySpan<(string, int)>)[("long", Long), ("short", 3)])
        {
            ArithmeticModel.Write(_tool.File($"{name}.npy"), channelsFirst ? [4, count] : [count, 4], index =>
                ArithmeticModel.Frame(ArithmeticModel.Number(count, index[channelsFirst ? 1 : 0]), index[channelsFirst ? 0 : 1]));
        }

        using (var archive = ZipFile.Open(_tool.File("both.npz"), ZipArchiveMode.Create))
        {
            archive.CreateEntryFromFile(_tool.File("long.npy"), "long.npy", CompressionLevel.Fastest);
            archive.CreateEntryFromFile(_tool.File("short.npy"), "short.npy", CompressionLevel.NoCompression);
        }

        _tool.Succeed(["encode", _model, _tool.File("both.npz"), "--root", _tool.File(""), "--output-dir", _out, .. layout]);
        _tool.Succeed(["encode", _model, _tool.File("both.npz"), _tool.File("long.npy"), "-o", _tool.File("all.parquet"), .. layout]);
        int[] longCodes = Codes(Long), shortCodes = Codes(3);
        using var stream = File.OpenRead(Path.Combine(_out, "both.npz"));
        Assert.Equal<int[]>([longCodes, shortCodes], NpzReader.Read(stream, NpyReader.ReadInt32).Select(member => member.Array.Values));
        var rows = DuckDb.Query($"SELECT id, frame_count, codes FROM '{_tool.File("all.parquet")}'");
        Assert.Equal([Long, 3, Long], rows.Select(row => (int)row[1]!));
        Assert.Equal<IEnumerable<int>>([longCodes, shortCodes, longCodes], rows.Select(row => (IEnumerable<int>)row[2]!));

        static int[] Codes(int count) =>
        [
            .. Enumerable.Range(0, count * ArithmeticModel.CodebookCount).Select(i => ArithmeticModel.Code(
                ArithmeticModel.Number(count, i / ArithmeticModel.CodebookCount), i % ArithmeticModel.CodebookCount)),
        ];
    }

    [Fact]
    public void Encode_ADamagedArchive_NamesTheMember()
    {
        using (var archive = ZipFile.Open(_tool.File("bad.npz"), ZipArchiveMode.Create))
        {
            Add(archive, "long.npy", NpyFile.Create(NpyFile.Header("<f4", "(2, 4)"), new byte[36]));
        }

        Fails("bad.npz: long.npy: What follows its header is longer than 32 bytes");
        using (var archive = ZipFile.Open(_tool.File("bad.npz"), ZipArchiveMode.Update))
        {
            archive.Entries[0].Delete();
            Add(archive, "short.npy", NpyFile.Create(NpyFile.Header("<f4", "(2, 4)"), new byte[28]));
        }

        Fails("bad.npz: short.npy: It has 28 bytes of values, but its header claims 8 values of 4 bytes");

        void Fails(string words)
        {
            Assert.Equal(1, _tool.Run("encode", _model, _tool.File("bad.npz"), "--output-dir", _out));
            Assert.Contains(words, _tool.Error, StringComparison.Ordinal);
        }

        static void Add(ZipArchive archive, string name, byte[] bytes)
        {
            using var member = archive.CreateEntry(name).Open();
            member.Write(bytes);
        }
    }

    [Fact]
    public void Encode_FortranOrder_GivesTheSameCodes()
    {
        Directory.CreateDirectory(_tool.File("in"));
        var values = Enumerable.Range(0, 6 * 4).Select(i => ArithmeticModel.Frame(ArithmeticModel.Number(0, i % 6), i / 6)).ToArray();
        var payload = new byte[values.Length * sizeof(float)];
        Buffer.BlockCopy(values, 0, payload, 0, payload.Length);
        File.WriteAllBytes(_tool.File("in/f.npy"), NpyFile.Create(NpyFile.Header("<f4", "(6, 4)", fortranOrder: true), payload));
        _tool.Succeed("encode", _model, _tool.File("in"), "--output-dir", _out);
        Assert.Equal(
            Enumerable.Range(0, 30).Select(i => (long)ArithmeticModel.Code(ArithmeticModel.Number(0, i / 5), i % 5)),
            Npy.ReadInt64(Path.Combine(_out, "f.npy")).Data);
    }

    [Fact]
    public void Encode_AList_KeepsTheTreeAndTheOrder()
    {
        var list = _tool.File("list.txt");
        File.WriteAllLines(list, ["# a comment", "", .. CorpusTree.Clips.Reverse().Select(clip => $"  {_corpus}/{clip.Name}.npy ")]);
        _tool.Succeed("encode", _model, $"@{list}", "--root", _corpus, "-o", _tool.File("list.parquet"));
        Assert.Equal(CorpusTree.Clips.Reverse().Select(clip => clip.Name), DuckDb.Query($"SELECT id FROM '{_tool.File("list.parquet")}'")
            .Select(row => (string)row[0]!));

        _tool.Input = File.ReadAllBytes(list);
        _tool.Succeed("encode", _model, "@-", "--root", _corpus, "--output-dir", _out);
        _tool.Succeed("encode", _model, _corpus, "--output-dir", _tool.File("folder"));
        Assert.Equal(CorpusTree.Hashes(_tool.File("folder")), CorpusTree.Hashes(_out));

        // Without a root, names are as given; nothing is written outside the folder.
        _tool.Succeed("encode", _model, $"{_corpus}/a.npy", $"{_corpus}/x/y.npy", "--output-dir", _tool.File("full"));
        Assert.True(File.Exists(Path.Join(_tool.File("full"), _corpus, "x/y.npy")));
        _tool.Fail(1, "--root", "encode", _model, "../a.npy", "--output-dir", _out);
        _tool.Fail(1, "does not lie in", "encode", _model, $"{_corpus}/a.npy", "--root", $"{_corpus}/x", "--output-dir", _out);
    }

    [Fact]
    public void Encode_OutputsInsideTheInputs_AreNotInputs()
    {
        var inside = Path.Combine(_corpus, "codes");
        _tool.Succeed("encode", _model, _corpus, "--output-dir", inside);
        _tool.Succeed("encode", _model, _corpus, "--output-dir", inside);
        Assert.Contains("8 of 8 inputs", _tool.Output, StringComparison.Ordinal);
        var before = CorpusTree.Hashes(_corpus);
        Assert.Equal(1, _tool.Run("encode", _model, Path.Combine(_corpus, "x"), "--output-dir", Path.Combine(_corpus, "x")));
        Assert.Contains("the input itself", _tool.Error, StringComparison.Ordinal);
        Assert.All(before, file => Assert.Equal(file.Value, CorpusTree.Hashes(_corpus)[file.Key]));
    }

    [Fact]
    public void Encode_BadInputs_AreListedAndTheOthersDone()
    {
        File.WriteAllText(Path.Combine(_corpus, "bad.npy"), "garbage, and some more of it");
        ArithmeticModel.Write(Path.Combine(_corpus, "nan.npy"), [9, 4], index => index[0] == 7 && index[1] == 2 ? float.NaN : 1);
        ArithmeticModel.Write(Path.Combine(_corpus, "wide.npy"), [9, 5], _ => 1);
        var cut = File.ReadAllBytes(Path.Combine(_corpus, "a.npy"));
        File.WriteAllBytes(Path.Combine(_corpus, "cut.npy"), cut[..^3]);
        Assert.Equal(1, _tool.Run("encode", _model, _corpus, Path.Combine(_corpus, "none.npy"), "--root", _corpus, "--output-dir", _out));
        var lines = _tool.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(6, lines.Length);
        Assert.Contains("bad.npy: It ", lines[0], StringComparison.Ordinal);
        Assert.Contains("cut.npy", lines[1], StringComparison.Ordinal);
        Assert.Contains("frame 7, dimension 2", lines[2], StringComparison.Ordinal);
        Assert.Contains("has 5 values, but the model's frames have 4", lines[3], StringComparison.Ordinal);
        Assert.Contains("none.npy", lines[4], StringComparison.Ordinal);
        Assert.Contains("5 of 13 inputs failed", lines[5], StringComparison.Ordinal);
        Assert.Contains("8 of 13 inputs written, 5 failed", _tool.Output, StringComparison.Ordinal);
        Assert.Equal(CorpusTree.Clips.Length + 1, CorpusTree.Hashes(_out).Count);

        Assert.Equal(1, _tool.Run("encode", _model, _corpus, "-o", _tool.File("t.parquet")));
        Assert.Contains("4 of 12 inputs failed", _tool.Error, StringComparison.Ordinal);
        Assert.Equal(CorpusTree.Clips.Select(clip => clip.Name), DuckDb.Query($"SELECT id FROM '{_tool.File("t.parquet")}'")
            .Select(row => (string)row[0]!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("npy", ".npy")]
    [InlineData("rvq", ".rvq")]
    [InlineData("parquet", ".parquet")]
    public void Encode_Resume_MakesWhatIsMissingOrDamagedOnly(string format, string extension)
    {
        string[] command = ["encode", _model, _corpus, "--output-dir", _out, "--format", format, "--resume"];
        _tool.Succeed(command);
        var whole = CorpusTree.Hashes(_out);

        // One is missing, one is cut off, and a killed run left an unfinished file.
        File.Delete(Path.Combine(_out, "x/y2" + extension));
        var damaged = Path.Combine(_out, "speech/z" + extension);
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..^3]);
        File.WriteAllText(Path.Combine(_out, "speech/.rvq-abandond.tmp"), "half");
        var kept = Path.Combine(_out, "a" + extension);
        var time = File.GetLastWriteTimeUtc(kept);
        _tool.Succeed(command);
        Assert.Contains("2 of 8 inputs written, 6 that were there skipped", _tool.Output, StringComparison.Ordinal);
        Assert.Equal(whole, CorpusTree.Hashes(_out));
        Assert.Equal(time, File.GetLastWriteTimeUtc(kept));

        // An input that has changed since is encoded again.
        File.SetLastWriteTimeUtc(Path.Combine(_corpus, "a.npy"), DateTime.UtcNow.AddSeconds(5));
        _tool.Succeed(command);
        Assert.Contains("1 of 8 inputs written, 7 that", _tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_IntoAFolderOfAnotherModel_IsRefused()
    {
        _tool.Succeed("encode", _model, _corpus, "--output-dir", _out);
        var before = CorpusTree.Hashes(_out);
        _tool.Fail(1, "another folder is needed", "encode", _model, _corpus, "--output-dir", _out, "--codebooks", "3");
        _tool.Fail(1, "another folder is needed", "encode", _model, _corpus, "--output-dir", _out, "--channels-first", "--resume");
        _tool.Fail(1, "another folder is needed", "decode", _model, _out, "--output-dir", _out);
        Assert.Equal(before, CorpusTree.Hashes(_out));
    }

    [Theory]
    [InlineData("npy")]
    [InlineData("parquet")]
    public void Encode_AllShards_GiveWhatOneRunGives(string format)
    {
        _tool.Succeed("encode", _model, _corpus, "--output-dir", _out, "--format", format);
        for (var part = 2; part >= 0; part--)
        {
            _tool.Succeed("encode", _model, _corpus, "--output-dir", _tool.File("parts"), "--format", format, "--shard", $"{part}/3");
            _tool.Succeed("encode", _model, _corpus, "-o", _tool.File($"part-{part}.parquet"), "--shard", $"{part}/3");
        }

        Assert.Equal(CorpusTree.Hashes(_out), CorpusTree.Hashes(_tool.File("parts")));
        Assert.Equal(
            CorpusTree.Clips.Select(clip => clip.Name),
            DuckDb.Query($"SELECT id FROM '{_tool.File("part-*.parquet")}'").Select(row => (string)row[0]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Encode_TwoInputsForOneOutput_IsRefusedBeforeTheWork()
    {
        File.Copy(Path.Combine(_corpus, "a.npy"), Path.Combine(_corpus, "a.npz"));
        _tool.Fail(1, "would both be written to", "encode", _model, _corpus, "--output-dir", _out, "--format", "rvq");
        Assert.False(Directory.Exists(_out));
    }

    [Fact]
    public void EncodeAndDecode_BadUsage_Gives2()
    {
        _tool.Fail(2, "--output-dir", "encode", _model, _corpus);
        _tool.Fail(2, "exclude", "encode", _model, _corpus, "-o", "x.npy", "--output-dir", _out);
        _tool.Fail(2, "--resume needs", "encode", _model, _corpus, "-o", "x.parquet", "--resume");
        _tool.Fail(2, "--format must be", "decode", _model, _corpus, "--output-dir", _out, "--format", "rvq");
        _tool.Fail(2, "--shard must be", "encode", _model, _corpus, "--output-dir", _out, "--shard", "3/3");
        _tool.Fail(1, "need --output-dir", "encode", _model, _corpus, "-o", _tool.File("x.npy"));
        Directory.CreateDirectory(_tool.File("empty"));
        _tool.Fail(1, "no inputs", "encode", _model, _tool.File("empty"), "--output-dir", _out);
    }

    [Fact]
    public void Decode_TableOfAnotherModel_IsRefusedUnlessInsisted()
    {
        _tool.Succeed("encode", _model, _corpus, "-o", _tool.File("codes.parquet"));
        new RvqModel([.. Enumerable.Range(0, 5).Select(_ => new Codebook([0, 0, 0, 0, 1, 1, 1, 1], 4))]).Save(_model);
        Assert.Equal(1, _tool.Run("decode", _model, _tool.File("codes.parquet"), "-o", _tool.File("frames.parquet")));
        Assert.Contains("fingerprint", _tool.Error, StringComparison.Ordinal);
        _tool.Succeed("decode", _model, _tool.File("codes.parquet"), "-o", _tool.File("frames.parquet"), "--allow-other-model");
    }

    [Fact]
    public void Decode_FewerCodebooks_IsAPrefix()
    {
        _tool.Succeed("encode", _model, _corpus, "--output-dir", _out);
        _tool.Succeed("decode", _model, _out, "--output-dir", _tool.File("back"), "--codebooks", "2");
        _tool.Succeed("decode", _model, Path.Combine(_out, "speech/z.npy"), "-o", _tool.File("one.npy"), "--codebooks", "2");
        Assert.Equal(File.ReadAllBytes(_tool.File("one.npy")), File.ReadAllBytes(Path.Combine(_tool.File("back"), "speech/z.npy")));
    }

    [Fact]
    public void EncodeAndDecode_ModelsOfEveryStructure_GiveWhatTheLibraryGives()
    {
        foreach (var (model, name) in TestModels.All())
        {
            model.Save(_model);
            var frames = TestVectors.Normal(new Random(1), 3 * model.FramesPerBlock * 7 * model.Dimensions);
            var codes = new Quantizer(model).Encode(frames);
            var (input, table) = (_tool.File("f.npy"), _tool.File("f.parquet"));
            ArithmeticModel.Write(
                input, [frames.Length / model.Dimensions, model.Dimensions], index => frames[(index[0] * model.Dimensions) + index[1]]);
            foreach (var layout in (string[][])[[], ["--per-codebook"]])
            {
                _tool.Succeed(["encode", _model, input, "-o", table, .. layout]);
                _tool.Succeed("decode", _model, table, "-o", _tool.File("back.parquet"));
                var decoded = ((IEnumerable<float>)DuckDb.Query($"SELECT frames FROM '{_tool.File("back.parquet")}'")[0][0]!).ToArray();
                Assert.True(new Dequantizer(model).Decode(codes).AsSpan().SequenceEqual(decoded), name);
            }
        }
    }

    public void Dispose() => _tool.Dispose();
}
