using System.Text.Json.Nodes;

namespace Rvq.Tests.Tool;

/// <summary>Puts safetensors files together byte by byte.</summary>
internal static class SafetensorsFile
{
    /// <summary>A file of tensors of those names, one float each.</summary>
    public static void Write(string path, IEnumerable<string> names)
    {
        var header = new JsonObject();
        var length = 0;
        foreach (var name in names)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray(1),
                ["data_offsets"] = new JsonArray(length, length += sizeof(float))
            };
        }

        var text = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)text.Length), .. text, .. new byte[length]]);
    }
}
