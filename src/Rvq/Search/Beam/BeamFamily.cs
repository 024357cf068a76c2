namespace Rvq.Search;

/// <summary>
/// Some partial stacks of one frame, the leaves, and their common ancestors some codes before, from whose scores theirs are computed.
/// </summary>
/// <param name="Frame">The frame.</param>
/// <param name="First">The first of the leaves among the frame's partial stacks.</param>
/// <param name="Count">The number of leaves.</param>
/// <param name="Depth">The number of codes between ancestors and leaves; with 0, leaves are their own ancestors.</param>
/// <param name="FirstAncestor">The first ancestor among those of all families.</param>
/// <param name="AncestorCount">The number of ancestors.</param>
internal readonly record struct BeamFamily(int Frame, int First, int Count, int Depth, int FirstAncestor, int AncestorCount);
