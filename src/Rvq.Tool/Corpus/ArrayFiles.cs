using Rvq.Tool.Files;

namespace Rvq.Tool.Corpus;

/// <summary>Opens .npy and .npz files of clips, [T, C] or [B, T, C] each.</summary>
internal static class ArrayFiles
{
    /// <summary>Opens an .npy file, whose sequences are clips that are read where they lie.</summary>
    public static ClipFile<T> Open<T>(string path, string id, bool channelsFirst, Func<NpyHeader, NpyConverter<T>> converterFor)
        where T : unmanaged
    {
        var rows = NpyRows<T>.Open(path, channelsFirst, converterFor);
        var layout = rows.Layout;
        var clips = Enumerable.Range(0, layout.Batch).Select(batch => new Clip<T>(
            Name(id, layout, batch), layout.Count, layout.Width, (first, part) => rows.Read(batch, first, part)));
        return new ClipFile<T>(clips, layout, rows);
    }

    /// <summary>Opens an .npz file, of which an array at a time is in memory.</summary>
    public static ClipFile<T> OpenArchive<T>(string path, string id, bool channelsFirst, Func<Stream, NpyArray<T>> read)
    {
        var stream = File.OpenRead(path);
        var clips = NpzReader.Read(stream, read).SelectMany(member =>
        {
            var layout = VectorLayout.Of(member.Array, channelsFirst, $"{member.Name}.npy");
            return Clips(member.Array, layout, $"{id}/{member.Name}");
        });
        return new ClipFile<T>(clips, null, stream);
    }

    /// <summary>The sequences of an array in memory.</summary>
    public static IEnumerable<Clip<T>> Clips<T>(NpyArray<T> array, VectorLayout layout, string id)
    {
        var (rows, length) = (layout.ToRows(array.Values), layout.Count * layout.Width);
        return Enumerable.Range(0, layout.Batch).Select(batch => new Clip<T>(
            Name(id, layout, batch), layout.Count, layout.Width,
            (first, part) => rows.AsSpan((batch * length) + (first * layout.Width), part.Length).CopyTo(part)));
    }

    private static string Name(string id, VectorLayout layout, int batch) => layout.Shape.Length == 2 ? id : $"{id}/{batch}";
}
