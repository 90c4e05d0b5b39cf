#!/usr/bin/env python3
"""The Python half of `npm run test:interop`: `write FOLDER` makes files with PyTorch, `read FOLDER` checks those of this library.

`read` prints a line of JSON for each check: its name, and what went wrong or null. Run from the repository root.
"""

import json
import math
import pathlib
import sys

import safetensors.torch
import torch

sys.path.insert(0, "tools")

from float32_budget import share  # noqa: E402
from goldens.interchange import STEPS_AFTER, Model, optimizer_of, train  # noqa: E402
from goldens.torch_files import loadable  # noqa: E402


def write(folder):
    torch.manual_seed(950)
    model = Model()
    optimizer = optimizer_of(model)
    x, target = torch.randn(5, 9, 3), torch.randn(5, 2)
    train(model, optimizer, x, target, 10)
    saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 10, "x": x, "target": target}
    torch.save(saved, folder / "theirs.pt")
    safetensors.torch.save_file(model.state_dict(), folder / "theirs.safetensors")
    output, losses = go_on(saved)
    torch.save({"output": output, "losses": losses}, folder / "theirs_after.pt")
    types = {name: value.detach().contiguous() for name, value in loadable()["types"].items()}
    torch.save(types, folder / "types.pt")
    safetensors.torch.save_file(types, folder / "types.safetensors")


def go_on(saved):
    """The output, and the losses of the steps after a checkpoint, in float64."""
    model = Model().double()
    optimizer = optimizer_of(model)
    model.load_state_dict(saved["model"])
    # A setting the file lacks (it may come from another version of PyTorch) stays as it is here.
    own = optimizer.state_dict()["param_groups"]
    groups = [{**mine, **given} for mine, given in zip(own, saved["optimizer"]["param_groups"], strict=True)]
    optimizer.load_state_dict({"state": saved["optimizer"]["state"], "param_groups": groups})
    x, target = saved["x"].double(), saved["target"].double()
    output = model(x).detach()
    return output, torch.from_numpy(train(model, optimizer, x, target, STEPS_AFTER))


def read(folder):
    run("PyTorch reads every type and value that saveTorch writes", lambda: compare(load(folder / "sample.pt"), SAMPLE))
    run(
        "PyTorch maps the file of saveTorch into memory",
        lambda: compare(torch.load(folder / "sample.pt", weights_only=True, mmap=True), SAMPLE),
    )
    run("PyTorch goes on from a checkpoint of saveTorch with the same numbers", lambda: ours(folder))
    run("Python's safetensors reads saveSafetensors, bit for bit", lambda: same_weights(folder))


def load(path):
    return torch.load(path, weights_only=True)


def ours(folder):
    saved = load(folder / "ours.pt")
    output, losses = go_on(saved)
    for name, wanted in (("output", output), ("losses", losses)):
        used = share(saved[name].numpy(), wanted.numpy())
        assert used <= 1, f"{name}: {used:.0%} of the budget"


def same_weights(folder):
    weights = load(folder / "ours.pt")["model"]
    tensors = safetensors.torch.load_file(folder / "ours.safetensors")
    assert tensors.keys() == weights.keys(), f"names: {list(tensors)}"
    for name, tensor in tensors.items():
        assert torch.equal(tensor, weights[name]), name


def run(name, check):
    error = None
    try:
        check()
    except Exception as thrown:  # whatever PyTorch throws is what is wrong
        error = f"{type(thrown).__name__}: {thrown}"
    print(json.dumps({"name": name, "error": error}), flush=True)


def compare(actual, wanted, path="value"):
    """Asserts that two values are the same, with their types; NaN equals NaN, and 0 is not -0."""
    assert type(actual) is type(wanted), f"{path} is a {type(actual).__name__}, not a {type(wanted).__name__}"
    if torch.is_tensor(wanted):
        assert actual.dtype == wanted.dtype and actual.shape == wanted.shape, f"{path}: {actual.dtype} {actual.shape}"
        compare(actual.tolist(), wanted.tolist(), path)
    elif isinstance(wanted, dict):
        assert sorted(map(repr, actual)) == sorted(map(repr, wanted)), f"{path} has the keys {list(actual)}"
        for key in wanted:
            compare(actual[key], wanted[key], f"{path}[{key!r}]")
    elif isinstance(wanted, (list, tuple)):
        assert len(actual) == len(wanted), f"{path} has {len(actual)} items"
        for i, item in enumerate(wanted):
            compare(actual[i], item, f"{path}[{i}]")
    elif isinstance(wanted, float) and (math.isnan(wanted) or wanted == 0):
        assert math.isnan(actual) == math.isnan(wanted) and repr(actual) == repr(wanted), f"{path} is {actual}"
    else:
        assert actual == wanted, f"{path} is {actual!r}, not {wanted!r}"


INF = float("inf")
# The same as tools/interop/sample.ts has.
SAMPLE = {
    "state": {
        "lstm.weight": torch.tensor([[1.5, -2, 0.1], [float("nan"), INF, -0.0]]),
        "fc.bias": torch.tensor([7.0]),
    },
    "types": {
        "f64": torch.tensor([1 / 3, 1e300], dtype=torch.float64),
        "i64": torch.tensor([[2**53 + 1], [-(2**62)]]),
        "i32": torch.tensor([-(2**31)], dtype=torch.int32),
        "i16": torch.tensor([-300, 300], dtype=torch.int16),
        "i8": torch.tensor([[[-128]]], dtype=torch.int8),
        "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "u64": torch.tensor([2**63], dtype=torch.uint64),
        "u32": torch.tensor([2**31, 7], dtype=torch.uint32),
        "u16": torch.tensor([[65535], [0], [1]], dtype=torch.uint16),
        "scalar": torch.tensor(0.5),
        "empty": torch.zeros(0, 3),
    },
    "numbers": [0, 255, 256, 65535, 65536, -1, 2**31, -(2**31) - 1, 2**53 - 1, -(2**100), 0.1, 1e300],
    "special": [float("nan"), INF, -INF, -0.0],
    "pair": (1, "b"),
    "text": "Größe 😀\n",
    "indices": {0: "zero", 10: "ten", "01": "text"},
    "nothing": [None, True, False, [], {}],
}


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("read", "write"):
        sys.exit("usage: python3 tools/interop/other_side.py read|write FOLDER")
    {"read": read, "write": write}[sys.argv[1]](pathlib.Path(sys.argv[2]))
