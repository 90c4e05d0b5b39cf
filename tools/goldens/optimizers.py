"""Optimizers, step by step."""

import torch

from .common import draw, save

OPS = ["adam"]


def adam_case(seed, name, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    """20 steps over three parameters; `lr` is a list with the learning rate of each step."""
    steps = len(lr)
    generator = torch.Generator().manual_seed(seed)
    shapes = [(7, 3), (33,), (1,)]
    inputs = {}
    results = {}
    parameters = []
    for index, shape in enumerate(shapes):
        inputs[f"param.p{index}"] = draw(generator, *shape)
        # Gradients of very different sizes, as a network's are, and a few that are exactly zero.
        scale = torch.logspace(-6, 1, steps).reshape(steps, *[1] * len(shape))
        values = torch.randn(steps, *shape, generator=generator) * scale
        values[steps // 2] = 0
        inputs[f"grads.p{index}"] = values.double()
        parameters.append(torch.nn.Parameter(inputs[f"param.p{index}"].clone()))
    optimizer = torch.optim.Adam(parameters, lr=lr[0], betas=betas, eps=eps, weight_decay=weight_decay)
    trajectory = [[] for _ in shapes]
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr[step]
        for index, parameter in enumerate(parameters):
            parameter.grad = inputs[f"grads.p{index}"][step].clone()
        optimizer.step()
        for index, parameter in enumerate(parameters):
            trajectory[index].append(parameter.detach().clone())
    for index, parameter in enumerate(parameters):
        results[f"trajectory.p{index}"] = torch.stack(trajectory[index])
        results[f"exp_avg.p{index}"] = optimizer.state[parameter]["exp_avg"]
        results[f"exp_avg_sq.p{index}"] = optimizer.state[parameter]["exp_avg_sq"]
    options = {"steps": steps, "lr": lr, "betas": list(betas), "eps": eps, "weight_decay": weight_decay}
    save(f"adam_{name}", "adam", options, inputs, results)


def main():
    adam_case(400, "default", [1e-3] * 20)
    adam_case(401, "weight_decay", [1e-2] * 20, weight_decay=0.1)
    adam_case(402, "betas_eps", [3e-3] * 20, betas=(0.5, 0.7), eps=1e-3)
    adam_case(403, "lr_change", [1e-2] * 10 + [1e-4] * 10)
