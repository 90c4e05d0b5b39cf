"""Layers that are not recurrent."""

import torch

from .common import draw, save

OPS = ["linear"]


def linear_case(seed, shape, out_features, bias):
    generator = torch.Generator().manual_seed(seed)
    in_features = shape[-1]
    linear = torch.nn.Linear(in_features, out_features, bias=bias, dtype=torch.float64)
    bound = 1 / in_features**0.5
    with torch.no_grad():
        for parameter in linear.parameters():
            parameter.copy_(torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator))
    x = draw(generator, *shape).requires_grad_()
    target = draw(generator, *shape[:-1], out_features)
    output = linear(x)
    loss = torch.nn.functional.mse_loss(output, target)
    loss.backward()
    parameters = dict(linear.named_parameters())
    inputs = {"x": x, "target_output": target, **{f"param.{key}": value for key, value in parameters.items()}}
    results = {"out.output": output, "loss": loss, "grad.x": x.grad}
    results.update({f"grad.{key}": value.grad for key, value in parameters.items()})
    name = f"linear_{'x'.join(map(str, shape))}_o{out_features}" + ("" if bias else "_nobias")
    save(name, "linear", {"in_features": in_features, "out_features": out_features, "bias": bias}, inputs, results)


def main():
    linear_case(200, (1, 1), 1, True)
    linear_case(201, (5, 3), 7, True)
    linear_case(202, (65, 33), 65, False)
    linear_case(203, (4, 6, 33), 1, True)
    linear_case(204, (3, 17, 50), 7, False)
    linear_case(205, (2, 100, 130), 33, True)
