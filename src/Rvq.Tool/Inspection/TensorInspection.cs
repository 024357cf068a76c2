using Rvq.Tool.Json;

namespace Rvq.Tool.Inspection;

/// <summary>Lists the tensors of a checkpoint, whatever codec it is of.</summary>
internal static class TensorInspection
{
    // As long as what a file claims may be, a person reads no more.
    private const int MaxRows = 2000;
    private const int MaxTextLength = 100;

    public static void Print(Shell shell, string path, bool json)
    {
        using var checkpoint = Checkpoint.Open(path);
        if (json)
        {
            TensorDocument[] tensors =
                [.. checkpoint.Tensors.Select(tensor => new TensorDocument(tensor.Name, tensor.ElementType, tensor.Shape))];
            shell.Print(
                new TensorsDocument("rvq.tensors/1", checkpoint.Format, checkpoint.Metadata, tensors), Documents.Plain.TensorsDocument);
            return;
        }

        shell.Output.WriteLine($"{checkpoint.Format}, {checkpoint.Tensors.Count} tensors");
        var rows = checkpoint.Tensors.Take(MaxRows)
            .Select(tensor => (
                Name: Bounded(tensor.Name), Type: Bounded(tensor.ElementType), Shape: Bounded(string.Join(" × ", tensor.Shape)))).ToArray();
        var names = rows.Select(row => row.Name.Length).DefaultIfEmpty().Max();
        var types = rows.Select(row => row.Type.Length).DefaultIfEmpty().Max();
        foreach (var (name, type, shape) in rows)
        {
            shell.Output.WriteLine($"{name.PadRight(names)}  {type.PadRight(types)}  {shape}");
        }

        if (checkpoint.Tensors.Count > MaxRows)
        {
            shell.Output.WriteLine($"… and {checkpoint.Tensors.Count - MaxRows} more, which --json gives.");
        }
    }

    private static string Bounded(string text) => Shell.OneLine(text.Length > MaxTextLength ? $"{text.AsSpan(0, MaxTextLength)}…" : text);
}
