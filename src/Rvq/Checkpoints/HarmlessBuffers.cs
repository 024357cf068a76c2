namespace Rvq.Checkpoints;

/// <summary>Statistics that codecs keep beside their codebooks for training, and that no code depends on.</summary>
internal static class HarmlessBuffers
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "inited", "initted", "initialized", "_initialized", "init", "initialised",
        "cluster_size", "cluster_sizes", "cluster_usage", "codebook_usage", "embed_prob", "usage", "usage_count",
        "stale_counter", "num_batches_tracked", "embed_avg", "embed_sum", "embedding_sum", "embedding_avg", "codes_avg",
        "k_sum", "k_elem", "N", "z_avg", // Jukebox's and VideoGPT's sums
        "power_vals", "zero",
    };

    /// <summary>Whether the last part of a name is that of such a buffer.</summary>
    public static bool Contains(string name)
    {
        var parts = name.Split('.');
        var last = parts[^1];
        return Names.Contains(last)
            || last.TrimStart('_').StartsWith("ema_", StringComparison.Ordinal)
            || last.EndsWith("_ema", StringComparison.Ordinal)
            || (parts.Length > 1 && parts[^2] is "N_i_ts" or "m_i_ts") // Sonnet's moving averages: hidden, counter, average
            || parts[0].StartsWith("optimizer", StringComparison.Ordinal);
    }
}
