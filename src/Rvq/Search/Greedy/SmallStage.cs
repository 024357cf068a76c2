using System.Runtime.InteropServices;

namespace Rvq.Search;

/// <summary>One stage of a <see cref="SmallStackTables"/>, which keeps alive what it points to.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal unsafe struct SmallStage
{
    /// <summary>The negated codewords as the kernel reads them, [Stride × 16].</summary>
    public float* Panels;

    /// <summary>½‖c‖², [16]; infinity beyond the last codeword and for repeated ones.</summary>
    public float* HalfNorms;

    /// <summary>The codewords, [Size, Stride].</summary>
    public float* Rows;

    /// <summary>½⟨c, c⟩ by the definition, [Size].</summary>
    public double* ExactHalfNorms;

    public int Size;

    /// <summary>The margin is at most Margin + MarginPerSquaredNorm · ‖r‖², for ‖r‖² up to MaxSquaredNorm.</summary>
    public float Margin;

    public float MarginPerSquaredNorm;

    public float MaxSquaredNorm;
}
