namespace Rvq.Search;

/// <summary>Turns the frames of a scratch into codes.</summary>
internal abstract class FrameEncoder
{
    /// <summary>Encodes the first <paramref name="frames"/> frames of the scratch into its codes, [blocks, CodesPerBlock].</summary>
    public abstract void Encode(EncodeScratch scratch, int frames);
}
