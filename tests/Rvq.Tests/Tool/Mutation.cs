namespace Rvq.Tests.Tool;

/// <summary>Damages sound files at random, always in the same way.</summary>
internal static class Mutation
{
    private const long MostBytes = 1_000_000;
    private static readonly byte[] Telling = [
        0, 1, 0x7F, 0x80, 0xFE, 0xFF, (byte)'\'', (byte)'(', (byte)')', (byte)',', (byte)'9', (byte)'-', (byte)'{', (byte)'}', (byte)' '];

    /// <summary>Has <paramref name="read"/> read damaged files; every exception but InvalidDataException fails the test.</summary>
    /// <returns>How many of them were read all the same.</returns>
    public static int Try(byte[][] seeds, int count, Action<byte[]> read)
    {
        var random = new Random(20261124);
        var sound = 0;
        for (var i = 0; i < count; i++)
        {
            var file = Mutate(seeds[random.Next(seeds.Length)], random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(file);
                sound++;
            }
            catch (InvalidDataException)
            {
                // What a reader says of a damaged file.
            }
            catch (Exception exception)
            {
                Assert.Fail($"Input {i}, {Convert.ToHexString(file)}: {exception}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        }

        return sound;
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        var file = seed.ToList();
        for (var times = random.Next(1, 5); times > 0 && file.Count > 0; times--)
        {
            var position = random.Next(file.Count);
            switch (random.Next(6))
            {
                case 0:
                    file[position] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[position] = Telling[random.Next(Telling.Length)];
                    break;
                case 2:
                    file.Insert(position, Telling[random.Next(Telling.Length)]);
                    break;
                case 3:
                    file.RemoveAt(position);
                    break;
                case 4:
                    file.RemoveRange(position, file.Count - position);
                    break;
                default:
                    file.InsertRange(position, file.GetRange(position, Math.Min(random.Next(1, 9), file.Count - position)));
                    break;
            }
        }

        return [.. file];
    }
}
