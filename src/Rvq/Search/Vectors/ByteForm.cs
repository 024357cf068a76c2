namespace Rvq.Search;

/// <summary>How a codeword's quantized value q is stored in a byte, as a machine's multiply-add takes it.</summary>
internal enum ByteForm
{
    /// <summary>128 − q, 1…255.</summary>
    Unsigned,

    /// <summary>−q, which is the same byte but for its highest bit.</summary>
    Signed,
}
