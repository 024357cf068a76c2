namespace Rvq.Search;

/// <summary>
/// All arithmetic at one machine's vector width. It makes, once for each codebook, the search that suits the machine and the codebook; all
/// kernels give the same codes and the same vectors, bit for bit. Vectors are padded with zeros to a multiple of
/// <see cref="Definition.Lanes"/>, so there are no remainders.
/// </summary>
internal abstract class Kernel(string name)
{
    public string Name => name;

    public abstract bool IsSupported { get; }

    /// <summary>Products with projections at the kernel's width.</summary>
    public abstract Projector Projector { get; }

    /// <summary>Sums and differences of rows at the kernel's width.</summary>
    public abstract RowArithmetic Rows { get; }

    /// <summary>The search of a codebook; builds the panels that it reads.</summary>
    public abstract CodebookSearch Search(SearchTable table);

    /// <summary>The residual loop over a stack of small codebooks, or null where the kernel has none of its own.</summary>
    public virtual StackEncoder? SmallStackEncoder(SmallStackTables tables, int stages, int codesPerFrame) => null;

    /// <summary>The extension of a beam's partial stacks by the codewords of a codebook; builds the panels that it reads.</summary>
    public abstract BeamExtender BeamExtender(SearchTable table);

    /// <summary>Whether beams compute scores from products of codewords.</summary>
    public virtual bool UsesProducts => false;
}
