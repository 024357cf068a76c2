using DuckDB.NET.Data;

namespace Rvq.Tests.Tool.Parquet;

/// <summary>Asks DuckDB, which reads Parquet files with code of its own.</summary>
internal static class DuckDb
{
    /// <summary>The rows of a query's answer.</summary>
    public static List<object?[]> Query(string query)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            var row = new object?[reader.FieldCount];
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            }

            rows.Add(row);
        }

        return rows;
    }

    /// <summary>Runs a statement, such as one that writes a file.</summary>
    public static void Execute(string statement) => Query(statement);
}
