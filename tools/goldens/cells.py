"""torch.nn.LSTMCell, GRUCell and RNNCell over a few steps: the last states, loss and every gradient.

Parameters and inputs are drawn again by the tests, as those of `recurrent` are.
"""

import torch

from .common import save
from .recurrent import Draws

OPS = ["cell"]


def cell_case(seed, kind, input_size, hidden, steps, batch, bias, state):
    if kind == "lstm":
        cell = torch.nn.LSTMCell(input_size, hidden, bias=bias, dtype=torch.float64)
    elif kind == "gru":
        cell = torch.nn.GRUCell(input_size, hidden, bias=bias, dtype=torch.float64)
    else:
        nonlinearity = "tanh" if kind == "rnn" else "relu"
        cell = torch.nn.RNNCell(input_size, hidden, bias=bias, nonlinearity=nonlinearity, dtype=torch.float64)
    draw = Draws(seed)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.copy_(draw(*parameter.shape, bound=1 / hidden**0.5))
    n = () if batch is None else (batch,)
    inputs = {"x": draw(steps, *n, input_size, bound=2).requires_grad_()}
    if state:
        inputs["h0"] = draw(*n, hidden, bound=1).requires_grad_()
        if kind == "lstm":
            inputs["c0"] = draw(*n, hidden, bound=1).requires_grad_()
    target = draw(*n, hidden, bound=1)
    current = None
    if state:
        current = (inputs["h0"], inputs["c0"]) if kind == "lstm" else inputs["h0"]
    for x in inputs["x"]:
        current = cell(x, current)
    h = current[0] if kind == "lstm" else current
    loss = torch.nn.functional.mse_loss(h, target)
    loss.backward()
    results = {"out.h": h, "loss": loss}
    if kind == "lstm":
        results["out.c"] = current[1]
    results.update({f"grad.{key}": value.grad for key, value in inputs.items()})
    results.update({f"grad.{key}": value.grad for key, value in cell.named_parameters()})
    options = {
        "seed": seed,
        "kind": kind,
        "input_size": input_size,
        "hidden_size": hidden,
        "steps": steps,
        "batch": batch or 0,
        "bias": bias,
        "initial_state": state,
        "weight_bound": 1 / hidden**0.5,
    }
    words = [kind, *([] if bias else ["nobias"]), *(["state"] if state else []), *([] if batch else ["unbatched"])]
    save("cell_" + "_".join(words), "cell", options, {}, results)


def main():
    for index, kind in enumerate(["lstm", "gru", "rnn", "relu"]):
        cell_case(900 + index, kind, 3, 7, 4, 5, True, True)
        cell_case(910 + index, kind, 5, 3, 3, 2, False, False)
        cell_case(920 + index, kind, 3, 7, 2, None, True, True)
