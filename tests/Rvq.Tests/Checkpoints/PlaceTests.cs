using Rvq.Checkpoints;

namespace Rvq.Tests.Checkpoints;

/// <summary>Folders, shards and streams.</summary>
public sealed class PlaceTests : IDisposable
{
    private const string Embed = "quantizer.layers.0.codebook.embed";

    private readonly string _folder = Directory.CreateTempSubdirectory("rvq").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Load_ShardedMusicGen_GivesTheCodecsCodes()
    {
        var folder = TestData.Path("checkpoints/sharded_musicgen");
        var model = RvqModel.Load(folder);
        var frames = Npy.ReadSingle(Path.Combine(folder, "frames.npy")).Data;
        Assert.Equal(Npy.ReadInt64(Path.Combine(folder, "codes.npy")).Data, new Quantizer(model).Encode(frames).Select(code => (long)code));
        var message = Assert.Throws<InvalidDataException>(
            () => RvqModel.Load(Path.Combine(folder, "model-00001-of-00002.safetensors"))).Message;
        Assert.Contains("one of 2 files", message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors.index.json, which lies beside it", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FolderWithoutAModel_SaysWhatWasLookedFor()
    {
        File.WriteAllText(Path.Combine(_folder, "README.md"), "nothing");
        var message = Assert.Throws<InvalidDataException>(() => RvqModel.Load(_folder)).Message;
        Assert.Contains(_folder, message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors", message, StringComparison.Ordinal);
        Assert.Contains(".ckpt", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FolderWithOneModel_TakesItAndRefusesTwo()
    {
        Write("codec.ckpt", TorchBytes.StateDict([TensorBytes.Random(Embed, 3, 2)]));
        Assert.Equal(3, RvqModel.Load(_folder).Stages[0].Codebook.Size);
        Write("other.pt", TorchBytes.StateDict([TensorBytes.Random(Embed, 4, 2)]));
        Assert.Contains("'codec.ckpt', 'other.pt'", Assert.Throws<InvalidDataException>(() => RvqModel.Load(_folder)).Message,
            StringComparison.Ordinal);
        Write("pytorch_model.bin", TorchBytes.StateDict([TensorBytes.Random(Embed, 5, 2)]));
        Assert.Equal(5, RvqModel.Load(_folder).Stages[0].Codebook.Size);
        Write("model.safetensors", TensorBytes.Safetensors([TensorBytes.Random(Embed, 6, 2)]));
        Assert.Equal(6, RvqModel.Load(_folder).Stages[0].Codebook.Size);
    }

    [Fact]
    public void Load_FolderOfTheCache_TakesTheMainSnapshot()
    {
        Write("snapshots/abc/model.safetensors", TensorBytes.Safetensors([TensorBytes.Random(Embed, 3, 2)]));
        Assert.Equal(3, RvqModel.Load(_folder).Stages[0].Codebook.Size);
        Write("snapshots/def/model.safetensors", TensorBytes.Safetensors([TensorBytes.Random(Embed, 4, 2)]));
        Assert.Throws<InvalidDataException>(() => RvqModel.Load(_folder));
        Write("refs/main", "def"u8.ToArray());
        Assert.Equal(4, RvqModel.Load(_folder).Stages[0].Codebook.Size);
    }

    [Theory]
    [InlineData("""{"weight_map": {"a": "../model.safetensors"}}""", "beside it are followed")]
    [InlineData("""{"weight_map": {"a": "/etc/passwd"}}""", "beside it are followed")]
    [InlineData("""{"weight_map": {}}""", "0 files")]
    [InlineData("""{"weight_map": 5}""", "broken")]
    [InlineData("""{}""", "broken")]
    [InlineData("""{"weight_map": {""", "broken")]
    [InlineData("""{"weight_map": {"missing": "shard.safetensors"}}""", "'missing' is missing in 'shard.safetensors'")]
    public void Load_BrokenIndex_IsRefused(string index, string reason)
    {
        Write("shard.safetensors", TensorBytes.Safetensors([TensorBytes.Random(Embed, 3, 2)]));
        Write("model.safetensors.index.json", System.Text.Encoding.UTF8.GetBytes(index));
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(
            () => RvqModel.Load(Path.Combine(_folder, "model.safetensors.index.json"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_IndexesBeyondAllBounds_AreRefused()
    {
        using (var file = File.Create(Path.Combine(_folder, "large.index.json")))
        {
            file.SetLength(64_000_001);
        }

        AssertRefused("large.index.json", "64000001 bytes");
        var map = string.Join(',', Enumerable.Range(0, 1001).Select(i => $"\"{i}\": \"{i}.safetensors\""));
        Write("many.index.json", System.Text.Encoding.UTF8.GetBytes("{\"weight_map\": {" + map + "}}"));
        AssertRefused("many.index.json", "1001 files");
    }

    [Fact]
    public void Load_BrokenShard_IsNamed()
    {
        Write("shard.safetensors", TensorBytes.Safetensors([TensorBytes.Random(Embed, 3, 2)])[..^1]);
        Write("m.index.json", """{"weight_map": {"x": "shard.safetensors"}}"""u8.ToArray());
        AssertRefused("m.index.json", "'shard.safetensors'");
    }

    [Theory]
    [InlineData("pytorch_model.bin", "rest.bin", true)]
    [InlineData("pytorch_model.bin", "pytorch_model.bin", false)]
    public void Load_FileWithAnIndexBesideIt_IsRefusedWhereItIsOneOfSeveral(string name, string other, bool refused)
    {
        Write(name, TorchBytes.StateDict([TensorBytes.Random(Embed, 3, 2)]));
        Write(
            $"{name}.index.json",
            System.Text.Encoding.UTF8.GetBytes("{\"weight_map\": {\"" + Embed + $"\": \"{name}\", \"y\": \"{other}\"}}}}"));
        if (refused)
        {
            AssertRefused(name, "one of several files", $"{name}.index.json");
            return;
        }

        Assert.Equal(3, RvqModel.Load(Path.Combine(_folder, name)).Stages[0].Codebook.Size);
    }

    [Theory]
    [InlineData("m-00001-of-00002.safetensors", "m.safetensors.index.json, which says which tensors are where, and which is missing")]
    [InlineData("m-00001-of-00001.safetensors", null)]
    [InlineData("m-00000-of-00000.safetensors", null)]
    [InlineData("m-00001-of-00002.gguf", null)]
    public void Load_FileWithANumber_IsRefusedWhereItIsOneOfSeveral(string name, string? reason)
    {
        var tensor = TensorBytes.Random(Embed, 3, 2);
        Write(name, name.EndsWith("gguf", StringComparison.Ordinal) ? ContainerBytes.Gguf([tensor]) : TensorBytes.Safetensors([tensor]));
        if (reason is not null)
        {
            AssertRefused(name, "one of 2 files", reason);
            return;
        }

        Assert.Equal(3, RvqModel.Load(Path.Combine(_folder, name)).Stages[0].Codebook.Size);
    }

    [Fact]
    public void Load_ShardsThatLieAtTheSameOffset_AreToldApart()
    {
        Write("a.safetensors", TensorBytes.Safetensors([TensorBytes.Single(Embed, [1, 2], 1, 2), TensorBytes.Single("x", [1], 3)]));
        Write("b.safetensors", TensorBytes.Safetensors(
            [TensorBytes.Single("quantizer.layers.1.codebook.embed", [1, 2], 5, 6), TensorBytes.Single("y", [1], 3)]));
        Write("m.index.json", """{"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}"""u8.ToArray());
        var checkpoint = Checkpoint.Open(Path.Combine(_folder, "m.index.json"));
        Assert.Equal([1f, 2f], checkpoint.Read(Embed));
        Assert.Equal([5f, 6f], checkpoint.Read("quantizer.layers.1.codebook.embed"));
        Assert.Contains("'a.safetensors'", checkpoint.File.Find("x")!.Invalid("").Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => Exclusively("b.safetensors"));
        checkpoint.Dispose();
        Exclusively("a.safetensors");
        Exclusively("b.safetensors");

        void Exclusively(string name)
            => new FileStream(Path.Combine(_folder, name), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    [Fact]
    public void Open_AFileThatIsRefused_IsClosed()
    {
        Write("broken.safetensors", [1, 2, 3]);
        var path = Path.Combine(_folder, "broken.safetensors");
        Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));
        new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    [Fact]
    public async Task Load_Stream_GivesTheModelOfTheFile()
    {
        var token = TestContext.Current.CancellationToken;
        var path = TestData.Path("files/legacy_torch/legacy.th");
        var expected = RvqModel.Load(path);
        var bytes = File.ReadAllBytes(path);
        using var stream = new MemoryStream([1, 2, 3, .. bytes]) { Position = 3 };
        ModelAssert.Equal(expected, RvqModel.Load(stream));
        stream.Position = 3;
        ModelAssert.Equal(expected, await RvqModel.LoadAsync(stream, cancellationToken: token));
        ModelAssert.Equal(expected, RvqModel.Load(new OneWayStream(bytes)));
        ModelAssert.Equal(expected, await RvqModel.LoadAsync(new OneWayStream(bytes), cancellationToken: token));
        ModelAssert.Equal(expected, await RvqModel.LoadAsync(path, cancellationToken: token));
        Assert.Throws<ArgumentNullException>(() => RvqModel.Load((Stream)null!));
        Assert.Throws<InvalidDataException>(() => RvqModel.Load(new OneWayStream([])));
        await Assert.ThrowsAsync<InvalidDataException>(() => RvqModel.LoadAsync(new MemoryStream(bytes[..^1]), cancellationToken: token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => RvqModel.LoadAsync(new OneWayStream(bytes), cancellationToken: new CancellationToken(true)));
    }

    [Fact]
    public void Save_Stream_IsWhatTheFileHas()
    {
        var model = new RvqModel(new Codebook([1, 2, 3, 4], 2)) { Family = "faiss", BeamWidth = 5 };
        using var stream = new MemoryStream();
        stream.WriteByte(7);
        model.Save(stream);
        stream.Position = 1;
        var loaded = RvqModel.Load(stream);
        ModelAssert.Equal(model, loaded);
        Assert.Equal(5, loaded.BeamWidth);
        Assert.Throws<ArgumentNullException>(() => model.Save((Stream)null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RvqModel(new Codebook([1, 2], 2)) { BeamWidth = 0 });
    }

    [Fact]
    public void Spool_LongStream_GoesToATemporaryFile()
    {
        var bytes = new byte[70_000_000];
        new Random(1).NextBytes(bytes.AsSpan(^1000..));
        using var spool = Spool.Copy(new OneWayStream(bytes), long.MaxValue, "It");
        Assert.IsType<FileStream>(spool);
        Assert.Equal(bytes.Length, spool.Length);
        var end = new byte[1000];
        spool.Position = spool.Length - 1000;
        spool.ReadExactly(end);
        Assert.Equal(bytes[^1000..], end);
    }

    [Fact]
    public async Task Spool_StreamOfSingleBytes_IsCopiedUpToTheMost()
    {
        var token = TestContext.Current.CancellationToken;
        byte[] bytes = [1, 2, 3, 4, 5];
        foreach (var most in new[] { 5L, 6, 4, 0 })
        {
            if (most < 5)
            {
                Assert.Throws<InvalidDataException>(() => Spool.Copy(new OneWayStream(bytes, 1), most, "It"));
                await Assert.ThrowsAsync<InvalidDataException>(() => Spool.CopyAsync(new OneWayStream(bytes, 1), most, "It", token));
                continue;
            }

            using var copy = Spool.Copy(new OneWayStream(bytes, 1), most, "It");
            Assert.Equal(bytes, Assert.IsType<MemoryStream>(copy).ToArray());
            using var later = await Spool.CopyAsync(new OneWayStream(bytes, 1), most, "It", token);
            Assert.Equal(bytes, Assert.IsType<MemoryStream>(later).ToArray());
        }
    }

    private void AssertRefused(string name, params string[] reasons)
    {
        var message = Assert.Throws<InvalidDataException>(() => RvqModel.Load(Path.Combine(_folder, name))).Message;
        Assert.All(reasons, reason => Assert.Contains(reason, message, StringComparison.Ordinal));
    }

    private void Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>A stream that cannot seek, and reads little at a time.</summary>
    private sealed class OneWayStream(byte[] bytes, int atOnce = 100_000) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, atOnce)]);
    }
}
