using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Rvq.Checkpoints;

/// <summary>
/// Finds the residual quantizer in a faiss index file (index_write.cpp): four letters that name the kind, the index header, and the kind's
/// own fields. Indexes around another one are unwrapped. The codebooks become tensors <c>codebooks.{i}</c> [2^bits, d], those of a
/// product's parts
/// <c>groups.{g}.codebooks.{i}</c>, an inverted file's centroids <c>coarse</c> and a transform <c>transforms.{i}.weight</c>. Stored codes
/// are not read.
/// </summary>
internal sealed class FaissIndexReader
{
    /// <summary>The metadata of the kinds of index, outside first.</summary>
    public const string Kinds = "faiss.kinds";

    /// <summary>The metadata of the beam that faiss encodes with.</summary>
    public const string BeamSize = "rq.max_beam_size";

    private const int MaxBits = 24;
    private const int MaxBeamSize = 1 << 16;
    private const int MaxTransforms = 16;
    private const int MaxNesting = 4;
    private const int Unused = 1 << 20;

    private readonly StreamCursor _cursor;
    private readonly List<TensorEntry> _tensors = [];
    private readonly List<string> _kinds = [];
    private int? _beamSize;

    private FaissIndexReader(Stream stream) => _cursor = new StreamCursor(stream, "faiss index");

    /// <summary>
    /// Whether a file starts as one: with a known kind, or with any kind and the two numbers that no one uses in every header.
    /// </summary>
    public static bool Recognises(ReadOnlySpan<byte> start)
        => start.StartsWith("IxRq"u8) || start.StartsWith("IxRQ"u8)
            || (start.Length >= 32 && start[0] == 'I' && BinaryPrimitives.ReadInt64LittleEndian(start[16..]) == Unused
                && BinaryPrimitives.ReadInt64LittleEndian(start[24..]) == Unused);

    public static TensorFile Read(Stream stream)
    {
        var reader = new FaissIndexReader(stream);
        reader.ReadIndex(MaxNesting);
        var metadata = new Dictionary<string, string> { [Kinds] = string.Join('/', reader._kinds) };
        if (reader._beamSize is { } beam)
        {
            metadata[BeamSize] = beam.ToString(CultureInfo.InvariantCulture);
        }

        return new TensorFile(stream, reader._tensors, metadata) { Format = "faiss" };
    }

    private void ReadIndex(int nesting)
    {
        var kind = Encoding.Latin1.GetString(_cursor.Bytes(4, 4, "kind"));
        _kinds.Add(kind);
        if (nesting == 0)
        {
            throw _cursor.Invalid($"has more than {MaxNesting} indexes inside each other");
        }

        var dimensions = ReadHeader();
        switch (kind)
        {
            case "IxRq" or "ImRQ" or "IRfs":
                ReadResidualQuantizer(dimensions, "");
                break;
            case "IxRQ":
                ReadResidualQuantizer(dimensions, "", old: true);
                break;
            case "IxPR":
                ReadProduct(dimensions);
                break;
            case "IxMp" or "IxM2" or "IxRF":
                ReadIndex(nesting - 1);
                break;
            case "IxPT":
                ReadTransforms();
                ReadIndex(nesting - 1);
                break;
            case "IwRQ":
                ReadInvertedFile(dimensions);
                break;
            default:
                throw new InvalidDataException(
                    $"The faiss index is of type {TensorEntry.Quote(string.Join('/', _kinds))}{FaissKinds.Describe(kind)}, not a residual "
                    + "quantizer; IxRq (IndexResidualQuantizer), IxPR, ImRQ, IwRQ and IRfs are read, also inside IxMp, IxM2, IxRF and "
                    + "IxPT.");
        }
    }

    private int ReadHeader()
    {
        var dimensions = _cursor.Int32("d");
        _cursor.Skip(3 * sizeof(long) + 1, "header"); // ntotal, two unused, is_trained
        if (_cursor.Int32("metric_type") > 1)
        {
            _cursor.Skip(sizeof(float), "metric_arg");
        }

        return dimensions >= 1 ? dimensions : throw _cursor.Invalid($"has {dimensions} dimensions");
    }

    private void ReadResidualQuantizer(long dimensions, string prefix, bool old = false)
    {
        var sizes = ReadSizes(dimensions);
        var isTrained = _cursor.Byte("is_trained") != 0;
        if (old)
        {
            ReadBeamSize();
        }

        var values = _cursor.Int64("rq.codebooks");
        if (!isTrained && values == 0)
        {
            throw _cursor.Invalid("is untrained: it has no codebooks yet");
        }

        var needed = (Int128)sizes.Sum() * dimensions;
        if (values != needed || values > _cursor.Remaining / sizeof(float))
        {
            throw _cursor.Invalid($"has {values} codebook values with {_cursor.Remaining} bytes left, but its sizes need {needed}");
        }

        for (var i = 0; i < sizes.Length; i++)
        {
            AddTensor($"{prefix}codebooks.{i}", sizes[i], dimensions);
        }

        ReadSearchType();
        if (!old)
        {
            ReadBeamSize();
        }
    }

    /// <summary>Reads d, M and the bits of each codebook; gives the codebooks' sizes.</summary>
    private long[] ReadSizes(long headerDimensions)
    {
        var dimensions = _cursor.Int64("rq.d");
        if (dimensions != headerDimensions)
        {
            throw _cursor.Invalid($"has {dimensions} dimensions in the quantizer, but {headerDimensions} in the header");
        }

        var count = _cursor.Int64("rq.M");
        var bitsCount = _cursor.Int64("rq.nbits");
        if (count < 1 || count != bitsCount || count > _cursor.Remaining / sizeof(long))
        {
            throw _cursor.Invalid($"has {count} codebooks with {bitsCount} widths in the {_cursor.Remaining} bytes that are left");
        }

        var sizes = new long[count];
        for (var i = 0; i < sizes.Length; i++)
        {
            var bits = _cursor.Int64("rq.nbits");
            sizes[i] = bits is >= 0 and <= MaxBits
                ? 1L << (int)bits
                : throw _cursor.Invalid($"has a codebook {i} of {bits} bits; 0 to {MaxBits} are read");
        }

        return sizes;
    }

    /// <summary>Passes what says how stored codes are searched, with the tables of norms that some ways keep.</summary>
    private void ReadSearchType()
    {
        const int FirstWithNorms = 6; // ST_norm_cqint8
        const int FirstWithTables = 8; // ST_norm_lsq2x4
        var type = _cursor.Int32("search_type");
        _cursor.Skip(2 * sizeof(float), "norms");
        if (type >= FirstWithNorms)
        {
            SkipVector(sizeof(float), "norm codes");
        }

        if (type >= FirstWithTables)
        {
            SkipVector(sizeof(float), "norm tables");
        }
    }

    private void ReadBeamSize()
    {
        _cursor.Skip(sizeof(int), "train_type");
        var size = _cursor.Int32("max_beam_size");
        _beamSize = size is >= 1 and <= MaxBeamSize ? size
            : throw _cursor.Invalid($"has a max_beam_size of {size}; 1 to {MaxBeamSize} are read");
    }

    private void ReadProduct(int dimensions)
    {
        ReadSizes(dimensions);
        _cursor.Skip(1, "is_trained");
        SkipVector(sizeof(float), "codebooks"); // the parts' once more
        ReadSearchType();
        var parts = _cursor.Int64("prq.nsplits");
        if (parts < 1 || parts > dimensions || dimensions % parts != 0)
        {
            throw _cursor.Invalid($"has {parts} parts of {dimensions} dimensions");
        }

        for (var part = 0; part < parts; part++)
        {
            ReadResidualQuantizer(dimensions / parts, $"groups.{part}.");
        }
    }

    private void ReadInvertedFile(int dimensions)
    {
        var lists = _cursor.Int64("nlist");
        _cursor.Skip(sizeof(long), "nprobe");
        var coarse = Encoding.Latin1.GetString(_cursor.Bytes(4, 4, "kind"));
        if (coarse != "IxF2")
        {
            throw _cursor.Invalid(
                $"is an inverted file (IwRQ) over a coarse quantizer of type {TensorEntry.Quote(coarse)}; only IxF2 (IndexFlatL2) is read");
        }

        var width = ReadHeader();
        var values = _cursor.Int64("centroids");
        if (width != dimensions || lists < 1 || values != (Int128)lists * dimensions || values > _cursor.Remaining / sizeof(float))
        {
            throw _cursor.Invalid($"has {values} values for {lists} centroids of {width} dimensions, but vectors of {dimensions}");
        }

        AddTensor("coarse", lists, dimensions);
        var map = _cursor.Byte("direct map");
        SkipVector(sizeof(long), "direct map");
        if (map == 2)
        {
            SkipVector(2 * sizeof(long), "direct map");
        }

        _cursor.Skip(sizeof(long), "code_size");
        ReadResidualQuantizer(dimensions, "");
        if (_cursor.Byte("by_residual") == 0)
        {
            _tensors.RemoveAll(tensor => tensor.Name == "coarse"); // the vectors themselves are coded
        }
    }

    private void ReadTransforms()
    {
        var count = _cursor.Int32("number of transforms");
        if (count is < 0 or > MaxTransforms)
        {
            throw _cursor.Invalid($"has {count} transforms; at most {MaxTransforms} are read");
        }

        for (var i = 0; i < count; i++)
        {
            ReadTransform($"transforms.{i}");
        }
    }

    private void ReadTransform(string name)
    {
        var kind = Encoding.Latin1.GetString(_cursor.Bytes(4, 4, "kind of transform"));
        if (kind is "Pcam" or "PcAm")
        {
            // eigen_power, epsilon, random_rotation, balanced_bins
            _cursor.Skip((kind == "Pcam" ? 2 : 1) * sizeof(float) + 1 + sizeof(int), "PCA");
            SkipVector(sizeof(float), "mean");
            SkipVector(sizeof(float), "eigenvalues");
            SkipVector(sizeof(float), "PCA matrix");
        }
        else if (kind is not ("rrot" or "LTra"))
        {
            throw _cursor.Invalid($"has a transform of type {TensorEntry.Quote(kind)}{FaissKinds.Describe(kind)} before its vectors, which "
                + "a model cannot have");
        }

        _cursor.Skip(1, "have_bias");
        var (weights, weightsAt) = SkipVector(sizeof(float), "matrix");
        var (biases, biasesAt) = SkipVector(sizeof(float), "bias");
        var (inputs, outputs) = (_cursor.Int32("d_in"), _cursor.Int32("d_out"));
        _cursor.Skip(1, "is_trained");
        if (inputs < 1 || outputs < 1 || weights != (long)inputs * outputs || (biases != 0 && biases != outputs))
        {
            throw _cursor.Invalid($"has a transform from {inputs} to {outputs} dimensions with {weights} weights and {biases} biases");
        }

        _tensors.Add(new TensorEntry($"{name}.weight", ElementType.Float32, "F32", [outputs, inputs], weightsAt));
        if (biases > 0)
        {
            _tensors.Add(new TensorEntry($"{name}.bias", ElementType.Float32, "F32", [outputs], biasesAt));
        }
    }

    private void AddTensor(string name, long rows, long columns)
    {
        _tensors.Add(new TensorEntry(name, ElementType.Float32, "F32", [rows, columns], _cursor.Position));
        _cursor.Skip(rows * columns * sizeof(float), name);
    }

    private (long Count, long Start) SkipVector(int size, string what)
    {
        var count = _cursor.Int64(what);
        var start = _cursor.Position;
        if (count < 0 || count > _cursor.Remaining / size)
        {
            throw _cursor.Invalid($"has {count} values of {what} in the {_cursor.Remaining} bytes that are left");
        }

        _cursor.Skip(count * size, what);
        return (count, start);
    }
}
