namespace Rvq.Tool.Corpus;

/// <summary>An open file of clips.</summary>
/// <param name="Clips">The clips, in turn; a clip is read before the next is asked for.</param>
/// <param name="Layout">How the clips lie in the file's array, where it is one array.</param>
/// <param name="File">What is to be closed.</param>
internal sealed record ClipFile<T>(IEnumerable<Clip<T>> Clips, VectorLayout? Layout, IDisposable File) : IDisposable
{
    public void Dispose() => File.Dispose();
}
