namespace Rvq.Tool.Files;

/// <summary>One channel of sound.</summary>
/// <param name="Samples">The samples, full scale ±1.</param>
/// <param name="SampleRate">Samples per second.</param>
internal sealed record WavAudio(float[] Samples, int SampleRate)
{
    /// <summary>The duration in seconds.</summary>
    public double Seconds => (double)Samples.Length / SampleRate;
}
