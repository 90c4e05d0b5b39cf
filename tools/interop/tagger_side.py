#!/usr/bin/env python3
"""Goes on with what examples/pytorch-round-trip.ts saved in a folder, in PyTorch and ONNX Runtime: a line of JSON for each check."""

import json
import pathlib
import sys

import numpy as np
import onnxruntime
import torch
from safetensors.torch import load_file

sys.path.insert(0, "tools")

from goldens.tagger import Tagger, optimizer_of, train  # noqa: E402

LARGEST = 1e-5


def close(what, ours, theirs):
    difference = np.abs(np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)).max()
    assert difference <= LARGEST, f"{what}: {difference:.1e} from what was computed here"


def go_on(state, saved):
    """The logits of the saved weights in float64, and the losses of the next steps."""
    model = Tagger().double()
    model.load_state_dict(state)
    tokens, lengths, tags = (saved[name].long() for name in ("tokens", "lengths", "tags"))
    close("logits", saved["logits"], model(tokens, lengths).detach())
    close("losses", saved["losses"], train(model, optimizer_of(model), tokens, lengths, tags, 2))


def run_onnx(path, saved):
    session = onnxruntime.InferenceSession(path)
    feed = {port.name: saved[port.name].long().numpy() for port in session.get_inputs()}
    (logits,) = session.run(None, feed)
    close("logits", saved["logits"], logits)


def main():
    folder = pathlib.Path(sys.argv[1])
    for source in ("safetensors", "pt", "onnx"):
        path = folder / f"from-{source}"
        saved = torch.load(path.with_suffix(".pt"), weights_only=True)
        checks = {"ONNX Runtime": lambda path=path, saved=saved: run_onnx(path.with_suffix(".onnx"), saved)}
        if source != "onnx":
            # A model that was opened from ONNX has that file's names.
            checks["PyTorch, from .pt"] = lambda saved=saved: go_on(saved["model"], saved)
            checks["PyTorch, from safetensors"] = lambda path=path, saved=saved: go_on(
                load_file(path.with_suffix(".safetensors")), saved
            )
        for name, check in checks.items():
            error = None
            try:
                check()
            except Exception as thrown:  # whatever the other side throws is what is wrong
                error = f"{type(thrown).__name__}: {thrown}"
            label = f"the tagger opened from {source} and trained on goes on in {name}"
            print(json.dumps({"name": label, "error": error}), flush=True)


if __name__ == "__main__":
    main()
