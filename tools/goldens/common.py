"""What every module of goldens shares: drawing inputs, writing a case, and finding what was written."""

import json
import pathlib

import numpy as np
import torch

import safetensors_file

OUT = pathlib.Path("test/goldens")
# Results of a case with more values than this are stored as float32.
MAX_FLOAT64_VALUES = 12_000


def draw(generator, *shape, scale=1.0):
    """Normal float32 values, as a float64 tensor."""
    return (torch.randn(*shape, generator=generator) * scale).double()


def save(name, op, options, inputs, results):
    """Writes one case; all values are tensors, inputs and parameters hold float32 values, options are plain JSON."""
    wide = sum(value.numel() for value in results.values()) <= MAX_FLOAT64_VALUES
    metadata = {"op": op, "name": name, "torch": torch.__version__}
    metadata.update({key: value if isinstance(value, str) else json.dumps(value) for key, value in options.items()})
    tensors = {key: value.detach().numpy().astype(np.float32) for key, value in inputs.items()}
    for key, value in inputs.items():
        assert np.array_equal(tensors[key].astype(np.float64), value.detach().numpy()), f"{name}: {key} is no float32"
    result_type = np.float64 if wide else np.float32
    tensors.update({key: value.detach().numpy().astype(result_type) for key, value in results.items()})
    safetensors_file.save(OUT / f"{name}.safetensors", tensors, metadata)


def budget_used(actual, expected):
    """The share of the tests' budget (test/browser/closeness.ts) by which float32 values miss float64 ones."""
    actual, expected = actual.detach().double(), expected.detach()
    scale = min(1.0, max(0.01, expected.abs().max().item()))
    return ((actual - expected).abs() / (1.3e-6 * expected.abs() + 1e-5 * scale)).max().item()
