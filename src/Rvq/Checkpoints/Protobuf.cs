namespace Rvq.Checkpoints;

/// <summary>Reads protobuf messages field by field.</summary>
internal static class Protobuf
{
    /// <summary>A field of a message: its number, and either an integer or the bytes of a message, a text or a list.</summary>
    public readonly record struct Field(int Number, ulong Integer, StreamCursor? Bytes);

    /// <summary>The fields of a message, integers and bytes; numbers of fixed length are passed.</summary>
    public static IEnumerable<Field> Fields(StreamCursor message)
    {
        while (message.Remaining > 0)
        {
            var tag = message.Varint("field");
            if (tag >> 3 is 0 or > int.MaxValue)
            {
                throw message.Invalid($"has a field of number {tag >> 3}");
            }

            var number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    yield return new Field(number, message.Varint("integer"), null);
                    break;
                case 1:
                    message.Skip(sizeof(ulong), "number");
                    break;
                case 2:
                    yield return new Field(number, 0, message.Part((long)Math.Min(message.Varint("length"), long.MaxValue), "a field"));
                    break;
                case 5:
                    message.Skip(sizeof(uint), "number");
                    break;
                default:
                    throw message.Invalid($"has a field of kind {tag & 7}, which is not known");
            }
        }
    }
}
