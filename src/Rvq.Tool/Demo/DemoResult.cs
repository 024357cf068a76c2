using Rvq.Tool.Files;

namespace Rvq.Tool.Demo;

/// <summary>What became of a sound.</summary>
/// <param name="Bytes">The packed codes.</param>
/// <param name="KilobitsPerSecond">Their rate.</param>
/// <param name="Compression">The size of the sound as PCM of 16 bits, one channel, over that of the codes.</param>
/// <param name="SignalToNoiseRatio">In decibel, of the samples.</param>
/// <param name="EncodeSpeed">Frames to codes on one thread, as a multiple of real time.</param>
/// <param name="DecodeSpeed">Codes to frames on one thread, as a multiple of real time.</param>
/// <param name="Audio">What it sounds like.</param>
internal sealed record DemoResult(
    int Bytes, double KilobitsPerSecond, double Compression, double SignalToNoiseRatio, double EncodeSpeed, double DecodeSpeed,
    WavAudio Audio);
