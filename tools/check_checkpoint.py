#!/usr/bin/env python3
"""Goes on in PyTorch from a checkpoint that this library saved, and compares with how the library itself went on.

`node tools/run.mjs tools/write-checkpoint.ts FILE`, then `python3 tools/check_checkpoint.py FILE` from the repository
root (needs PyTorch 1.13 or later and numpy). The file's config has the data, the output at the checkpoint and the losses of
the steps after it, as the library computed them.
"""

import sys

import numpy as np
import torch

import checkpoint
from float32_budget import share
from goldens.interchange import go_on


def main(path):
    config = checkpoint.load(path)
    x, target, output = (
        torch.tensor(config[name]["data"]).reshape(config[name]["shape"]) for name in ("x", "target", "output")
    )
    losses = np.array(config["losses"])
    expected_output, expected_losses, _ = go_on(path, x, target, torch.float64)
    shares = {"output": share(output.numpy(), expected_output), "losses": share(losses, expected_losses)}
    print("step  loss here       PyTorch float64")
    for step, (here, there) in enumerate(zip(losses, expected_losses, strict=True)):
        print(f"{step:4d}  {here:.9f}  {there:.12f}")
    print(f"losses differ by at most {np.abs(losses / expected_losses - 1).max():.1e} of themselves")
    for name, value in shares.items():
        print(f"{name}: {value:.1%} of the budget")
    return 0 if max(shares.values()) <= 1 else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python3 tools/check_checkpoint.py FILE")
    sys.exit(main(sys.argv[1]))
