namespace Rvq.Tests;

/// <summary>Asserts how an argument is refused.</summary>
internal static class Refused
{
    /// <summary>Exactly this type of exception, for this parameter, with these pieces of text in its message.</summary>
    public static void For<TException>(string parameter, Action action, params string[] texts)
        where TException : ArgumentException
    {
        var error = Assert.Throws<TException>(action);
        Assert.Equal(parameter, error.ParamName);
        Assert.All(texts, text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
    }
}
