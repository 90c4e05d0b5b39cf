#!/usr/bin/env python3
"""Makes test/goldens/self_test.json: what PyTorch computes in float64 for the training step of a device's self test.

Inputs and weights are given by a formula, exact in float32, which tools/make-self-test.ts has too: it makes the recording in src/self-test.
Run from the repository root: `python3 tools/make_self_test.py` (needs PyTorch 1.13 or later).
"""

import json
import pathlib

import torch
from torch import nn

OUT = pathlib.Path("test/goldens/self_test.json")


def values(tensor, *shape):
    """Multiples of 1/32 from -25/32 to 25/32; `tensor` numbers the tensors."""
    size = torch.Size(shape).numel()
    rows = [(i * i * 7 + i * 31 + tensor * 17) % 51 - 25 for i in range(size)]
    return torch.tensor(rows, dtype=torch.float64).reshape(shape) / 32


def main():
    model = nn.ModuleDict({"lstm": nn.LSTM(3, 7), "gru": nn.GRU(7, 5), "fc": nn.Linear(5, 2)}).double()
    with torch.no_grad():
        for index, parameter in enumerate(model.parameters()):
            parameter.copy_(values(index, *parameter.shape))
    x, y = values(20, 3, 3, 3), values(21, 3, 3, 2)
    prediction = model["fc"](model["gru"](model["lstm"](x)[0])[0])
    loss = nn.functional.mse_loss(prediction, y, reduction="sum")
    loss.backward()
    tensors = {"loss": loss, "prediction": prediction}
    tensors.update((name, parameter.grad) for name, parameter in model.named_parameters())
    numbers = {name: tensor.detach().flatten().tolist() for name, tensor in tensors.items()}
    OUT.write_text(json.dumps(numbers) + "\n")


if __name__ == "__main__":
    main()
