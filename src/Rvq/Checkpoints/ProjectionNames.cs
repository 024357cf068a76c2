namespace Rvq.Checkpoints;

/// <summary>The names of two linear layers, into a codebook's space and out of it.</summary>
internal readonly record struct ProjectionNames(string In, string Out)
{
    /// <summary>EnCodec's and vector-quantize-pytorch's.</summary>
    public static readonly ProjectionNames Project = new("project_in", "project_out");

    /// <summary>DAC's.</summary>
    public static readonly ProjectionNames Proj = new("in_proj", "out_proj");

    /// <summary>Amphion's and Spark-TTS's.</summary>
    public static readonly ProjectionNames InProject = new("in_project", "out_project");

    public static readonly ProjectionNames ProjIn = new("proj_in", "proj_out");

    /// <summary>Those of whole quantizers.</summary>
    public static readonly ProjectionNames InputProj = new("input_proj", "output_proj");
}
