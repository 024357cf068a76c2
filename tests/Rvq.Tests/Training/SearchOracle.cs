namespace Rvq.Tests.Training;

/// <summary>Greedy and beam search in binary64, slow and plain, to measure models with.</summary>
internal static class SearchOracle
{
    public static double Error(RvqModel model, float[] frames)
    {
        var total = 0.0;
        var (dimensions, count) = (model.Dimensions, frames.Length / model.Dimensions);
        for (var frame = 0; frame < count; frame++)
        {
            var residual = frames.AsSpan(frame * dimensions, dimensions).ToArray();
            foreach (var stage in model.Stages)
            {
                var (best, nearest) = (0, double.PositiveInfinity);
                for (var code = 0; code < stage.Codebook.Size; code++)
                {
                    var distance = 0.0;
                    var codeword = stage.Codebook[code];
                    for (var i = 0; i < dimensions; i++)
                    {
                        distance += ((double)residual[i] - codeword[i]) * ((double)residual[i] - codeword[i]);
                    }

                    (best, nearest) = distance < nearest ? (code, distance) : (best, nearest);
                }

                for (var i = 0; i < dimensions; i++)
                {
                    residual[i] -= stage.Codebook[best][i];
                }
            }

            total += residual.Sum(value => (double)value * value);
        }

        return total / count;
    }

    /// <summary>The error of a beam search: at every stage the partial stacks with the smallest residuals are kept.</summary>
    public static double BeamError(RvqModel model, float[] frames, int width)
    {
        var dimensions = model.Dimensions;
        var books = model.Stages.ToArray()
            .Select(stage => Enumerable.Range(0, stage.Codebook.Size).Select(code => stage.Codebook[code].ToArray()).ToArray()).ToArray();
        var halves = books.Select(book => book.Select(row => row.Sum(value => (double)value * value) / 2).ToArray()).ToArray();
        return frames.Chunk(dimensions).AsParallel().Sum(frame =>
        {
            var beam = new List<float[]> { frame };
            for (var stage = 0; stage < books.Length; stage++)
            {
                var best = new PriorityQueue<(float[] Residual, int Code), double>(Comparer<double>.Create((x, y) => y.CompareTo(x)));
                foreach (var residual in beam)
                {
                    var energy = residual.Sum(value => (double)value * value) / 2;
                    for (var code = 0; code < books[stage].Length; code++)
                    {
                        var row = books[stage][code];
                        var product = 0.0;
                        for (var i = 0; i < row.Length; i++)
                        {
                            product += (double)residual[i] * row[i];
                        }

                        best.Enqueue((residual, code), energy + halves[stage][code] - product);
                        if (best.Count > width)
                        {
                            best.Dequeue();
                        }
                    }
                }

                beam = [.. best.UnorderedItems.Select(
                    item => item.Element.Residual.Zip(books[stage][item.Element.Code], (x, y) => x - y).ToArray())];
            }

            return beam.Min(residual => residual.Sum(value => (double)value * value));
        }) / (frames.Length / dimensions);
    }
}
