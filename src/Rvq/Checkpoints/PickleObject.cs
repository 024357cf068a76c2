namespace Rvq.Checkpoints;

/// <summary>
/// An object of a class or function that is not imitated: nothing was executed, and only what the pickle put into it is kept. A module's
/// state holds its tensors.
/// </summary>
internal sealed class PickleObject(string name)
{
    /// <summary>The class or function, module and name separated by a space.</summary>
    public string Name { get; } = name;

    /// <summary>What was set by key, as in a dictionary of a class of its own.</summary>
    public PickleMap Items { get; } = new();

    /// <summary>What was appended, as to a list of a class of its own.</summary>
    public List<object?> Elements { get; } = [];

    /// <summary>What BUILD gave: most often the dictionary of attributes, or a tuple that starts with it.</summary>
    public object? State { get; set; }

    /// <summary>The attributes by name, or null where the state is something else.</summary>
    public PickleMap? Attributes => State as PickleMap ?? (State is List<object?> and [PickleMap first, ..] ? first : null);
}
