#!/usr/bin/env python3
"""Runs the ONNX models of a folder with ONNX Runtime, and compares with what is beside them: a line of JSON for each."""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

sys.path.insert(0, "tools")

from float32_budget import share  # noqa: E402


def check(path):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path)
    saved = load_file(path.with_suffix(".safetensors"))
    with open(path.with_suffix(".json")) as file:
        wanted = json.load(file)
    feed = {}
    for port in session.get_inputs():
        values = saved[f"inputs/{port.name}"]
        feed[port.name] = values.astype(np.int64) if port.type == "tensor(int64)" else values
    outputs = session.run(None, feed)
    names = [port.name for port in session.get_outputs()]
    assert names == wanted, f"outputs: {names}, expected {wanted}"
    for name, theirs in zip(names, outputs, strict=True):
        ours = saved[f"outputs/{name}"]
        assert ours.shape == theirs.shape, f"{name}: {ours.shape}, ONNX Runtime {theirs.shape}"
        used = share(ours, theirs.astype(np.float64))
        # Both sides are float32, so that their errors add up.
        assert used <= 2, f"{name}: {used:.0%} of the budget"


def main():
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
        error = None
        try:
            check(path)
        except Exception as thrown:  # whatever ONNX Runtime throws is what is wrong
            error = f"{type(thrown).__name__}: {thrown}"
        print(json.dumps({"name": f"ONNX Runtime computes the same: {path.stem[2:]}", "error": error}), flush=True)


if __name__ == "__main__":
    main()
