namespace Rvq.Search;

/// <summary>A partial stack of a family or one between the ancestors and them: the one that it extends, counted among those of its family, and with which code.</summary>
internal readonly record struct BeamNode(int Parent, int Code);
