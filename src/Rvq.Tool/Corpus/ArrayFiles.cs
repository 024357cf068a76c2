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
        return new ClipFile<T>(Clips(rows, id), rows.Layout, rows);
    }

    /// <summary>Opens an .npz file, of whose arrays one at a time is unpacked, to a temporary file where it is large.</summary>
    public static ClipFile<T> OpenArchive<T>(string path, string id, bool channelsFirst, Func<NpyHeader, NpyConverter<T>> converterFor)
        where T : unmanaged
    {
        var stream = File.OpenRead(path);
        return new ClipFile<T>(OpenMembers(stream, id, channelsFirst, converterFor), null, stream);
    }

    /// <summary>The sequences of an array in memory.</summary>
    public static IEnumerable<Clip<T>> Clips<T>(NpyArray<T> array, VectorLayout layout, string id)
    {
        var (rows, length) = (layout.ToRows(array.Values), layout.Count * layout.Width);
        return Enumerable.Range(0, layout.Batch).Select(batch => new Clip<T>(
            Name(id, layout, batch), layout.Count, layout.Width,
            (first, part) => rows.AsSpan((batch * length) + (first * layout.Width), part.Length).CopyTo(part)));
    }

    private static IEnumerable<Clip<T>> OpenMembers<T>(
        Stream stream, string id, bool channelsFirst, Func<NpyHeader, NpyConverter<T>> converterFor)
        where T : unmanaged
    {
        foreach (var (name, array) in NpzReader.Read(stream, member => NpyRows<T>.Unpack(member, channelsFirst, converterFor)))
        {
            using (array)
            {
                foreach (var clip in Clips(array, $"{id}/{name}"))
                {
                    yield return clip;
                }
            }
        }
    }

    private static IEnumerable<Clip<T>> Clips<T>(NpyRows<T> rows, string id)
        where T : unmanaged
    {
        var layout = rows.Layout;
        return Enumerable.Range(0, layout.Batch).Select(batch => new Clip<T>(
            Name(id, layout, batch), layout.Count, layout.Width, (first, part) => rows.Read(batch, first, part)));
    }

    private static string Name(string id, VectorLayout layout, int batch) => layout.Shape.Length == 2 ? id : $"{id}/{batch}";
}
