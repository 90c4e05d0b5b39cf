"""Gradient clipping."""

import torch

from .common import draw, save

OPS = ["clip"]
SHAPES = [(7, 3), (33,), (1,), (130, 3)]


def clip_case(seed, name, calls, scale=1.0):
    """`calls` in order: ["norm", indices, max_norm, norm_type] or ["value", indices, clip_value]."""
    generator = torch.Generator().manual_seed(seed)
    inputs = {f"grads.p{i}": draw(generator, *shape, scale=scale) for i, shape in enumerate(SHAPES)}
    parameters = []
    for index, shape in enumerate(SHAPES):
        parameter = torch.nn.Parameter(torch.zeros(*shape, dtype=torch.float64))
        parameter.grad = inputs[f"grads.p{index}"].clone()
        parameters.append(parameter)
    norms = []
    for kind, indices, limit, *norm_type in calls:
        chosen = [parameters[i] for i in indices]
        if kind == "norm":
            norms.append(torch.nn.utils.clip_grad_norm_(chosen, float(limit), *map(float, norm_type)))
        else:
            torch.nn.utils.clip_grad_value_(chosen, float(limit))
    results = {f"clipped.p{index}": parameter.grad for index, parameter in enumerate(parameters)}
    if norms:
        results["norms"] = torch.stack(norms)
    save(f"clip_{name}", "clip", {"calls": calls}, inputs, results)


def main():
    all_of_them = [0, 1, 2, 3]
    for index, norm_type in enumerate([1, 2, 3, "inf", 0.5, 2.5, 20]):
        clip_case(500 + index, f"norm_{norm_type}".replace(".", "_"), [["norm", all_of_them, 0.7, norm_type]])
    clip_case(510, "norm_small_gradients", [["norm", all_of_them, 1e-4, 2]], scale=1e-5)
    clip_case(511, "norm_not_reached", [["norm", all_of_them, 1000, 2]])
    clip_case(512, "norm_zero", [["norm", all_of_them, 0, 2]])
    clip_case(513, "norm_infinite", [["norm", all_of_them, "inf", 2]])
    clip_case(514, "norm_some", [["norm", [3, 1], 0.5, 2]])
    clip_case(520, "value", [["value", all_of_them, 0.25]])
    clip_case(521, "value_zero", [["value", [1], 0]])
    clip_case(522, "value_then_norm", [["value", all_of_them, 0.5], ["norm", all_of_them, 1, 2]])
    clip_case(523, "norm_twice_then_value", [["norm", [0, 2], 1, 1], ["norm", all_of_them, 2, "inf"], ["value", [3], 0.1]])
