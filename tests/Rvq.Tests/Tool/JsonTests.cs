using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rvq.Tests.Tool;

/// <summary>The documents of --json, whole, for inputs whose every number is known.</summary>
public sealed class JsonTests : IDisposable
{
    private readonly ToolRun _tool = new();
    private readonly string _model;

    public JsonTests()
    {
        _model = _tool.File("model");
        var model = new RvqModel(new Codebook([-2, -2, 2, 2], 2), new Codebook([-1, -1, 1, 1], 2))
        {
            Family = "two \"bits\"",
            SampleRate = 800,
            HopLength = 16,
        };
        model.Save(_model);
    }

    [Fact]
    public void Inspect_Model_IsThisDocument()
    {
        _tool.Succeed("inspect", _model, "--json");
        var stage = """{"codewords": 2, "codewordLength": 2, "bitsPerCode": 1, "metric": "Euclidean", "stride": 1, "inputProjection": false, "outputProjection": false}""";
        AssertJson($$"""
            {"schema": "rvq.model/1", "family": "two \"bits\"", "dimensions": 2, "codebookCount": 2, "framesPerBlock": 1, "codesPerBlock": 2, "bitsPerFrame": 2,
             "sampleRate": 800,
             "hopLength": 16,
             "frameRate": 50,
             "kilobitsPerSecond": 0.1,
             "beamWidth": null,
             "fingerprint": "{{RvqModel.Load(_model).Fingerprint:x32}}",
             
             "stacks": [{"inputProjection": false, "outputProjection": false, "stages": [{{stage}}, {{stage}}]}]}
            """);
    }

    [Fact]
    public void Inspect_Tensors_AreListedWhateverTheCodec()
    {
        _tool.Succeed("inspect", _model, "--tensors");
        Assert.Matches(@"quantizer\.layers\.0\.codebook\.embed  F32  2 × 2\n", _tool.Output);
        Assert.Contains(" 2 tensors", _tool.Output, StringComparison.Ordinal);
        _tool.Succeed("inspect", _model, "--tensors", "--json");
        var document = JsonNode.Parse(_tool.Output)!;
        Assert.Equal("rvq.tensors/1", document["schema"]!.GetValue<string>());
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""[{"name": "quantizer.layers.0.codebook.embed", "type": "F32", "shape": [2, 2]}, {"name": "quantizer.layers.1.codebook.embed", "type": "F32", "shape": [2, 2]}]"""),
            document["tensors"]));

        // No quantizer that is known, and names as long and as odd as a file may have them.
        var odd = new string('x', 300) + "\u0007";
        SafetensorsFile.Write(_tool.File("odd"), Enumerable.Range(0, 2500).Select(i => $"{odd}{i}"));
        _tool.Succeed("inspect", _tool.File("odd"), "--tensors");
        var lines = _tool.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2002, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 140));
        Assert.Contains("500 more", lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain('\u0007', _tool.Output);
    }

    [Fact]
    public void Encode_FaissIndex_GivesTheCodesOfItsBeam()
    {
        var (model, frames) = (ToolProcess.Fixture("faiss_default_beam/rq.index"), ToolProcess.Fixture("faiss_default_beam/frames.npy"));
        _tool.Succeed("encode", model, frames, "-o", _tool.File("codes.npy"));
        Assert.Contains("--beam 5", _tool.Output, StringComparison.Ordinal);
        var expected = Npy.ReadInt64(ToolProcess.Fixture("faiss_default_beam/expected_codes.npy")).Data;
        Assert.Equal(expected, Npy.ReadInt64(_tool.File("codes.npy")).Data);
        _tool.Succeed("encode", model, frames, "-o", _tool.File("codes.npy"), "--beam", "1");
        Assert.NotEqual(expected, Npy.ReadInt64(_tool.File("codes.npy")).Data);
        _tool.Succeed("inspect", model);
        Assert.Matches("beam +5", _tool.Output);
    }

    [Fact]
    public void Inspect_Codes_IsThisDocument()
    {
        File.WriteAllBytes(_tool.File("codes.npy"), NpyFile.Create(NpyFile.Header("|i1", "(4, 2)"), [0, 3, 0, 3, 1, 0xFF, 1, 3]));
        _tool.Succeed("inspect", _tool.File("codes.npy"), "--json");
        AssertJson("""
            {"schema": "rvq.codes/1", "format": "npy", "sequences": 1, "frames": 4, "codes": 8, "frameRate": null, "fingerprint": null, "complete": true,
             "fault": null, "metadata": {"shape": "[4, 2]"},
             "codebooks": [{"size": null, "used": 2, "largest": 1, "perplexity": 2}, {"size": null, "used": 1, "largest": 3, "perplexity": 1}]}
            """);
    }

    [Fact]
    public void Inspect_Stream_IsThisDocument()
    {
        WriteFrames();
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", _tool.File("codes.rvq"));
        _tool.Succeed("inspect", _tool.File("codes.rvq"), "--json");
        var codebook = """{"size": 2, "used": 2, "largest": 1, "perplexity": 2}""";
        AssertJson($$"""
            {"schema": "rvq.codes/1", "format": "rvq", "sequences": 1, "frames": 4, "codes": 8, "frameRate": 50, "fingerprint": "{{RvqModel.Load(_model).Fingerprint:x32}}",
             "complete": true, "fault": null, "metadata": {}, "codebooks": [{{codebook}}, {{codebook}}]}
            """);

        // A damaged stream still gives its document, and the exit code.
        File.WriteAllBytes(_tool.File("codes.rvq"), File.ReadAllBytes(_tool.File("codes.rvq"))[..^1]);
        Assert.Equal(1, _tool.Run("inspect", _tool.File("codes.rvq"), "--json"));
        var document = JsonNode.Parse(_tool.Output)!;
        Assert.False(document["complete"]!.GetValue<bool>());
        Assert.NotNull(document["fault"]);
    }

    [Fact]
    public void Evaluate_KnownFrames_IsThisDocument()
    {
        // Frames ±2±1 in both dimensions: one codebook leaves ±1 of 5 on average, 10 log10 5 dB; two leave nothing.
        WriteFrames();
        _tool.Succeed("evaluate", _model, _tool.File("frames.npy"), "--json");
        AssertJson($$"""
            {"schema": "rvq.evaluation/1", "frames": 4, "dimensions": 2, "frameRate": 50, "beamWidth": 1, "rows": [
              {"codebookCount": 1, "bitsPerFrame": 1, "kilobitsPerSecond": 0.05, "signalToNoiseRatio": {{JsonSerializer.Serialize(10 * Math.Log10(5))}}, "codebookSize": 2, "usedCodes": 2, "perplexity": 2},
              {"codebookCount": 2, "bitsPerFrame": 2, "kilobitsPerSecond": 0.1, "signalToNoiseRatio": null, "codebookSize": 2, "usedCodes": 2, "perplexity": 2}]}
            """);
    }

    [Fact]
    public void Evaluate_Beam_IsNoWorseThanGreedy()
    {
        // Greedy takes 4 for 3 and then can only add 0 or 3; a beam finds 0 + 3.
        new RvqModel(new Codebook([4, 0], 1), new Codebook([3, 0], 1)).Save(_model);
        ArithmeticModel.Write(_tool.File("frames.npy"), [2, 1], _ => 3);
        _tool.Succeed("evaluate", _model, _tool.File("frames.npy"), "--json");
        Assert.Equal(10 * Math.Log10(9), JsonNode.Parse(_tool.Output)!["rows"]![1]!["signalToNoiseRatio"]!.GetValue<double>(), 1e-9);
        _tool.Succeed("evaluate", _model, _tool.File("frames.npy"), "--beam", "2", "--json");
        var document = JsonNode.Parse(_tool.Output)!;
        Assert.Null(document["rows"]![1]!["signalToNoiseRatio"]);
        Assert.Equal(10 * Math.Log10(9), document["rows"]![0]!["signalToNoiseRatio"]!.GetValue<double>(), 1e-9);
        Assert.Equal(2, document["beamWidth"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("0.05", 1)]
    [InlineData("0.1", 2)]
    [InlineData("5", 2)]
    public void Evaluate_Bitrate_TakesTheCodebooksThatFit(string bitrate, int count)
    {
        WriteFrames();
        _tool.Succeed("evaluate", _model, _tool.File("frames.npy"), "--bitrate", bitrate, "--json");
        Assert.Equal(count, JsonNode.Parse(_tool.Output)!["rows"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("codes.npy", "npy")]
    [InlineData("codes.rvq", "rvq")]
    public void Encode_KnownFrames_IsThisDocument(string name, string format)
    {
        WriteFrames();
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", _tool.File(name), "--bitrate", "0.05", "--json");
        AssertJson($$"""
            {"schema": "rvq.encoding/1", "output": {{JsonSerializer.Serialize(_tool.File(name))}}, "format": "{{format}}", "shape": [4, 1], "frames": 4, "codebookCount": 1,
             "bitsPerFrame": 1, "beamWidth": 1, "fingerprint": "{{RvqModel.Load(_model).Take(1).Fingerprint:x32}}"}
            """);
    }

    [Fact]
    public void Encode_ToStandardOutput_PrintsTheDocumentElsewhere()
    {
        WriteFrames();
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", "-", "--json");
        Assert.Equal("", _tool.Output);
        Assert.Equal("-", JsonNode.Parse(_tool.Error)!["output"]!.GetValue<string>());
    }

    [Fact]
    public void Encode_Beam_FindsWhatGreedyMisses()
    {
        new RvqModel(new Codebook([4, 0], 1), new Codebook([3, 0], 1)).Save(_model);
        ArithmeticModel.Write(_tool.File("frames.npy"), [2, 1], _ => 3);
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", _tool.File("codes.npy"));
        Assert.Equal([0, 1, 0, 1], Npy.ReadInt64(_tool.File("codes.npy")).Data);
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", _tool.File("codes.npy"), "--beam", "2");
        Assert.Equal([1, 0, 1, 0], Npy.ReadInt64(_tool.File("codes.npy")).Data);
    }

    [Fact]
    public void Train_KnownFrames_IsThisDocument()
    {
        ArithmeticModel.Write(_tool.File("frames.npy"), [6, 1], index => index[0] % 2 == 0 ? -3 : 5);
        var output = _tool.File("out");
        _tool.Succeed("train", _tool.File("frames.npy"), "-o", output, "--codebooks", "1", "--size", "2", "--seed", "9", "--json");
        AssertJson($$"""
            {"schema": "rvq.training/1", "output": {{JsonSerializer.Serialize(output)}}, "dimensions": 1, "codebookCount": 1, "codebookSize": 2, "seed": 9, "frames": 6,
             "inputs": [{"path": {{JsonSerializer.Serialize(_tool.File("frames.npy"))}}, "frames": 6}],
             "rows": [{"codebookCount": 1, "bitsPerFrame": 1, "kilobitsPerSecond": null, "signalToNoiseRatio": null, "codebookSize": 2, "usedCodes": 2, "perplexity": 2}]}
            """);
    }

    public void Dispose() => _tool.Dispose();

    private void WriteFrames()
        => ArithmeticModel.Write(_tool.File("frames.npy"), [4, 2], index => (float[])[-3, -1, 1, 3] is var values ? values[index[0]] : 0);

    private void AssertJson(string expected)
    {
        var (wanted, actual) = (JsonNode.Parse(expected)!, JsonNode.Parse(_tool.Output)!);
        Assert.True(JsonNode.DeepEquals(wanted, actual), $"{actual.ToJsonString()}\n{wanted.ToJsonString()}");
    }
}
