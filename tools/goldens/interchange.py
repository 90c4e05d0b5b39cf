"""A checkpoint of a small model trained in float32, and how PyTorch goes on from it."""

import numpy as np
import torch

import checkpoint
import safetensors_file

from .common import OUT

OPS = ["interchange"]
STEPS_BEFORE = 10
STEPS_AFTER = 20


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 7, batch_first=True)
        self.fc = torch.nn.Linear(7, 2)

    def forward(self, x):
        return self.fc(self.lstm(x)[0][:, -1])


def optimizer_of(model):
    groups = [
        {"params": model.lstm.parameters(), "weight_decay": 1e-3},
        {"params": model.fc.parameters(), "lr": 0.02, "betas": (0.8, 0.9)},
    ]
    return torch.optim.Adam(groups, lr=0.01, betas=(0.9, 0.99), amsgrad=True)


def train(model, optimizer, x, target, steps):
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def go_on(path, x, target, dtype):
    """Loads the checkpoint and trains; returns the output before, the losses, and the state dict after."""
    model = Model().to(dtype)
    optimizer = optimizer_of(model)
    checkpoint.load(path, model, optimizer)
    output = model(x.to(dtype)).detach().numpy()
    losses = train(model, optimizer, x.to(dtype), target.to(dtype), STEPS_AFTER)
    return output, losses, {name: value.numpy() for name, value in model.state_dict().items()}


# Each with a setting that adds to the state, where it has one.
OPTIMIZERS = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd_momentum": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
    "adam": ("Adam", {"lr": 0.05}),
    "adamw": ("AdamW", {"lr": 0.05, "amsgrad": True}),
    "rmsprop": ("RMSprop", {"lr": 0.01}),
    "rmsprop_centered": ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5}),
    "adagrad": ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.1}),
    # foreach, for the reason that is in optimizers.py
    "nadam": ("NAdam", {"lr": 0.05, "foreach": True}),
    "radam": ("RAdam", {"lr": 0.05}),
    "adadelta": ("Adadelta", {"lr": 2.0}),
    "adamax": ("Adamax", {"lr": 0.05}),
    "asgd": ("ASGD", {"lr": 0.1, "t0": 2, "lambd": 0.01}),
    "rprop": ("Rprop", {"lr": 0.02}),
}


def optimizer_case(name, kind, settings):
    """A checkpoint of a Linear after 4 steps; its config has the data, and the losses of the 10 steps after it in float64."""
    torch.manual_seed(801)
    x = torch.randn(4, 3)
    target = torch.randn(4, 2)

    def fresh(dtype):
        model = torch.nn.Linear(3, 2).to(dtype)
        return model, getattr(torch.optim, kind)(model.parameters(), **settings)

    model, optimizer = fresh(torch.float32)
    train(model, optimizer, x, target, 4)
    path = OUT / f"interchange_optim_{name}.safetensors"
    checkpoint.save(path, model, optimizer)
    wide, wide_optimizer = fresh(torch.float64)
    checkpoint.load(path, wide, wide_optimizer)
    losses = train(wide, wide_optimizer, x.double(), target.double(), 10)
    data = {"x": x.flatten().tolist(), "target": target.flatten().tolist()}
    config = {"optimizer": kind, **data, "losses": losses.tolist()}
    checkpoint.save(path, model, optimizer, config)


def main():
    for name, (kind, settings) in OPTIMIZERS.items():
        optimizer_case(name, kind, settings)

    torch.manual_seed(800)
    model = Model()
    optimizer = optimizer_of(model)
    x = torch.randn(5, 9, 3)
    target = torch.randn(5, 2)
    train(model, optimizer, x, target, STEPS_BEFORE)
    path = OUT / "interchange_checkpoint.safetensors"
    config = {"inputSize": 3, "hiddenSize": 7, "outputSize": 2, "steps": STEPS_BEFORE}
    checkpoint.save(path, model, optimizer, config)

    output, losses, state = go_on(path, x, target, torch.float64)
    output32, losses32, state32 = go_on(path, x, target, torch.float32)
    off = max(np.abs(state32[name] - state[name]).max() for name in state)
    print(
        f"float32 beside float64: output {np.abs(output32 - output).max():.1e}, losses relative "
        f"{np.abs(losses32 / losses - 1).max():.1e}, parameters {off:.1e}"
    )
    tensors = {"x": x.numpy(), "target": target.numpy(), "output": output, "losses": losses}
    tensors.update({f"final.{name}": value for name, value in state.items()})
    metadata = {"op": "interchange", "name": "interchange_run", "torch": torch.__version__, "steps": str(STEPS_AFTER)}
    safetensors_file.save(OUT / "interchange_run.safetensors", tensors, metadata)
