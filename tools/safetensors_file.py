"""Reads and writes safetensors files with nothing but numpy; independent of src/io/, which is tested against it."""

import json
import struct

import numpy as np

# Widest first: the order in which the format's reference implementation lays tensors out.
DTYPES = {
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
    "F32": "<f4",
    "U32": "<u4",
    "I32": "<i4",
    "BF16": "<u2",  # numpy has none: the bits on the way in, float32 on the way out
    "F16": "<f2",
    "U16": "<u2",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}
NAMES = {np.dtype(code): name for name, code in DTYPES.items() if name != "BF16"}
ORDER = list(DTYPES)


def save(path, tensors, metadata=None, bf16=()):
    """tensors: a dict of name to numpy array; metadata: a dict of strings; bf16: names whose arrays are uint16 bits."""
    types = {name: "BF16" if name in bf16 else NAMES[array.dtype.newbyteorder("<")] for name, array in tensors.items()}
    header = {"__metadata__": metadata} if metadata else {}
    chunks = []
    offset = 0
    for name in sorted(tensors, key=lambda name: (ORDER.index(types[name]), name.encode())):
        # np.ascontiguousarray would turn a scalar into one dimension.
        chunk = tensors[name].astype(DTYPES[types[name]]).tobytes(order="C")
        header[name] = {
            "dtype": types[name],
            "shape": list(tensors[name].shape),
            "data_offsets": [offset, offset + len(chunk)],
        }
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def load(path):
    """Returns a dict of name to numpy array (BF16 as float32), in the header's order, and the metadata's dict."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    if 8 + length > len(content):
        raise ValueError(f"{path}: a header of {length} bytes does not fit into the file's {len(content)}")
    header = json.loads(content[8 : 8 + length].decode())
    data = content[8 + length :]
    metadata = header.pop("__metadata__", {})
    covered = 0
    for name, info in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = info["data_offsets"]
        size = int(np.prod(info["shape"], dtype=object)) * np.dtype(DTYPES[info["dtype"]]).itemsize
        if begin != covered or end - begin != size:
            raise ValueError(f"{path}: {name} should take {size} bytes from {covered} on, but has [{begin}, {end}]")
        covered = end
    if covered != len(data):
        raise ValueError(f"{path}: {len(data)} bytes of data, of which the tensors take {covered}")
    return {name: _array(info, data) for name, info in header.items()}, metadata


def _array(info, data):
    begin, end = info["data_offsets"]
    array = np.frombuffer(data[begin:end], DTYPES[info["dtype"]]).reshape(info["shape"])
    if info["dtype"] == "BF16":
        return (array.astype("<u4") << 16).view("<f4")  # the upper half of a float32
    return array.copy()
