"""Writes PyTorch zip files without torch: Python's own pickle and zipfile, and classes that only have torch's and numpy's names.

Run from this folder: python3 make_fixtures.py. The tensors are those of the reference cases encodec-ties and dac-ties.
"""
import collections
import io
import json
import pickle
import struct
import sys
import types
import zipfile

REFERENCE = "../../ReferenceData"


def module(name):
    parts = name.split(".")
    for i in range(len(parts)):
        full = ".".join(parts[: i + 1])
        sys.modules.setdefault(full, types.ModuleType(full))
    return sys.modules[name]


def named(name, module_name):
    thing = type(name, (), {"__module__": module_name, "__qualname__": name})
    setattr(module(module_name), name, thing)
    return thing


def function(name, module_name):
    def call(*arguments):
        raise NotImplementedError(name)

    call.__module__, call.__name__, call.__qualname__ = module_name, name, name
    setattr(module(module_name), name, call)
    return call


rebuild = function("_rebuild_tensor_v2", "torch._utils")
parameter = function("_rebuild_parameter", "torch._utils")
scalar = function("scalar", "numpy.core.multiarray")
storages = {"F32": named("FloatStorage", "torch"), "F16": named("HalfStorage", "torch"), "I64": named("LongStorage", "torch")}
sizes = {"F32": 4, "F16": 2, "I64": 8}


class dtype:
    def __reduce__(self):
        return dtype, ("f8", False, True), (3, "<", None, None, None, -1, -1, 0)


dtype.__module__, dtype.__qualname__ = "numpy", "dtype"
module("numpy").dtype = dtype


class Scalar:
    def __reduce__(self):
        return scalar, (dtype(), struct.pack("<d", -23.5))


class Storage:
    def __init__(self, key, kind, data):
        self.key, self.kind, self.data = key, kind, data


class Tensor:
    def __init__(self, storage, offset, shape, strides):
        self.arguments = (storage, offset, tuple(shape), tuple(strides), False, collections.OrderedDict())

    def __reduce__(self):
        return rebuild, self.arguments


class Parameter(Tensor):
    def __reduce__(self):
        return parameter, (Tensor.__new_from__(self), True, collections.OrderedDict())


def plain(tensor):
    copy = Tensor.__new__(Tensor)
    copy.arguments = tensor.arguments
    return copy


Tensor.__new_from__ = staticmethod(plain)


class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        if isinstance(thing, Storage):
            return ("storage", storages[thing.kind], thing.key, "cpu", len(thing.data) // sizes[thing.kind])
        return None


def safetensors(path):
    data = open(path, "rb").read()
    length = struct.unpack("<Q", data[:8])[0]
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            yield name, entry["shape"], data[8 + length + begin : 8 + length + end]


def save(path, content, tensors, root, force_zip64):
    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump(content)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        entries = [("data.pkl", buffer.getvalue()), ("byteorder", b"little")]
        entries += [("data/" + storage.key, storage.data) for storage in tensors] + [("version", b"3\n")]
        for name, data in entries:
            info = zipfile.ZipInfo(f"{root}/{name}")
            with archive.open(info, "w", force_zip64=force_zip64) as entry:
                entry.write(data)


def strides(shape):
    result, step = [], 1
    for size in reversed(shape):
        result.insert(0, step)
        step *= size
    return result


def contents(path, convert=lambda name, data: ("F32", data), kind=Tensor):
    state, used = collections.OrderedDict(), []
    for i, (name, shape, data) in enumerate(safetensors(path)):
        storage = Storage(str(i), *convert(name, data))
        used.append(storage)
        state[name] = kind(storage, 0, shape, strides(shape))
    return state, used


def half(name, data):
    values = struct.unpack(f"<{len(data) // 4}f", data)
    return "F16", struct.pack(f"<{len(values)}e", *values)


# audiocraft: a training checkpoint with its configuration beside the state; written with zip64 fields.
state, used = contents(f"{REFERENCE}/encodec-ties/model.safetensors")
steps = Storage("steps", "I64", struct.pack("<q", 7))
content = {"best_state": state, "xp.cfg": "device: cuda\nsample_rate: 32000\nchannels: 1\n", "steps": Tensor(steps, 0, [], []), "history": [{"loss": 0.5}]}
save("audiocraft.th", content, used + [steps], "compression_state_dict", True)

# DAC: parameters, keyword arguments, a numpy number and a large one.
state, used = contents(f"{REFERENCE}/dac-ties/model.safetensors", kind=Parameter)
kwargs = {"encoder_rates": [2, 4, 8, 8], "sample_rate": 44100, "quantizer_dropout": 0.5, "seed": 2**70, "input_db": Scalar(), "tags": {"a"}}
save("dac.pth", {"state_dict": state, "metadata": {"kwargs": kwargs}}, used, "weights", False)

# One storage for two layers, the second layer a transposed view, in half precision (the values are small integers).
path = f"{REFERENCE}/encodec-ties/model.safetensors"
embeds = [(shape, data) for name, shape, data in safetensors(path) if name.endswith(".embed")]
rows, columns = embeds[0][0]
second = struct.unpack(f"<{rows * columns}f", embeds[1][1])
transposed = struct.pack(f"<{rows * columns}f", *[second[r * columns + c] for c in range(columns) for r in range(rows)])
storage = Storage("0", *half("", embeds[0][1] + transposed))
state = collections.OrderedDict()
state["quantizer.vq.layers.0._codebook.embed"] = Tensor(storage, 0, [rows, columns], [columns, 1])
state["quantizer.vq.layers.1._codebook.embed"] = Tensor(storage, rows * columns, [rows, columns], [1, rows])
save("views.pt", state, [storage], "archive", False)
