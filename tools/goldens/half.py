"""Layers whose weights are rounded to half precision: every parameter but the biases. All else is float64."""

import torch

from .common import draw, save
from .one_input import camel

OPS = ["half"]


def case(seed, suffix, kind, sizes, shape, *, indices=0, **options):
    """`shape` is the input's; with `indices` it holds integers below that."""
    generator = torch.Generator().manual_seed(seed)
    module = getattr(torch.nn, kind)(*sizes, **options).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(draw(generator, *parameter.shape, scale=parameter.shape[-1] ** -0.5).float())
    stored = {f"param.{name}": value.detach().clone() for name, value in module.named_parameters()}
    x = torch.randint(indices, shape, generator=generator) if indices else draw(generator, *shape)

    def outputs():
        with torch.no_grad():
            given = module(x)
        if not isinstance(given, tuple):
            return {"output": given}
        output, state = given
        states = dict(zip(("h_n", "c_n"), state)) if isinstance(state, tuple) else {"h_n": state}
        return {"output": output} | states

    results = {f"full.{name}": value for name, value in outputs().items()}
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() > 1:
                parameter.copy_(parameter.half().double())
    results.update({f"out.{name}": value for name, value in outputs().items()})
    arguments = [*sizes, {camel(key): value for key, value in options.items()}]
    stored["x"] = x.double()
    save(f"half_{suffix}", "half", {"kind": kind, "arguments": arguments}, stored, results)


def main():
    case(1500, "lstm", "LSTM", (3, 5), (4, 3, 3))
    case(1501, "lstm_two_layers", "LSTM", (5, 9), (4, 3, 5), num_layers=2, bidirectional=True)
    case(1502, "lstm_projection", "LSTM", (6, 9), (4, 3, 6), proj_size=5)
    case(1503, "lstm_36", "LSTM", (3, 36), (3, 5, 3))
    case(1504, "gru", "GRU", (3, 7), (4, 3, 3))
    case(1505, "gru_two_layers", "GRU", (5, 10), (4, 2, 5), num_layers=2, bidirectional=True, bias=False)
    case(1506, "rnn", "RNN", (3, 7), (4, 3, 3))
    case(1507, "rnn_relu", "RNN", (5, 33), (4, 5, 5), nonlinearity="relu", bidirectional=True)
    case(1508, "linear", "Linear", (7, 33), (5, 7))
    case(1509, "linear_one_row", "Linear", (131, 5), (1, 131), bias=False)
    case(1510, "linear_many_rows", "Linear", (17, 9), (70, 17))
    case(1511, "embedding", "Embedding", (11, 7), (4, 3), indices=11)
    case(1512, "conv1d", "Conv1d", (3, 5, 3), (2, 3, 9), padding=1)
    case(1513, "conv_transpose1d", "ConvTranspose1d", (4, 3, 3), (2, 4, 5), stride=2)
