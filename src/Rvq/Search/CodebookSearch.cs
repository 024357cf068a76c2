namespace Rvq.Search;

/// <summary>The search of one codebook, chosen by a kernel, with all tables that it reads.</summary>
internal abstract unsafe class CodebookSearch(SearchTable table)
{
    /// <summary>The codebook.</summary>
    public SearchTable Table => table;

    /// <summary>Finds the code of each vector by the definition.</summary>
    /// <param name="vectors">[frames, Table.Stride].</param>
    /// <param name="frames">The number of vectors.</param>
    /// <param name="codes">The code of frame f goes to codes[f × <paramref name="codeStride"/>].</param>
    /// <param name="codeStride">The distance between two codes.</param>
    /// <param name="scratch">Room for scores, made for a model with this codebook.</param>
    public abstract void Find(float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch);

    /// <summary>The searches of a stack's stages, built on at most <paramref name="degree"/> threads.</summary>
    public static CodebookSearch[] Of(ResidualStack stack, Kernel kernel, int degree)
    {
        var stages = stack.Stages.ToArray();
        var searches = new CodebookSearch[stages.Length];
        ParallelLoop.ForEach([.. Enumerable.Range(0, stages.Length)], degree, m => searches[m] = kernel.Search(stages[m].SearchTable));
        return searches;
    }
}
