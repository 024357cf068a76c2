namespace Rvq.Checkpoints;

/// <summary>What is known beside the tensors when a model is made of them.</summary>
internal sealed record CodecHints(LoadOptions Options, CodecConfig Config);
