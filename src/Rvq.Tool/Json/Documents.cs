using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rvq.Tool.Json;

/// <summary>
/// The documents that <c>--json</c> prints. They are read by programs: a property may be added, but none changes its name, meaning or type
/// without another number in the schema.
/// </summary>
[JsonSerializable(typeof(ModelDocument))]
[JsonSerializable(typeof(CodesDocument))]
[JsonSerializable(typeof(TensorsDocument))]
[JsonSerializable(typeof(EvaluationDocument))]
[JsonSerializable(typeof(EncodeDocument))]
[JsonSerializable(typeof(TrainDocument))]
internal sealed partial class Documents : JsonSerializerContext
{
    /// <summary>The contracts, with paths and names written as they are.</summary>
    public static Documents Plain { get; } = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>A number that JSON can write, else null.</summary>
    public static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
