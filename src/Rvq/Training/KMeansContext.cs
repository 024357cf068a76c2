namespace Rvq.Training;

/// <summary>What a run of k-means needs beside its rows.</summary>
/// <param name="Seed">Draws the members that empty clusters take.</param>
/// <param name="Threads">The threads to use.</param>
/// <param name="IsUnit">Whether rows and codewords have length 1, so that the nearest codeword is that of the smallest angle.</param>
/// <param name="Cancellation">Stops an assignment.</param>
internal sealed record KMeansContext(ulong Seed, int Threads, bool IsUnit, CancellationToken Cancellation)
{
    /// <summary>Brings a codeword to length 1 where all have it; one of zeros stays.</summary>
    public void Normalize(Span<float> codeword)
    {
        if (IsUnit)
        {
            UnitRows.Normalize(codeword, codeword);
        }
    }
}
