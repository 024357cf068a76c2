using System.Globalization;
using Rvq.Streams;
using Rvq.Tool.Parquet;

namespace Rvq.Tests.Tool.Parquet;

/// <summary>Parquet files of clips, read back by DuckDB, and DuckDB's own read here.</summary>
public sealed class ParquetClipTests : IDisposable
{
    private static readonly int[] Lengths = [3, 0, 750, 1, 40];
    private readonly string _folder = Directory.CreateTempSubdirectory("rvq-parquet-").FullName;

    private string File => Path.Combine(_folder, "clips.parquet");

    private static RvqModel Model => new([.. Enumerable.Range(0, 3).Select(_ => new Codebook(new float[1024 * 2], 2))])
    {
        SampleRate = 24000,
        HopLength = 320,
    };

    private static int Code(int clip, int frame, int codebook)
        => ((clip * 31) + (frame * 7) + (codebook * 341) + (frame * frame % 13)) % 1024;

    private static int[] Codes(int clip, int frames) => [.. Enumerable.Range(0, frames * 3).Select(i => Code(clip, i / 3, i % 3))];

    [Fact]
    public void Write_Codes_AreWhatDuckDbReads()
    {
        WriteClips(perCodebook: false);
        var rows = DuckDb.Query($"SELECT id, frame_count, codes FROM '{File}'");
        Assert.Equal(Lengths.Length, rows.Count);
        for (var clip = 0; clip < rows.Count; clip++)
        {
            Assert.Equal($"clip {clip}", rows[clip][0]);
            Assert.Equal(Lengths[clip], rows[clip][1]);
            Assert.Equal(Codes(clip, Lengths[clip]), ((IEnumerable<int>)rows[clip][2]!).ToArray());
        }
    }

    [Fact]
    public void Write_OneListACodebook_IsWhatDuckDbReads()
    {
        WriteClips(perCodebook: true);
        var rows = DuckDb.Query($"SELECT codes_0, codes_1, codes_2 FROM '{File}'");
        for (var clip = 0; clip < rows.Count; clip++)
        {
            for (var n = 0; n < 3; n++)
            {
                Assert.Equal(Enumerable.Range(0, Lengths[clip]).Select(t => Code(clip, t, n)), (IEnumerable<int>)rows[clip][n]!);
            }
        }
    }

    [Fact]
    public void Write_QueriesOfAUser_AreAnswered()
    {
        WriteClips(perCodebook: false);

        // Tokens per clip.
        var tokens = DuckDb.Query($"SELECT id, len(codes) FROM '{File}' WHERE frame_count > 0 ORDER BY len(codes) DESC");
        Assert.Equal(["clip 2", "clip 4", "clip 0", "clip 3"], tokens.Select(row => (string)row[0]!));
        Assert.Equal([2250L, 120L, 9L, 3L], tokens.Select(row => Convert.ToInt64(row[1], CultureInfo.InvariantCulture)));

        // A histogram of the second codebook's codes: list elements count from 1 in SQL.
        var histogram = DuckDb.Query(
            $"SELECT code, count(*) FROM (SELECT unnest(list_filter(codes, (code, i) -> (i - 1) % 3 = 1)) AS code FROM '{File}') GROUP BY "
            + "code ORDER BY code");
        var expected = Enumerable.Range(0, Lengths.Length)
            .SelectMany(clip => Enumerable.Range(0, Lengths[clip]).Select(t => Code(clip, t, 1)))
            .GroupBy(code => code).OrderBy(group => group.Key);
        Assert.Equal(
            expected.Select(group => ((long)group.Key, group.LongCount())),
            histogram.Select(
                row => (Convert.ToInt64(row[0], CultureInfo.InvariantCulture), Convert.ToInt64(row[1], CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void Write_Metadata_NamesTheModel()
    {
        WriteClips(perCodebook: false);
        var metadata = DuckDb.Query($"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{File}')")
            .ToDictionary(row => (string)row[0]!, row => (string)row[1]!);
        Assert.Equal(new RvqHeader(Model).Fingerprint.ToString("x32", CultureInfo.InvariantCulture), metadata["rvq.fingerprint"]);
        Assert.Equal("1024,1024,1024", metadata["rvq.codebook_sizes"]);
        Assert.Equal("75", metadata["rvq.frame_rate"]);
        Assert.Equal("[T, N]", metadata["rvq.layout"]);
        Assert.Equal("1,1,1", metadata["rvq.strides"]);
    }

    [Fact]
    public void Write_ManyValues_AreCutIntoRowGroups()
    {
        using (var stream = System.IO.File.Create(File))
        {
            var writer = new ParquetClipWriter<int>(
                stream, ["codes"], new Dictionary<string, string>(), TestContext.Current.CancellationToken);
            for (var clip = 0; clip < 5; clip++)
            {
                writer.Write($"{clip}", 0, Enumerable.Repeat(clip, 500_000).ToArray());
            }

            writer.Complete();
        }

        Assert.Equal(2L, DuckDb.Query($"SELECT count(DISTINCT row_group_id) FROM parquet_metadata('{File}')")[0][0]);
        Assert.Equal((0L, 500_000L, 2L), Sums("0").First());
        Assert.Equal((4L, 500_000L, 2L), Sums("4").First());

        IEnumerable<(long, long, long)> Sums(string id)
            => DuckDb.Query($"SELECT list_avg(codes)::BIGINT, len(codes), 2::BIGINT FROM '{File}' WHERE id = '{id}'")
            .Select(row => ((long)row[0]!, Convert.ToInt64(row[1], CultureInfo.InvariantCulture), (long)row[2]!));
    }

    [Fact]
    public void Write_WithoutItsEnd_IsNoParquetFile()
    {
        using (var stream = System.IO.File.Create(File))
        {
            var writer = new ParquetClipWriter<int>(
                stream, ["codes"], new Dictionary<string, string>(), TestContext.Current.CancellationToken);
            writer.Write("clip", 1, [1, 2, 3]);
        }

        using var half = System.IO.File.OpenRead(File);
        Assert.Throws<InvalidDataException>(() => ParquetClipReader<int>.Open(half, "codes"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_OwnCodes_ComeBack(bool perCodebook)
    {
        WriteClips(perCodebook);
        using var stream = System.IO.File.OpenRead(File);
        using var reader = ParquetClipReader<int>.Open(stream, CodesTable.Codes);
        Assert.Equal(
            new RvqHeader(Model).Fingerprint.ToString("x32", CultureInfo.InvariantCulture), reader.Metadata[CodesTable.Fingerprint]);
        Assert.Equal(Lengths.Length, reader.RowCount);
        var clips = reader.ReadAll().ToArray();
        Assert.Equal(Lengths.Select((_, clip) => $"clip {clip}"), clips.Select(clip => clip.Id));
        for (var clip = 0; clip < clips.Length; clip++)
        {
            Assert.Equal(Codes(clip, Lengths[clip]), CodesTable.Join(Model, clips[clip].Lists, clips[clip].Id));
        }
    }

    [Theory]
    [InlineData("FLOAT", "uncompressed")]
    [InlineData("FLOAT", "zstd")]
    [InlineData("DOUBLE", "snappy")]
    [InlineData("FLOAT", "gzip")]
    public void Read_FramesThatDuckDbWrote_FlatOrNested(string type, string codec)
    {
        // Two clips: 2 frames of 3 values, and none; the same as lists of lists.
        DuckDb.Execute($"COPY (SELECT * FROM (VALUES ('a', [1, 2, 3, 4, 5, 6.5]::{type}[]), ('b', []::{type}[])) t(id, frames)) TO "
            + $"'{File}' (FORMAT parquet, CODEC '{codec}')");
        var flat = Read<float>("frames");
        Assert.Equal(["a", "b"], flat.Select(clip => clip.Id));
        Assert.Equal([1, 2, 3, 4, 5, 6.5f], flat[0].Lists[0]);
        Assert.Empty(flat[1].Lists[0]);
        Assert.Null(flat[0].Width);

        DuckDb.Execute($"COPY (SELECT [[1, 2, 3], [4, 5, 6.5]]::{type}[][] AS x UNION ALL SELECT [[7.5]]::{type}[][]) TO '{File}' (FORMAT "
            + $"parquet, CODEC '{codec}')");
        var nested = Read<float>("frames");
        Assert.Equal(["0", "1"], nested.Select(clip => clip.Id));
        Assert.Equal([1, 2, 3, 4, 5, 6.5f], nested[0].Lists[0]);
        Assert.Equal([3, 1], nested.Select(clip => clip.Width ?? 0));
        Assert.Equal([7.5f], nested[1].Lists[0]);
    }

    [Theory]
    [InlineData("UTINYINT")]
    [InlineData("USMALLINT")]
    [InlineData("SMALLINT")]
    [InlineData("INTEGER")]
    [InlineData("UINTEGER")]
    [InlineData("BIGINT")]
    public void Read_IntegersThatDuckDbWrote_OfEveryWidth(string type)
    {
        DuckDb.Execute($"COPY (SELECT range::VARCHAR AS id, list_transform(range(range % 5), x -> x * 30)::{type}[] AS codes FROM "
            + $"range(3000)) TO '{File}' (FORMAT parquet)");
        var clips = Read<int>("codes");
        Assert.Equal(3000, clips.Length);
        for (var i = 0; i < clips.Length; i++)
        {
            Assert.Equal($"{i}", clips[i].Id);
            Assert.Equal(Enumerable.Range(0, i % 5).Select(x => x * 30), clips[i].Lists[0]);
        }
    }

    [Theory]
    [InlineData("SELECT [1, NULL, 3]::FLOAT[] AS frames", "null")]
    [InlineData("SELECT [[1, 2], [3]]::FLOAT[][] AS frames", "of 2 and of 1")]
    [InlineData("SELECT [[1, 2], NULL, [3, 4]]::FLOAT[][] AS frames", "null")]
    [InlineData("SELECT [1]::FLOAT[] AS a, [1]::FLOAT[] AS b", "2 columns")]
    [InlineData("SELECT 1::FLOAT AS frames", "0 columns")]
    [InlineData("SELECT [1]::INTEGER[] AS frames", "0 columns")]
    public void Read_WhatIsNotFrames_IsRefusedWithTheReason(string query, string words)
    {
        DuckDb.Execute($"COPY ({query}) TO '{File}' (FORMAT parquet)");
        Assert.Contains(words, Assert.Throws<InvalidDataException>(() => Read<float>("frames")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DamagedFiles_GiveInvalidDataAndNothingElse()
    {
        WriteClips(perCodebook: false);
        var sound = System.IO.File.ReadAllBytes(File);
        var random = new Random(1);
        for (var i = 0; i < 300; i++)
        {
            var damaged = sound.ToArray();
            for (var hits = random.Next(1, 4); hits > 0; hits--)
            {
                // Half of the hits go to the end, where the file's directory is.
                damaged[random.Next(2) == 0 ? random.Next(damaged.Length) : damaged.Length - 1 - random.Next(900)] = (byte)random.Next(256);
            }

            damaged = random.Next(4) == 0 ? damaged[..random.Next(damaged.Length)] : damaged;
            System.IO.File.WriteAllBytes(File, damaged);
            try
            {
                _ = Read<int>("codes");
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    private ParquetClip<T>[] Read<T>(string column)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        using var stream = System.IO.File.OpenRead(File);
        using var reader = ParquetClipReader<T>.Open(stream, column);
        return [.. reader.ReadAll()];
    }

    private void WriteClips(bool perCodebook)
    {
        var table = new CodesTable(Model, perCodebook);
        using var stream = System.IO.File.Create(File);
        var writer = new ParquetClipWriter<int>(stream, table.Columns, table.Metadata(), TestContext.Current.CancellationToken);
        for (var clip = 0; clip < Lengths.Length; clip++)
        {
            writer.Write($"clip {clip}", Lengths[clip], table.Split(Codes(clip, Lengths[clip])));
        }

        writer.Complete();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
