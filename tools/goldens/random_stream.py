"""Draws of torch.manual_seed's generator, initial weights, and the batches of shuffled DataLoaders: random.json."""

import json

import numpy as np
import torch

from .common import OUT

OPS = []


def bits(tensor):
    """float32 values as 8 hexadecimal digits each, in one string."""
    return "".join(f"{word:08x}" for word in tensor.detach().numpy().astype(np.float32).view(np.uint32).reshape(-1))


def main():
    seeds = []
    for seed in [0, 42, 2**40 + 7, -3, 2**64 - 1]:
        # One stream through all kinds of draws: each starts where the one before left off.
        torch.manual_seed(seed)
        draws = []
        for size in [1, 2, 15, 16, 17, 31, 32, 100, 1000]:
            for features in [50, 20, 7, 1]:
                bound = 1 / features**0.5
                values = torch.empty(size).uniform_(-bound, bound)
                draws.append({"kind": "uniform", "from": -bound, "to": bound, "values": bits(values)})
            draws.append({"kind": "normal", "mean": 0, "std": 1, "values": bits(torch.randn(size))})
            draws.append({"kind": "normal", "mean": 0.5, "std": 3, "values": bits(torch.empty(size).normal_(0.5, 3))})
            draws.append({"kind": "randperm", "values": torch.randperm(size).tolist()})
            draws.append({"kind": "int64", "value": str(torch.empty((), dtype=torch.int64).random_().item())})
        seeds.append({"seed": str(seed), "draws": draws})

    def weights(*modules):
        return [
            {"name": f"{prefix}.{name}", "shape": list(parameter.shape), "values": bits(parameter)}
            for prefix, module in modules
            for name, parameter in module.named_parameters()
        ]

    models = {}
    torch.manual_seed(0)
    models["lstm_1_50"] = weights(("lstm", torch.nn.LSTM(1, 50)))
    torch.manual_seed(0)
    models["lstm_10_20_2_linear_20_1"] = weights(("lstm", torch.nn.LSTM(10, 20, 2)), ("fc", torch.nn.Linear(20, 1)))

    loaders = []
    for seed, size, batch_size, drop_last in [(0, 10, 3, False), (7, 12, 4, False), (123, 100, 32, True)]:
        loader = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(torch.arange(size)),
            batch_size=batch_size,
            shuffle=True,
            drop_last=drop_last,
            generator=torch.Generator().manual_seed(seed),
        )
        epochs = [[batch.tolist() for (batch,) in loader] for _ in range(2)]
        loaders.append(
            {"seed": seed, "size": size, "batchSize": batch_size, "dropLast": drop_last, "epochs": epochs}
        )
    result = {"torch": torch.__version__, "seeds": seeds, "models": models, "dataloader": loaders}
    (OUT / "random.json").write_text(json.dumps(result, indent=0) + "\n")
