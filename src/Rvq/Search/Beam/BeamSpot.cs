namespace Rvq.Search;

/// <summary>A group of codewords with candidates among the extensions of one leaf of a family.</summary>
internal readonly record struct BeamSpot(int Leaf, int Group);
