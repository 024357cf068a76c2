namespace Rvq.Search;

/// <summary>Greedy search: stack by stack, every stage takes the nearest codeword.</summary>
internal sealed unsafe class GreedyEncoder : FrameEncoder
{
    private readonly RvqModel _model;
    private readonly Kernel _kernel;
    private readonly StackEncoder[] _stacks;

    /// <summary>
    /// Chooses the encoder of each stack and builds all tables that it reads, on at most <paramref name="degree"/> threads.
    /// </summary>
    public GreedyEncoder(RvqModel model, Kernel kernel, int degree)
    {
        (_model, _kernel) = (model, kernel);
        _stacks = [.. model.Stacks.ToArray().Select(stack => Choose(stack, degree))];
    }

    public override void Encode(EncodeScratch scratch, int frames)
    {
        var codes = scratch.Codes;
        for (var i = 0; i < _stacks.Length; i++)
        {
            var stack = _model.Stacks[i];
            var input = StackInput.Of(stack, _kernel, scratch, frames, out var stride);
            _stacks[i].Encode(input, stride, frames, codes, scratch);
            codes += stack.CodesPer(_model.FramesPerBlock);
        }
    }

    private StackEncoder Choose(ResidualStack stack, int degree)
    {
        GC.KeepAlive(stack.InputProjection?.Table);
        if (!stack.IsPlain)
        {
            return new ProjectedEncoder(stack, _model, _kernel, degree);
        }

        var small = _model.FramesPerBlock == 1 && stack.Tables.SmallStack is { } tables
            ? _kernel.SmallStackEncoder(tables, stack.Stages.Length, _model.CodesPerBlock) : null;
        return small ?? new PlainEncoder(stack, _kernel, _model.FramesPerBlock, _model.CodesPerBlock, degree);
    }
}
