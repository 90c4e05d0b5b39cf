#!/usr/bin/env python3
"""Trains the tagger of tasks/tagger some steps, and writes it as safetensors, .pt and ONNX, with what PyTorch computes from it in float64.

Run from the repository root, with the Python packages torch (2.x), onnx and safetensors: `python3 tools/make_tagger.py`.
"""

import io
import pathlib
import warnings

import torch
from goldens.tagger import TOKENS, Tagger, optimizer_of, train
from safetensors.torch import save_file

FOLDER = pathlib.Path("tasks/tagger")
SEQUENCES, LONGEST = 16, 12
STEPS_BEFORE, STEPS_AFTER = 40, 50


def data():
    tokens = torch.zeros(SEQUENCES, LONGEST, dtype=torch.int64)
    tags = torch.full((SEQUENCES, LONGEST), -100)
    lengths = torch.randint(3, LONGEST + 1, (SEQUENCES,))
    lengths[5] = LONGEST
    for n, length in enumerate(lengths.tolist()):
        sequence = torch.randint(1, TOKENS, (length,)).tolist()
        tokens[n, :length] = torch.tensor(sequence)
        for t, token in enumerate(sequence):
            tags[n, t] = (token in sequence[t + 1 :]) + 2 * (token in sequence[:t])
    return tokens, lengths, tags


def main():
    warnings.filterwarnings("ignore")
    torch.manual_seed(1400)
    tokens, lengths, tags = data()
    model = Tagger()
    losses = train(model, optimizer_of(model), tokens, lengths, tags, STEPS_BEFORE)
    print(f"loss {losses[0]:.4f} to {losses[-1]:.4f}")
    save_file(model.state_dict(), FOLDER / "tagger.safetensors")
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    (FOLDER / "tagger.pt").write_bytes(buffer.getvalue())
    # The exporter on torch.export takes no packed sequences.
    axes = {"tokens": {0: "batch", 1: "time"}, "lengths": {0: "batch"}}
    names = {"input_names": ["tokens", "lengths"], "output_names": ["logits"]}
    torch.onnx.export(model.eval(), (tokens, lengths), FOLDER / "tagger.onnx", dynamo=False, dynamic_axes=axes, **names)

    model.train().double()
    logits = model(tokens, lengths).detach()
    losses = train(model, optimizer_of(model), tokens, lengths, tags, STEPS_AFTER + 1)
    print(f"loss {losses[0]:.4f} to {losses[-1]:.4f}")
    expected = {"logits": logits, "losses": torch.tensor(losses, dtype=torch.float64)}
    save_file({"tokens": tokens, "lengths": lengths, "tags": tags, **expected}, FOLDER / "data.safetensors")


if __name__ == "__main__":
    main()
