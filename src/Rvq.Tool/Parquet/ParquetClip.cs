namespace Rvq.Tool.Parquet;

/// <summary>One row of a Parquet file of clips.</summary>
/// <param name="Id">What the clip is called.</param>
/// <param name="Lists">Its list in each of the columns that are read.</param>
/// <param name="Width">The length of the inner lists where lists are nested, else null.</param>
internal sealed record ParquetClip<T>(string Id, T[][] Lists, int? Width);
