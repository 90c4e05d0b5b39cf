"""LBFGS on several problems, step by step: losses, evaluations and parameters, and the state that PyTorch keeps. Needs PyTorch 2.15."""

import json

import torch

from .common import budget_used, draw, save

OPS = ["lbfgs"]
STEPS = 4
SAVED = 2


class Quadratic(torch.nn.Module):
    def __init__(self, generator):
        super().__init__()
        self.w = torch.nn.Parameter(draw(generator, 7))
        self.b = torch.nn.Parameter(draw(generator, 5, 3))
        self.data = {"a": draw(generator, 12, 7), "c": draw(generator, 12), "k": draw(generator, 5, 3), "scale": (draw(generator, 5, 3).abs() + 0.5).float().double()}

    def loss(self, a, c, k, scale):
        return (a @ self.w - c).square().mean() + ((self.b - k).square() * scale).mean()


class Rosenbrock(torch.nn.Module):
    def __init__(self, _):
        super().__init__()
        self.x = torch.nn.Parameter(torch.tensor([-1.0, 0.5, 0.3, 0.8, -0.4, 0.2]).float().double())
        self.data = {"steepness": torch.tensor([100.0]).double()}

    def loss(self, steepness):
        head, tail = self.x[:-1], self.x[1:]
        return (steepness * (tail - head.square()).square() + (1 - head).square()).sum()


class Sines(torch.nn.Module):
    def __init__(self, generator):
        super().__init__()
        self.lstm = torch.nn.LSTM(1, 6, batch_first=True).double()
        self.fc = torch.nn.Linear(6, 1).double()
        for parameter in self.parameters():
            parameter.data = draw(generator, *parameter.shape, scale=0.4)
        t = torch.arange(13).double()
        waves = torch.stack([torch.sin(0.4 * t + phase) for phase in (0.0, 1.0, 2.5, 4.0)])
        waves = waves.float().double().unsqueeze(-1)
        self.data = {"x": waves[:, :-1].contiguous(), "y": waves[:, 1:].contiguous()}

    def loss(self, x, y):
        return torch.nn.functional.mse_loss(self.fc(self.lstm(x)[0]), y)


TOLERANT = {"tolerance_grad": 1e-4, "tolerance_change": 1e-6}
WOLFE = {"line_search_fn": "strong_wolfe"}
CASES = [
    ("quadratic", Quadratic, {"lr": 0.3, "max_iter": 5, **TOLERANT}),
    ("quadratic_wolfe", Quadratic, {"max_iter": 5, **TOLERANT, **WOLFE}),
    ("quadratic_maximize", Quadratic, {"lr": 0.01, "max_iter": 3, "maximize": True, **TOLERANT}),
    ("quadratic_to_the_end", Quadratic, {"max_iter": 30, "tolerance_grad": 2e-2, "tolerance_change": 1e-6, **WOLFE}),
    ("rosenbrock", Rosenbrock, {"lr": 0.05, "max_iter": 6, **TOLERANT}),
    ("rosenbrock_wolfe", Rosenbrock, {"max_iter": 6, **TOLERANT, **WOLFE}),
    ("rosenbrock_wolfe_few", Rosenbrock, {"max_iter": 6, "max_eval": 4, "history_size": 2, **TOLERANT, **WOLFE}),
    ("rosenbrock_history", Rosenbrock, {"lr": 0.05, "max_iter": 6, "history_size": 2, **TOLERANT}),
    ("sines", Sines, {"lr": 0.3, "max_iter": 5, **TOLERANT}),
    ("sines_wolfe", Sines, {"max_iter": 4, **TOLERANT, **WOLFE}),
]


# Relative rounding of float32 parameters and of a float32 loss; that of a gradient's elements, and what sums of a few
# dozen terms of the largest one's size leave in the others.
PARAMETER_NOISE, LOSS_NOISE, OWN_NOISE, SHARED_NOISE = 2**-24, 2**-23, 2**-22, 2**-22
TRIALS = 12


def run(model, options, noise=None, exact=0):
    """`noise`: a generator of the roundings that a float32 computation might make after the first `exact` steps; None for none."""
    data = model.data

    def rounded(value, *scales):
        for scale in scales if noise and len(losses) >= exact else []:
            value = value + scale * (2 * torch.rand(value.shape, generator=noise, dtype=value.dtype) - 1)
        return value

    optimizer = torch.optim.LBFGS(model.parameters(), **options)
    calls, losses, states, trajectory = [], [], [], []

    def closure():
        nonlocal count
        count += 1
        optimizer.zero_grad()
        for parameter in model.parameters():
            parameter.data = rounded(parameter.data, PARAMETER_NOISE * parameter.data)
        loss = model.loss(**data)
        loss.backward()
        for parameter in model.parameters():
            own = parameter.grad.abs()
            parameter.grad = rounded(parameter.grad, OWN_NOISE * own, SHARED_NOISE * own.max())
        return rounded(loss.detach(), LOSS_NOISE * loss.detach())

    for _ in range(STEPS):
        count = 0
        losses.append(optimizer.step(closure).item())
        calls.append(count)
        trajectory.append({name: value.detach().clone() for name, value in model.named_parameters()})
        state = optimizer.state_dict()["state"].get(0, {})
        states.append({key: [one.clone() if torch.is_tensor(one) else one for one in value] if isinstance(value, list) else value.clone() if torch.is_tensor(value) else value for key, value in state.items()})
    return calls, losses, trajectory, states, optimizer.state_dict()["param_groups"]


def flat(state, prefix):
    """A state's vectors as tensors, and its numbers."""
    tensors, numbers = {}, {}
    for key, value in state.items():
        if key == "al":
            continue
        if isinstance(value, list):
            if key == "ro":
                numbers[key] = [float(one) for one in value]
            elif value:
                tensors[f"{prefix}.{key}"] = torch.stack(value)
        elif torch.is_tensor(value) and value.dim() > 0:
            tensors[f"{prefix}.{key}"] = value
        else:
            numbers[key] = float(value)
    return tensors, numbers


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def main():
    for index, (name, kind, options) in enumerate(CASES):
        make = lambda: kind(torch.Generator().manual_seed(900 + index))
        model = make()
        start = {f"param.{key}": value.detach().clone() for key, value in model.named_parameters()}
        data = {f"data.{key}": value for key, value in model.data.items()}
        calls, losses, trajectory, states, groups = run(model, options)
        # The iterates' own sensitivity: how far float32 roundings of parameters, losses and gradients take them, as shares of the tests' budget;
        # the same from the saved state on.
        off, off_after = [0.0] * STEPS, [0.0] * STEPS
        for trial in range(TRIALS):
            for exact, worst in ((0, off), (SAVED, off_after)):
                narrow = run(make(), options, torch.Generator().manual_seed(trial), exact)
                assert calls == narrow[0], f"{name}: roundings change the decisions of the line search; choose another start"
                for t, (n, w) in enumerate(zip(narrow[2], trajectory)):
                    worst[t] = max(worst[t], *(budget_used(n[key], w[key]) for key in w))
        print(name, calls, [f"{x:.3f}" for x in off], [f"{x:.3f}" for x in off_after], [f"{x:.3g}" for x in losses])
        results = {f"trajectory.{key}": torch.stack([one[key] for one in trajectory]) for key in trajectory[0]}
        saved, saved_numbers = flat(states[SAVED - 1], "saved")
        ended, ended_numbers = flat(states[-1], "state")
        spoken = {
            "options": {camel(key): value for key, value in options.items()},
            "calls": calls,
            "losses": losses,
            "sensitivity": off,
            "sensitivity_after": off_after,
            "saved_at": SAVED,
            "saved": saved_numbers,
            "state": ended_numbers,
            "param_groups": groups,
        }
        save(f"lbfgs_{name}", "lbfgs", spoken, start | data, results | saved | ended)
