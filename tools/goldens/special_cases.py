"""Special float32 values, and how goldens of them are computed and stored.

Unlike the other goldens these are float32 results, as overflow is part of them. PyTorch computes each case twice: as it is, and
with subnormal numbers flushed to zero, which WebGPU permits; the second result is stored, as `key.flushed`, where it differs.
"""

import json

import torch

import safetensors_file

from .common import OUT

NAN, INF = float("nan"), float("inf")
VALUES = [NAN, INF, -INF, 0.0, -0.0, 1e-40, -1e-40, 88, -88, 89, -89, 104, -104, 1e30, -1e30, 3.4e38, -3.4e38]
V = torch.tensor(VALUES)
N = len(VALUES)


def computed(compute, inputs):
    """The tensors that `compute` returns by name, and those that flushing changes. Copies, as gradients must not reach the other run."""
    plain = {key: value.detach() for key, value in compute({key: value.clone() for key, value in inputs.items()}).items()}
    torch.set_flush_denormal(True)
    try:
        # PyTorch's own functions do not flush everywhere, so the inputs are zeros already.
        flushed = compute({key: torch.where(value.abs() < 1.17549435e-38, value * 0, value) for key, value in inputs.items()})
    finally:
        torch.set_flush_denormal(False)
    changed = {key: value.detach() for key, value in flushed.items() if not same(value.detach(), plain[key])}
    return plain | {f"{key}.flushed": value for key, value in changed.items()}


def same(a, b):
    return torch.equal(a.isnan(), b.isnan()) and torch.equal(a.nan_to_num(), b.nan_to_num())


class Cases:
    """The cases of one file, written as `case:key`."""

    def __init__(self):
        self.tensors = {}
        self.names = []

    def add(self, name, inputs, compute):
        """`compute` takes the inputs by name and returns results by name."""
        stored = {key: torch.as_tensor(value, dtype=torch.float32) for key, value in inputs.items()}
        results = computed(compute, stored)
        self.tensors.update({f"{name}:{key}": value.numpy() for key, value in (stored | results).items()})
        self.names.append(name)

    def save(self, name):
        metadata = {"op": "special", "name": name, "torch": torch.__version__, "cases": json.dumps(self.names)}
        safetensors_file.save(OUT / f"{name}.safetensors", self.tensors, metadata)


def differentiated(function, wanted=None):
    """`out` and the gradients of its inputs, given the gradient `weights` of `out`, for Cases.add."""

    def compute(inputs):
        keys = [key for key in inputs if key != "weights" and (wanted is None or key in wanted)]
        leaves = {key: inputs[key].requires_grad_() for key in keys}
        out = function(*[leaves.get(key, value) for key, value in inputs.items() if key != "weights"])
        out.backward(inputs["weights"].expand(out.shape))
        return {"out": out, **{f"grad.{key}": leaf.grad for key, leaf in leaves.items()}}

    return compute


def pairs(*others):
    """Every value with every value, and `others` in each row: [N², 2 + others]."""
    table = torch.cartesian_prod(V, V)
    return torch.cat([table, torch.tensor(others).expand(len(table), -1)], 1) if others else table


