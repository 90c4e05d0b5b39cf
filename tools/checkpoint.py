"""Reads and writes checkpoints as src/io/checkpoint.ts does, for PyTorch models and optimizers, with numpy alone.

A checkpoint is a safetensors file: the model's tensors under their own names, so that `safetensors.torch.load_file`
gives a state dict, the optimizer's as `optimizer.state.0.exp_avg`. The optimizer's numbers (`step`, the settings of its groups)
are JSON in the metadata entry `optimizer`, and anything else in `config`.
"""

import json

import numpy as np
import torch

import safetensors_file

PREFIX = "optimizer.state."


def save(path, model, optimizer=None, config=None):
    """model: a Module; optimizer: a torch.optim.Optimizer or None; config: anything that JSON can hold."""
    tensors = {name: _numpy(value) for name, value in model.state_dict().items()}
    if any(name.startswith(PREFIX) for name in tensors):
        raise ValueError(f"a name in the model begins with {PREFIX}, which is the optimizer's; rename the field")
    metadata = {"format": "pt"}
    if optimizer is not None:
        saved = optimizer.state_dict()
        numbers = {}
        for index, slots in saved["state"].items():
            numbers[index] = {}
            for name, value in slots.items():
                if isinstance(value, list):  # LBFGS's history: a tensor lies under a name with its place
                    numbers[index][name] = [None if torch.is_tensor(one) else one for one in value]
                    tensors.update(
                        {f"{PREFIX}{index}.{name}.{i}": _numpy(one) for i, one in enumerate(value) if torch.is_tensor(one)}
                    )
                elif torch.is_tensor(value) and name not in ("step", "mu_product"):
                    tensors[f"{PREFIX}{index}.{name}"] = _numpy(value)
                else:  # counters are a number in some versions of PyTorch, and a tensor in others
                    numbers[index][name] = value.item() if torch.is_tensor(value) else value
        metadata["optimizer"] = json.dumps({"state": numbers, "param_groups": saved["param_groups"]}, allow_nan=False)
    if config is not None:
        metadata["config"] = json.dumps(config, allow_nan=False)
    safetensors_file.save(path, tensors, metadata)


def load(path, model=None, optimizer=None):
    """Loads into a Module and an Optimizer over its parameters, where they are given; returns the config or None."""
    tensors, metadata = safetensors_file.load(path)
    if optimizer is not None and "optimizer" not in metadata:
        raise ValueError(f"{path}: holds no optimizer's state")
    if "optimizer" in metadata:
        saved = json.loads(metadata["optimizer"])
        state = {int(index): dict(slots) for index, slots in saved["state"].items()}
        for name in [name for name in tensors if name.startswith(PREFIX)]:
            index, slot = name[len(PREFIX) :].split(".", 1)
            own, _, place = slot.rpartition(".")
            if isinstance(state[int(index)].get(own), list):
                state[int(index)][own][int(place)] = torch.from_numpy(tensors.pop(name))
            else:
                state[int(index)][slot] = torch.from_numpy(tensors.pop(name))
    if model is not None:
        # What a trainer's callbacks keep lies under names with a slash, which no parameter has.
        own = {name: torch.from_numpy(value) for name, value in tensors.items() if not name.startswith("trainer/")}
        model.load_state_dict(own)
    if optimizer is not None:
        # A setting the file lacks (it may come from another version of PyTorch) stays as it is here.
        own = optimizer.state_dict()["param_groups"]
        groups = [{**mine, **given} for mine, given in zip(own, saved["param_groups"], strict=True)]
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    return json.loads(metadata["config"]) if "config" in metadata else None


def _numpy(tensor):
    return np.asarray(tensor.detach().cpu().numpy())
