using System.Numerics.Tensors;

namespace Rvq.Training;

public sealed partial class EmaTrainer
{
    private EmaCodebook[] NewCodebooks()
        => [.. (Options.SharedCodebook ? Sizes[..1] : Sizes).Select(size => new EmaCodebook(size, Dimensions, Options))];

    private void ThrowUnlessInitialized()
    {
        if (!IsInitialized)
        {
            throw new InvalidOperationException(
                "There are no codebooks before the first step; begin with Step, or with EmaTrainer.From a model.");
        }
    }

    private EmaStep Advance(ReadOnlySpan<float> rows, FrameLayout layout, bool withGradient)
    {
        var books = IsInitialized ? _codebooks : NewCodebooks();
        if (layout.Count == 0)
        {
            throw new ArgumentException("frames holds no frame that counts.", FrameLayout.ArgumentName);
        }

        if (!IsInitialized && layout.Count < Sizes.Max())
        {
            throw new ArgumentException(
                $"{layout.Count} frames cannot start a codebook of {Sizes.Max()} codewords; the first batch needs at least as many frames.",
                FrameLayout.ArgumentName);
        }

        var upcoming = Upcoming();
        var statistics = Measure(rows, layout, books, upcoming, withGradient);
        return Update(statistics, books, upcoming) ?? throw TooLarge(rows, layout);
    }

    // What the random choices say about the next step; they are taken over with the update.
    private EmaUpcoming Upcoming()
    {
        var random = new SeededRandom(0);
        Random.State.CopyTo(random.State);
        var dropout = Options.QuantizerDropout > 0 ? random.NextDouble() : 1;
        var stages = Sizes.Length;
        if (IsInitialized && dropout < Options.QuantizerDropout)
        {
            stages = 1 + (int)random.Next(stages);
        }

        return new EmaUpcoming(stages, random.Next(), random);
    }

    private EmaStatistics Measure(
        ReadOnlySpan<float> rows, FrameLayout layout, EmaCodebook[] books, EmaUpcoming upcoming, bool withGradient)
    {
        var statistics = new EmaStatistics(ShapeOf(books, upcoming.Stages));
        var initialization = new EmaInitialization(Dimensions, Options, FirstCodewords);
        return _pass.Encode(rows, books, statistics, upcoming.Salt, initialization.Start, withGradient)
            ? statistics : throw TooLarge(rows, layout);
    }

    private EmaShape ShapeOf(EmaCodebook[] books, int stages)
        => new(books[0].Steps, Dimensions, Sizes[..stages],
            [.. books.Take(stages).Select(book => book.MaxReplaced(books.Length < Sizes.Length ? stages : 1))]);

    private EmaStep? Update(EmaStatistics total, EmaCodebook[] books, EmaUpcoming upcoming)
    {
        var (stages, shared) = (total.Stages, books.Length < Sizes.Length);
        var replaced = new int[stages.Length];
        for (var i = 0; i < total.Candidates.Length; i++)
        {
            var candidates = total.Candidates[i];
            _next[i].CopyFrom(books[i]);
            replaced[i] = _next[i]
                .Update(shared ? stages : stages.AsSpan(i, 1), Draw ?? ((_, order) => candidates[order % candidates.Count]));
            if (!_next[i].IsFinite)
            {
                return null;
            }
        }

        var step = Describe(total, replaced);
        for (var i = 0; i < books.Length; i++)
        {
            (_codebooks[i], _next[i]) = i < total.Candidates.Length ? (_next[i], _codebooks[i]) : (books[i], _next[i]);
        }

        Random = upcoming.Random;
        return step;
    }

    private EmaStep Describe(EmaStatistics total, int[] replaced)
    {
        var results = total.Stages.Select((stage, i) => new EmaStage(
            stage.Error / stage.Rows / Dimensions, CodebookStatistics.Perplexity(stage.Counts), CodebookStatistics.UsedCodes(stage.Counts),
            replaced[i]));
        EmaStage[] stages = [.. results];
        return new EmaStep(stages)
        {
            Loss = Options.Commitment.StageWeight(stages.Length) * stages.Sum(stage => stage.CommitmentLoss),
            FrameCount = total.FrameCount
        };
    }

    private ArgumentException TooLarge(ReadOnlySpan<float> rows, FrameLayout layout)
    {
        var index = TensorPrimitives.IndexOfMaxMagnitude(rows);
        return new ArgumentException(
            $"frames holds {rows[index]} at frame {layout.FrameOf(index / Dimensions)}, dimension {index % Dimensions}: with values so "
                + "large residuals or averages leave float32.",
            FrameLayout.ArgumentName);
    }
}
