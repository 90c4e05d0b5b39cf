"""Recurrent layers with NaN, infinities and huge numbers in their inputs, states, weights and gradients.

A file holds a layer's ordinary numbers as `param.*` and `input.*`, and by group the results of its cases, stacked. A case replaces
some of the numbers: `[name, index, value]`, the index in the flat tensor, or null for all. Group `state` has an initial state.
"""

import json

import torch

import safetensors_file

from .common import OUT
from .special_cases import INF, NAN, computed

I, H, N, T = 2, 5, 3, 4
PROJECTED = 2


def make_layer(kind):
    if kind in ("lstm", "proj"):
        return torch.nn.LSTM(I, H, proj_size=PROJECTED if kind == "proj" else 0)
    if kind == "gru":
        return torch.nn.GRU(I, H)
    return torch.nn.RNN(I, H, nonlinearity="tanh" if kind == "rnn" else "relu")


def run(kind, values):
    """Outputs, last states, and the gradients of Σ output·weights.output + Σ h·weights.h (+ Σ c·weights.c)."""
    layer = make_layer(kind)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.copy_(values[f"param.{name}"])
    inputs = {key: values[f"input.{key}"].clone().requires_grad_() for key in ("x", "h0", "c0") if f"input.{key}" in values}
    state = inputs.get("h0")
    if "c0" in inputs:
        state = (inputs["h0"], inputs["c0"])
    output, last = layer(inputs["x"], state)
    results = {"output": output, "h": last}
    if isinstance(last, tuple):
        results = {"output": output, "h": last[0], "c": last[1]}
    torch.autograd.backward(list(results.values()), [values[f"input.weights.{key}"] for key in results])
    gradients = {key: value.grad for key, value in inputs.items()}
    gradients |= {key: value.grad for key, value in layer.named_parameters()}
    return {f"out.{key}": value for key, value in results.items()} | {f"grad.{key}": value for key, value in gradients.items()}


def cases_of(has_state, has_cell, values):
    """The replacements of every case, by its name."""
    last = {name: values[f"param.{name}"].numel() - 1 for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")}
    # Step 1 of row 1; row 1 of the initial state.
    step, row = (N + 1) * I, values["input.h0"].shape[-1]
    places = {
        "x": ("input.x", step, [NAN, INF, -INF, 1e-40, 104.0, -104.0, 1e30, 3.4e38, -3.4e38]),
        "weight_ih_first": ("param.weight_ih_l0", 0, [NAN, INF]),
        "weight_ih_last": ("param.weight_ih_l0", last["weight_ih_l0"], [NAN, -INF]),
        "weight_hh_first": ("param.weight_hh_l0", 0, [NAN, INF]),
        "weight_hh_last": ("param.weight_hh_l0", last["weight_hh_l0"], [NAN, -INF]),
        "bias_ih": ("param.bias_ih_l0", 0, [NAN, INF, -INF]),
        "bias_hh": ("param.bias_hh_l0", last["bias_hh_l0"], [NAN, INF, -INF]),
        "gradient": ("input.weights.output", (N + 1) * row, [NAN, INF]),
        "last_gradient": ("input.weights.h", row, [NAN]),
    }
    if has_state:
        places["h0"] = ("input.h0", row, [NAN, INF, -INF, 1e30, 3.4e38])
        if has_cell:
            places["c0"] = ("input.c0", H, [NAN, INF, -INF, 104.0])
    cases = {f"{place} {value}": [[name, index, value]] for place, (name, index, values_) in places.items() for value in values_}
    return cases | {"all weights nan": [[f"param.{name}", None, NAN] for name in last]}


def replaced(values, replacements):
    changed = {key: value.clone() for key, value in values.items()}
    for name, index, value in replacements:
        if index is None:
            changed[name].fill_(value)
        else:
            changed[name].view(-1)[index] = value
    return changed


def layer_cases(seed, kind):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.empty(shape).uniform_(-1, 1, generator=generator)

    has_cell = kind in ("lstm", "proj")
    width = PROJECTED if kind == "proj" else H
    values = {f"param.{name}": draw(*parameter.shape) for name, parameter in make_layer(kind).named_parameters()}
    values |= {"input.x": draw(T, N, I), "input.h0": draw(1, N, width)}
    values |= {"input.weights.output": draw(T, N, width), "input.weights.h": draw(1, N, width)}
    if has_cell:
        values |= {"input.c0": draw(1, N, H), "input.weights.c": draw(1, N, H)}
    tensors = {key: value.numpy() for key, value in values.items()}
    options = {}
    for group in ("state", "zero"):
        given = {key: value for key, value in values.items() if group == "state" or key not in ("input.h0", "input.c0")}
        cases = cases_of(group == "state", has_cell, values)
        options[group] = {name: [[key, index, str(value)] for key, index, value in case] for name, case in cases.items()}
        results = [computed(lambda changed: run(kind, changed), replaced(given, case)) for case in cases.values()]
        for key in results[0]:
            if key.endswith(".flushed"):
                continue
            tensors[f"{group}:{key}"] = torch.stack([result[key] for result in results]).numpy()
            if any(f"{key}.flushed" in result for result in results):
                flushed = [result.get(f"{key}.flushed", result[key]) for result in results]
                tensors[f"{group}:{key}.flushed"] = torch.stack(flushed).numpy()
    metadata = {"op": "special", "name": f"special_recurrent_{kind}", "torch": torch.__version__}
    metadata |= {"kind": kind, "hidden_size": str(H), "proj_size": str(PROJECTED if kind == "proj" else 0)}
    metadata |= {group: json.dumps(cases) for group, cases in options.items()}
    safetensors_file.save(OUT / f"special_recurrent_{kind}.safetensors", tensors, metadata)


def main():
    # oneDNN's kernels are for some shapes and types alone.
    with torch.backends.mkldnn.flags(enabled=False):
        for seed, kind in enumerate(["lstm", "proj", "gru", "rnn", "relu"]):
            layer_cases(seed, kind)
