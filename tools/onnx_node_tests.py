#!/usr/bin/env python3
"""Packs the ONNX project's own node tests of the operators that loadOnnx computes into test/goldens/onnx_nodes.json.

Run from the repository root, with the Python package onnx: `python3 tools/onnx_node_tests.py`. The operators are those of the file
test/goldens/onnx_operators.json. Tests whose
values take more than 30 kB are left out, and of tests of pooling over several axes those that take more than 2 kB.
"""

import base64
import json
import pathlib
import warnings

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases

LARGEST = 30_000
# Pooling over several axes is refused, whatever the values.
LARGEST_IMAGE = 2_000
OLDEST = 7
# Types of whole bytes.
NUMBERS = {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16}
NAMES = pathlib.Path("test/goldens/onnx_operators.json")
TARGET = pathlib.Path("test/goldens/onnx_nodes.json")


def pack(value, port):
    """A tensor with its type, or null for a sequence, an optional or text."""
    if isinstance(value, onnx.TensorProto) and value.data_type in NUMBERS:
        value = onnx.numpy_helper.to_array(value)
    if not port.type.HasField("tensor_type") or not isinstance(value, (np.ndarray, np.generic)):
        return None
    elem = port.type.tensor_type.elem_type
    array = np.asarray(value)
    if elem == onnx.TensorProto.STRING:
        return None
    bits = onnx.numpy_helper.from_array(array).raw_data
    return {
        "name": port.name,
        "type": elem,
        "shape": list(array.shape),
        "data": base64.b64encode(bits).decode(),
    }


def main():
    warnings.filterwarnings("ignore")
    names = set(json.loads(NAMES.read_text()))
    cases, left_out = [], []
    for case in sorted(collect_testcases(None), key=lambda case: case.name):
        used = {f"{node.domain}.{node.op_type}" if node.domain else node.op_type for node in case.model.graph.node}
        if "_expanded" in case.name or len(used) != 1 or not used <= names:
            continue
        inputs, outputs = case.data_sets[0]
        version = case.model.opset_import[0]
        # An operator that never changed is tested in version 1; models begin at 7.
        if version.version < OLDEST and onnx.defs.get_schema(*used, OLDEST).since_version == version.version:
            version.version = OLDEST
        size = sum(getattr(value, "nbytes", 0) for value in [*inputs, *outputs])
        graph = case.model.graph
        is_image = "Pool" in max(used) and np.ndim(inputs[0]) > 3
        if size > (LARGEST_IMAGE if is_image else LARGEST):
            left_out.append(case.name)
            continue
        cases.append(
            {
                "name": case.name,
                "operator": used.pop(),
                "rtol": case.rtol,
                "model": base64.b64encode(case.model.SerializeToString()).decode(),
                "inputs": [pack(value, port) for value, port in zip(inputs, graph.input)],
                "outputs": [pack(value, port) for value, port in zip(outputs, graph.output)],
            }
        )
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    TARGET.write_text(f'{{"onnx":"{onnx.__version__}","cases":[\n{lines}\n]}}\n')
    print(f"{len(cases)} tests of {len({case['operator'] for case in cases})} operators, {TARGET.stat().st_size} bytes; left out: {left_out}")


if __name__ == "__main__":
    main()
