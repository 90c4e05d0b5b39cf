"""Losses and their gradients."""

import torch

from .common import draw, save

OPS = ["mse"]


def mse_case(seed, shape, reduction):
    generator = torch.Generator().manual_seed(seed)
    x = draw(generator, *shape).requires_grad_()
    target = draw(generator, *shape).requires_grad_()
    loss = torch.nn.functional.mse_loss(x, target, reduction=reduction)
    loss.backward()
    name = f"mse_{reduction}_{'x'.join(map(str, shape))}"
    results = {"loss": loss, "grad.x": x.grad, "grad.target": target.grad}
    save(name, "mse", {"reduction": reduction}, {"x": x, "target": target}, results)


def main():
    for reduction in ["mean", "sum"]:
        mse_case(300, (1,), reduction)
        mse_case(301, (64, 1), reduction)
        mse_case(302, (3, 17, 33), reduction)
