using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>Approximate scores of one frame from <see cref="SixBitPanels"/>, as <see cref="ByteScores{T}"/> has them from bytes.</summary>
internal static unsafe class SixBitScores<T>
    where T : struct, IByteDot
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Group = PanelLayout.PanelsPerGroup;
    private const int Step = BytePanels.Dimensions;

    /// <summary>
    /// Reads panels [PanelCount, Groups, 3, 16, 4] with the half norms and scales of their codewords, a residual [Groups × 16] and its scale; writes scores
    /// [PanelCount × 16] and the minimum of each group of panels, lane by lane, to minima [GroupCount × 16]. Every access is inside these shapes.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static void Score(SixBitPanels panels, sbyte* residual, ResidualScale* scale, float* scores, float* minima)
    {
        var codewords = panels.Panels;
        var end = residual + ((nint)panels.Groups * SixBitPanels.Dimensions);
        float* halfNorms = panels.Bytes.HalfNorms, steps = panels.Bytes.Scales;
        var panelCount = panels.Bytes.PanelCount;
        for (var panel = 0; panel < panelCount; panel++, scores += Panel, halfNorms += Panel, steps += Panel)
        {
            Vector256<int> a0 = Vector256.Create(scale->Start), a1 = a0;
            Vector256<int> b0 = Vector256<int>.Zero, b1 = b0, c0 = b0, c1 = b0, d0 = b0, d1 = b0;
            for (var values = residual; values < end; values += SixBitPanels.Dimensions, codewords += SixBitPanels.OwnSteps * Panel * Step)
            {
                Vector256<byte> first0 = Vector256.Load(codewords), first1 = Vector256.Load(codewords + 32);
                var value = ByteScores<T>.Broadcast(values);
                a0 = T.Add(a0, first0, value);
                a1 = T.Add(a1, first1, value);
                Vector256<byte> second0 = Vector256.Load(codewords + 64), second1 = Vector256.Load(codewords + 96);
                value = ByteScores<T>.Broadcast(values + Step);
                b0 = T.Add(b0, second0, value);
                b1 = T.Add(b1, second1, value);
                Vector256<byte> third0 = Vector256.Load(codewords + 128), third1 = Vector256.Load(codewords + 160);
                value = ByteScores<T>.Broadcast(values + (2 * Step));
                c0 = T.Add(c0, third0, value);
                c1 = T.Add(c1, third1, value);
                value = ByteScores<T>.Broadcast(values + (3 * Step));
                d0 = T.Add(d0, Fourth(first0, second0, third0), value);
                d1 = T.Add(d1, Fourth(first1, second1, third1), value);
            }

            ByteScores<T>.Finish(
                halfNorms, steps, steps, (a0 + b0) + (c0 + d0), (a1 + b1) + (c1 + d1), scale, scores, minima + (panel / Group * Panel), panel % Group > 0);
        }
    }

    /// <summary>The two lowest bits of three bytes as the highest six of one. Shifts are of pairs of bytes: what comes over from the neighbor is masked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Fourth(Vector256<byte> first, Vector256<byte> second, Vector256<byte> third)
        => ((first.AsUInt16() << 6).AsByte() & Vector256.Create((byte)0xC0))
            | ((second.AsUInt16() << 4).AsByte() & Vector256.Create((byte)0x30))
            | ((third.AsUInt16() << 2).AsByte() & Vector256.Create((byte)0x0C));
}
