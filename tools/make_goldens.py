#!/usr/bin/env python3
"""Makes what is in test/goldens: what PyTorch computes, for the tests to hold this library against.

Inputs and weights are float32 values. PyTorch works on exactly these in float64, on the CPU, so that its own rounding
plays no part. Each module of tools/goldens makes the cases of the ops it lists in OPS. Run from the repository root:
`python3 tools/make_goldens.py` for all, or with the names of some modules (needs PyTorch 1.13 or later and numpy).
"""

import importlib
import sys

from goldens.common import OUT

MODULES = [
    "lstm", "recurrent", "cells", "layers", "losses", "optimizers", "lbfgs", "random_stream", "files", "torch_files",
    "init", "interchange", "clipping", "lr_schedulers", "ops", "modules", "training", "special_values", "functions", "one_input",
    "attention", "ctc", "half", "float8",
]


def main(names):
    OUT.mkdir(parents=True, exist_ok=True)
    for name in names:
        module = importlib.import_module(f"goldens.{name}")
        for op in module.OPS:
            for old in OUT.glob(f"{op}_*.safetensors"):
                old.unlink()
        module.main()
    files = sorted(OUT.glob("*"))
    print(f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:] or MODULES)
