"""What torch.nn.init draws: init.json."""

import json

import torch

from .common import OUT
from .random_stream import bits

OPS = []

# The JavaScript name, PyTorch's function, and its options.
CASES = [
    ("uniform_", {}),
    ("uniform_", {"a": -0.3, "b": 0.7}),
    ("normal_", {}),
    ("normal_", {"mean": 0.5, "std": 0.01}),
    ("constant_", {"val": 0.1}),
    ("zeros_", {}),
    ("ones_", {}),
    ("xavier_uniform_", {}),
    ("xavier_uniform_", {"gain": 5 / 3}),
    ("xavier_normal_", {}),
    ("xavier_normal_", {"gain": 0.7}),
    ("kaiming_uniform_", {}),
    ("kaiming_uniform_", {"a": 5**0.5}),
    ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}),
    ("kaiming_uniform_", {"nonlinearity": "tanh"}),
    ("kaiming_normal_", {}),
    ("kaiming_normal_", {"a": 0.2, "mode": "fan_out"}),
    ("kaiming_normal_", {"nonlinearity": "selu"}),
    ("kaiming_normal_", {"nonlinearity": "linear"}),
    ("orthogonal_", {}),
    ("orthogonal_", {"gain": 2**0.5}),
]
SHAPES = [(1, 1), (3, 5), (17, 4), (7, 7), (4, 3, 5)]


def main():
    cases = []
    for function, options in CASES:
        # One stream through all shapes: each starts where the one before left off.
        torch.manual_seed(700)
        values = []
        for shape in SHAPES:
            tensor = torch.empty(*shape)
            getattr(torch.nn.init, function)(tensor, **options)
            values.append({"shape": shape, "values": bits(tensor)})
        cases.append({"function": function, "options": options, "values": values})
    names = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
    gains = [{"nonlinearity": name, "gain": torch.nn.init.calculate_gain(name)} for name in names]
    gains.append({"nonlinearity": "leaky_relu", "param": 0.2, "gain": torch.nn.init.calculate_gain("leaky_relu", 0.2)})
    result = {"torch": torch.__version__, "cases": cases, "gains": gains}
    (OUT / "init.json").write_text(json.dumps(result, indent=0) + "\n")
