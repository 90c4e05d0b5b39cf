"""Writes safetensors files with nothing but numpy; independent of src/io/safetensors.ts, which reads them in the tests."""

import json
import struct

import numpy as np

DTYPES = {np.dtype("<f8"): "F64", np.dtype("<f4"): "F32"}


def save(path, tensors, metadata):
    """tensors: a dict of name to numpy array (float32 or float64); metadata: a dict of strings."""
    # Wider types first, then by name: each tensor is then aligned to its own element size.
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header = {"__metadata__": metadata}
    chunks = []
    offset = 0
    for name in names:
        # np.ascontiguousarray would turn a scalar into one dimension.
        chunk = tensors[name].astype(tensors[name].dtype.newbyteorder("<")).tobytes(order="C")
        header[name] = {
            "dtype": DTYPES[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [offset, offset + len(chunk)],
        }
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))
