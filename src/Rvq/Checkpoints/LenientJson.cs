using System.Text.Json;

namespace Rvq.Checkpoints;

/// <summary>
/// JSON as Python and people write it: with a byte order mark, NaN and Infinity (which become 0), comments and trailing commas.
/// </summary>
internal static class LenientJson
{
    private static readonly string[] NotNumbers = ["-Infinity", "Infinity", "NaN"];

    private static readonly JsonDocumentOptions Options = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    public static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        if (json.Span is [0xEF, 0xBB, 0xBF, ..])
        {
            json = json[3..];
        }

        return JsonDocument.Parse(WithoutNotNumbers(json), Options);
    }

    private static ReadOnlyMemory<byte> WithoutNotNumbers(ReadOnlyMemory<byte> json)
    {
        var bytes = json.ToArray();
        var inText = false;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (inText && bytes[i] == '\\')
            {
                i++;
            }
            else if (bytes[i] == '"')
            {
                inText = !inText;
            }
            else if (!inText && NotNumber(bytes.AsSpan(i)) is var length and > 0)
            {
                // NaN is shorter than null, but a digit does as well: neither is a number from 1 on.
                bytes.AsSpan(i, length).Fill((byte)' ');
                bytes[i] = (byte)'0';
                i += length - 1;
            }
        }

        return bytes;
    }

    private static int NotNumber(ReadOnlySpan<byte> bytes)
    {
        foreach (var text in NotNumbers)
        {
            if (bytes.Length >= text.Length && System.Text.Ascii.Equals(bytes[..text.Length], text))
            {
                return text.Length;
            }
        }

        return 0;
    }
}
