namespace Rvq.Search;

/// <summary>Some partial stacks of one frame, and how far back their common ancestors are from whose scores theirs are taken.</summary>
/// <param name="Frame">The frame.</param>
/// <param name="First">The first of the partial stacks.</param>
/// <param name="Count">Their number.</param>
/// <param name="Depth">The codes between the ancestors and them.</param>
/// <param name="FirstAncestor">The first of the ancestors among all that are scored together.</param>
/// <param name="AncestorCount">Their number.</param>
internal readonly record struct BeamFamily(int Frame, int First, int Count, int Depth, int FirstAncestor, int AncestorCount);
