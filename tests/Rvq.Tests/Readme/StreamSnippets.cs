using Rvq.Streams;
using Rvq.Tests.Tool;

namespace Rvq.Tests.Readme;

/// <summary>The README's code for streams.</summary>
public class StreamSnippets
{
    [Fact]
    public void Stream_TwoCodebooks_DecodeToWhatTheyStandFor()
    {
        int[] numbers = [3, 30, 17, 9];
        int[] codes = [.. numbers.SelectMany(number => Enumerable.Range(0, 5).Select(n => ArithmeticModel.Code(number, n)))];
        using var file = new MemoryStream();
        var frames = Stream(ArithmeticModel.Create(), codes, file);
        Assert.Equal(numbers.SelectMany(number => Enumerable.Range(0, 4).Select(d => ArithmeticModel.Decoded(number, d, 2))), frames);
    }

    private static List<float> Stream(RvqModel model, int[] codes, Stream file)
    {
        var all = new List<float>();

        // README
        using (var writer = new RvqWriter(file, new RvqHeader(model), leaveOpen: true))
        {
            writer.Write<int>(codes);                                             // [T, N], as often as codes come
            writer.Complete();                                                    // the end mark: nothing is missing
        }

        file.Position = 0;
        using var reader = RvqReader.Open(file, model, new RvqReaderOptions { CodebookCount = 2 });    // two codebooks: a shorter read
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
