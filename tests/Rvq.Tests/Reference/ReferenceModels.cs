namespace Rvq.Tests.Reference;

/// <summary>Every case with codes, with each of its model files.</summary>
internal static class ReferenceModels
{
    public static readonly (string Case, string Model)[] All =
    [
        ("dac-small", "model.safetensors"),
        ("dac-small", "model-hf.safetensors"),
        ("dac-ties", "model.safetensors"),
        ("dac-ties", "model-hf.safetensors"),
        ("encodec-bigmean-small", "model.safetensors"),
        ("encodec-bigmean-small", "model-hf.safetensors"),
        ("encodec-small", "model.safetensors"),
        ("encodec-small", "model-hf.safetensors"),
        ("encodec-ties", "model.safetensors"),
        ("faiss-rq-d16-n4-k64-small", "model.safetensors"),
        ("faiss-rq-d32-n4-k256", "model.safetensors"),
        ("faiss-rq-d64-n8-k256", "model.safetensors"),
        ("faiss-ties", "model.safetensors"),
        ("mimi-clamp-small", "model.safetensors"),
        ("mimi-clamp-small", "model-hf.safetensors"),
        ("mimi-small", "model.safetensors"),
        ("mimi-small", "model-hf.safetensors"),
        ("mimi-ties", "model.safetensors"),
        ("mimi-ties", "model-hf.safetensors"),
        ("vqp-beam-small", "model.safetensors"),
        ("vqp-cosine-small", "model.safetensors"),
        ("vqp-euclidean-small", "model.safetensors"),
        ("vqp-grouped-small", "model.safetensors"),
        ("vqp-projected-small", "model.safetensors"),
        ("vqp-shared-small", "model.safetensors"),
        ("vqp-ties", "model.safetensors"),
    ];

    public static TheoryData<string, string> Rows => [.. All.Select(row => new TheoryDataRow<string, string>(row.Case, row.Model))];
}
