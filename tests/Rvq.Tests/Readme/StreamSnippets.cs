using Rvq.Streams;
using Rvq.Tests.Tool;

namespace Rvq.Tests.Readme;

/// <summary>The README's code for streams.</summary>
public class StreamSnippets
{
    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 3 })]
    [InlineData(new[] { 3, 30 })]
    [InlineData(new[] { 3, 30, 17, 9, 0, 31, 16 })]
    public void Stream_TwoCodebooks_DecodeToWhatTheyStandFor(int[] numbers)
    {
        int[] codes = [.. numbers.SelectMany(number => Enumerable.Range(0, 5).Select(n => ArithmeticModel.Code(number, n)))];
        var path = Path.Combine(Path.GetTempPath(), $"rvq-readme-{Environment.ProcessId}.rvq");
        try
        {
            var frames = Stream(ArithmeticModel.Create(), codes, path);
            Assert.Equal(numbers.SelectMany(number => Enumerable.Range(0, 4).Select(d => ArithmeticModel.Decoded(number, d, 2))), frames);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static List<float> Stream(RvqModel model, int[] codes, string path)
    {
        var all = new List<float>();

        // README
        using (var writer = RvqWriter.Create(path, new RvqHeader(model)))         // or to any Stream: new RvqWriter(stream, …)
        {
            writer.Write<int>(codes);                                             // [T, N], as often as codes come
            writer.Complete();                                                    // the end mark: nothing is missing
        }

        using var reader = RvqReader.Open(path, model, new RvqReaderOptions { CodebookCount = 2 });    // two codebooks: a shorter read
        while (reader.ReadChunk() is { } chunk)
        {
            var frames = new float[chunk.FrameCount * model.Dimensions];          // [T, D] of this chunk
            reader.Decode(chunk, frames);
            all.AddRange(frames);
        }

        // END
        return all;
    }
}
