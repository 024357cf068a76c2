namespace Rvq.Search;

/// <summary>A leaf of a family, or a partial stack between its ancestors and leaves.</summary>
/// <param name="Parent">The partial stack that it extends, counted within the family's next higher level.</param>
/// <param name="Code">The code that it extends it by.</param>
internal readonly record struct BeamNode(int Parent, int Code);
