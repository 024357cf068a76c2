using System.Buffers.Binary;
using System.Text;

namespace Rvq.Tests.Tool;

/// <summary>Puts .npy files together byte by byte, as NumPy's format describes them.</summary>
internal static class NpyFile
{
    /// <summary>A file of that version with that header text and payload.</summary>
    public static byte[] Create(string header, ReadOnlySpan<byte> payload, byte version = 1)
    {
        var text = Encoding.UTF8.GetBytes(header + "\n");
        var length = new byte[version == 1 ? 2 : 4];
        if (version == 1)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        }

        return [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', version, 0, .. length, .. text, .. payload];
    }

    /// <summary>The header text of an array.</summary>
    public static string Header(string type, string shape, bool fortranOrder = false)
        => $"{{'descr': '{type}', 'fortran_order': {(fortranOrder ? "True" : "False")}, 'shape': {shape}, }}";
}
