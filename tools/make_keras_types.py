#!/usr/bin/env python3
"""A whole model in HDF5 for every number type that HDF5 and NumPy share, into test/goldens/keras_types.json as Base64 of gzip.

Run from the repository root, with the Python packages h5py and numpy: `python3 tools/make_keras_types.py`. Each file has one Dense layer of one unit,
whose kernel [2, 1] is of the type, as `model.save("model.h5")` lays it out. `plain` holds 1 and 0; `fine` and `huge` hold numbers that float32 does not.
"""

import base64
import gzip
import io
import json
import pathlib

import h5py
import numpy as np

NUMBERS = "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64 complex128".split()
CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "model",
        "layers": [{"class_name": "Dense", "config": {"name": "dense", "units": 1, "use_bias": False}}],
    },
}


def model(kernel):
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        h5.attrs["keras_version"] = "3.15.0"
        h5.attrs["backend"] = "torch"
        h5.attrs["model_config"] = json.dumps(CONFIG)
        h5.create_dataset("model_weights/dense/dense/kernel", data=kernel)
    return base64.b64encode(gzip.compress(file.getvalue(), mtime=0)).decode()


def main():
    files = {name: {"plain": model(np.array([[1], [0]], name))} for name in NUMBERS}
    files["float64"]["fine"] = model(np.array([[0.1], [0]]))
    files["float64"]["huge"] = model(np.array([[1e300], [0]]))
    files["string"] = {"plain": model(np.array([[b"1"], [b"0"]]))}
    pathlib.Path("test/goldens/keras_types.json").write_text(json.dumps(files) + "\n")


if __name__ == "__main__":
    main()
