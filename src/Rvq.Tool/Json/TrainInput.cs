namespace Rvq.Tool.Json;

/// <summary>A file of frames that a model was trained on.</summary>
/// <param name="Path">The file.</param>
/// <param name="Frames">Its frames.</param>
internal sealed record TrainInput(string Path, long Frames);
