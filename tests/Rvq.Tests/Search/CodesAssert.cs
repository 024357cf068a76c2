namespace Rvq.Tests.Search;

/// <summary>Codes and frames against the oracle's; a failure says which kernel, what model and where.</summary>
internal static class CodesAssert
{
    public static void Equal(ReadOnlySpan<int> expected, ReadOnlySpan<int> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        if (expected.CommonPrefixLength(actual) is var same && same < expected.Length)
        {
            Assert.Fail($"{what}: code {same} of {expected.Length} is {actual[same]}, the oracle has {expected[same]}");
        }
    }

    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"{what}: value {i} is {actual[i]:R}, the oracle has {expected[i]:R}");
            }
        }
    }
}
