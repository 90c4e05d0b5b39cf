"""Optimizers, step by step: every one with every option. The cases after LATER need PyTorch 2."""

import json

import torch

from .common import draw, save

OPS = ["adam", "adamw", "sgd", "rmsprop", "adagrad", "nadam", "radam", "adadelta", "adamax", "asgd", "rprop"]
CLASSES = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    # PyTorch 1.13's default implementation of NAdam multiplies one momentum factor into the product twice; its foreach
    # implementation has the formula of the documentation, which later versions use throughout.
    "nadam": lambda *args, **options: torch.optim.NAdam(*args, **options, foreach=True),
    "radam": torch.optim.RAdam,
    "adadelta": torch.optim.Adadelta,
    "adamax": torch.optim.Adamax,
    "asgd": torch.optim.ASGD,
    "rprop": torch.optim.Rprop,
}
STEPS = 20
SAVED = 10
SHAPES = [(5, 3), (9,), (1,)]


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def optimizer_case(seed, op, name, options=None, groups=None, rates=None, dtype=torch.float64, write=True):
    """
    20 steps over three parameters.

    options  PyTorch's options, by its names
    groups   lists of parameter indices with the options of each group; one group of all if None
    rates    the learning rate of all groups, step by step; as the options say if None
    """
    options = options or {}
    generator = torch.Generator().manual_seed(seed)
    inputs = {}
    parameters = []
    for index, shape in enumerate(SHAPES):
        inputs[f"param.p{index}"] = draw(generator, *shape)
        # Gradients of very different sizes, as a network's are, and a few that are exactly zero.
        scale = torch.logspace(-6, 1, STEPS).reshape(STEPS, *[1] * len(shape))
        values = torch.randn(STEPS, *shape, generator=generator) * scale
        values[STEPS // 2] = 0
        inputs[f"grads.p{index}"] = values.double()
        parameters.append(torch.nn.Parameter(inputs[f"param.p{index}"].to(dtype, copy=True)))
    groups = groups or [([0, 1, 2], {})]
    given = [{"params": [parameters[i] for i in indices], **own} for indices, own in groups]
    optimizer = CLASSES[op](given, **options)
    results = {}
    trajectory = [[] for _ in SHAPES]

    def save_state(prefix):
        for index, parameter in enumerate(parameters):
            for key, value in optimizer.state[parameter].items():
                if value is not None:
                    results[f"{prefix}.p{index}.{key}"] = torch.as_tensor(value, dtype=torch.float64).clone()

    for step in range(STEPS):
        if rates:
            for group in optimizer.param_groups:
                group["lr"] = rates[step]
        if step == SAVED:
            save_state("saved")
            saved_groups = optimizer.state_dict()["param_groups"]
        for index, parameter in enumerate(parameters):
            parameter.grad = inputs[f"grads.p{index}"][step].to(dtype, copy=True)
        optimizer.step()
        for index, parameter in enumerate(parameters):
            trajectory[index].append(parameter.detach().clone())
    for index in range(len(parameters)):
        results[f"trajectory.p{index}"] = torch.stack(trajectory[index])
    save_state("state")
    if not write:
        return results
    spoken = {
        "options": {camel(key): value for key, value in options.items()},
        "groups": [[indices, {camel(key): value for key, value in own.items()}] for indices, own in groups],
        "rates": rates,
        "saved_at": SAVED,
        "param_groups": json.loads(json.dumps(saved_groups)),
    }
    save(f"{op}_{name}", op, spoken, inputs, results)
    return results


# op, name, and the rest of optimizer_case's arguments
CASES = [
    ("adam", "default", {}),
    ("adam", "weight_decay", {"options": {"lr": 1e-2, "weight_decay": 0.1}}),
    ("adam", "betas_eps", {"options": {"lr": 3e-3, "betas": (0.5, 0.7), "eps": 1e-3}}),
    ("adam", "lr_change", {"options": {"lr": 1e-2}, "rates": [1e-2] * 10 + [1e-4] * 10}),
    ("adam", "amsgrad", {"options": {"lr": 1e-2, "amsgrad": True, "betas": (0.8, 0.6)}}),
    ("adam", "maximize", {"options": {"lr": 1e-2, "maximize": True}}),
    (
        "adam",
        "amsgrad_maximize_weight_decay",
        {"options": {"lr": 1e-2, "amsgrad": True, "maximize": True, "weight_decay": 0.05}},
    ),
    (
        "adam",
        "groups",
        {
            "options": {"lr": 1e-3},
            "groups": [([2, 0], {"lr": 1e-2, "amsgrad": True}), ([1], {"betas": (0.7, 0.9), "weight_decay": 0.2})],
        },
    ),
    ("adamw", "default", {}),
    ("adamw", "weight_decay", {"options": {"lr": 1e-2, "weight_decay": 0.3}}),
    ("adamw", "no_weight_decay", {"options": {"weight_decay": 0.0}}),
    ("adamw", "betas_eps", {"options": {"lr": 3e-3, "betas": (0.5, 0.7), "eps": 1e-3}}),
    ("adamw", "amsgrad", {"options": {"lr": 1e-2, "amsgrad": True, "betas": (0.8, 0.6)}}),
    ("adamw", "maximize", {"options": {"lr": 1e-2, "maximize": True}}),
    ("sgd", "plain", {"options": {"lr": 1e-2}}),
    ("sgd", "weight_decay", {"options": {"lr": 1e-2, "weight_decay": 0.1}}),
    ("sgd", "maximize", {"options": {"lr": 1e-2, "maximize": True}}),
    ("sgd", "momentum", {"options": {"lr": 1e-2, "momentum": 0.9}}),
    ("sgd", "dampening", {"options": {"lr": 1e-2, "momentum": 0.9, "dampening": 0.3}}),
    ("sgd", "nesterov", {"options": {"lr": 1e-2, "momentum": 0.9, "nesterov": True}}),
    (
        "sgd",
        "nesterov_weight_decay_maximize",
        {"options": {"lr": 1e-2, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1, "maximize": True}},
    ),
    (
        "sgd",
        "groups",
        {
            "options": {"lr": 1e-2},
            "groups": [([1], {"momentum": 0.9}), ([0, 2], {"lr": 1e-3, "weight_decay": 0.1})],
        },
    ),
    ("rmsprop", "default", {}),
    ("rmsprop", "alpha_eps", {"options": {"lr": 3e-3, "alpha": 0.7, "eps": 1e-3}}),
    ("rmsprop", "weight_decay", {"options": {"weight_decay": 0.1}}),
    ("rmsprop", "momentum", {"options": {"lr": 1e-3, "momentum": 0.9}}),
    ("rmsprop", "centered", {"options": {"centered": True}}),
    ("rmsprop", "maximize", {"options": {"maximize": True}}),
    (
        "rmsprop",
        "centered_momentum_weight_decay",
        {"options": {"lr": 1e-3, "centered": True, "momentum": 0.8, "weight_decay": 0.1}},
    ),
    ("adagrad", "default", {}),
    ("adagrad", "lr_decay", {"options": {"lr": 3e-2, "lr_decay": 0.1}}),
    ("adagrad", "weight_decay", {"options": {"weight_decay": 0.1}}),
    ("adagrad", "initial_accumulator_value", {"options": {"initial_accumulator_value": 0.5}}),
    ("adagrad", "eps", {"options": {"eps": 1e-3}}),
    ("adagrad", "maximize", {"options": {"maximize": True}}),
    (
        "adagrad",
        "groups",
        {"groups": [([0], {"initial_accumulator_value": 0.1}), ([2, 1], {"lr": 1e-3, "lr_decay": 0.2})]},
    ),
    ("nadam", "default", {}),
    ("nadam", "weight_decay", {"options": {"lr": 1e-2, "weight_decay": 0.1}}),
    ("nadam", "betas_eps", {"options": {"betas": (0.5, 0.7), "eps": 1e-3}}),
    ("nadam", "momentum_decay", {"options": {"momentum_decay": 0.3}}),
    ("radam", "default", {}),
    ("radam", "weight_decay", {"options": {"lr": 1e-2, "weight_decay": 0.1}}),
    ("radam", "betas_eps", {"options": {"betas": (0.5, 0.7), "eps": 1e-3}}),
    ("radam", "betas", {"options": {"lr": 1e-2, "betas": (0.8, 0.9)}}),
]


# What PyTorch 1.13 has not, or computes otherwise: ASGD's first averages, for one.
LATER = [
    ("adam", "decoupled_weight_decay", {"options": {"lr": 1e-2, "weight_decay": 0.3, "decoupled_weight_decay": True}}),
    ("nadam", "maximize", {"options": {"lr": 1e-2, "maximize": True, "weight_decay": 0.1}}),
    ("nadam", "decoupled_weight_decay", {"options": {"lr": 1e-2, "weight_decay": 0.3, "decoupled_weight_decay": True}}),
    ("radam", "maximize", {"options": {"lr": 1e-2, "maximize": True, "weight_decay": 0.1}}),
    ("radam", "decoupled_weight_decay", {"options": {"lr": 1e-2, "weight_decay": 0.3, "decoupled_weight_decay": True}}),
    ("adadelta", "default", {}),
    ("adadelta", "weight_decay", {"options": {"weight_decay": 0.1}}),
    ("adadelta", "rho_eps", {"options": {"lr": 0.3, "rho": 0.6, "eps": 1e-3}}),
    ("adadelta", "maximize", {"options": {"maximize": True}}),
    (
        "adadelta",
        "groups",
        {"groups": [([2, 0], {"lr": 0.1, "rho": 0.8}), ([1], {"weight_decay": 0.2, "eps": 1e-2})]},
    ),
    ("adamax", "default", {}),
    ("adamax", "weight_decay", {"options": {"lr": 1e-2, "weight_decay": 0.1}}),
    ("adamax", "betas_eps", {"options": {"lr": 3e-3, "betas": (0.5, 0.7), "eps": 1e-3}}),
    ("adamax", "maximize", {"options": {"lr": 1e-2, "maximize": True}}),
    ("adamax", "lr_change", {"options": {"lr": 1e-2}, "rates": [1e-2] * 10 + [1e-4] * 10}),
    ("asgd", "default", {}),
    ("asgd", "weight_decay", {"options": {"weight_decay": 0.1}}),
    ("asgd", "lambd_alpha", {"options": {"lr": 3e-2, "lambd": 0.3, "alpha": 0.5}}),
    # Averages from the sixth step on.
    ("asgd", "t0", {"options": {"lr": 3e-2, "lambd": 0.1, "t0": 5}}),
    ("asgd", "maximize", {"options": {"lr": 3e-2, "maximize": True}}),
    # The size of a step is that of the learning rate before it.
    ("asgd", "lr_change", {"options": {"lr": 1e-2, "t0": 3}, "rates": [3e-2] * 10 + [1e-3] * 10}),
    ("rprop", "default", {}),
    ("rprop", "etas", {"options": {"lr": 0.1, "etas": (0.3, 1.7)}}),
    ("rprop", "step_sizes", {"options": {"lr": 0.1, "step_sizes": (0.06, 0.13)}}),
    ("rprop", "maximize", {"options": {"lr": 1e-3, "maximize": True}}),
    # Only the first step's learning rate counts.
    ("rprop", "lr_change", {"options": {"lr": 1e-2}, "rates": [3e-2] + [1e-3] * 19}),
    ("rprop", "groups", {"groups": [([2, 0], {"lr": 0.1, "etas": (0.4, 1.1)}), ([1], {"step_sizes": (1e-2, 2e-2)})]}),
]


def main():
    for index, (op, name, rest) in enumerate(CASES):
        optimizer_case(400 + index, op, name, **rest)
    if torch.__version__ >= "2":
        for index, (op, name, rest) in enumerate(LATER):
            optimizer_case(480 + index, op, name, **rest)
