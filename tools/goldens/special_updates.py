"""Clipping and optimizers with gradients that are not finite, and with huge ones."""

import torch

from .special_cases import INF, N, NAN, V, Cases

# A step with every special gradient, then two with ordinary ones.
STEPS = 3

OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "sgd_momentum": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "adam": (torch.optim.Adam, {}),
    "adam_amsgrad": (torch.optim.Adam, {"amsgrad": True}),
    "adamw": (torch.optim.AdamW, {}),
    "nadam": (torch.optim.NAdam, {}),
    "radam": (torch.optim.RAdam, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "rmsprop_centered": (torch.optim.RMSprop, {"centered": True, "momentum": 0.9}),
    "adagrad": (torch.optim.Adagrad, {}),
    "adadelta": (torch.optim.Adadelta, {}),
    "adamax": (torch.optim.Adamax, {}),
    "asgd": (torch.optim.ASGD, {"t0": 0, "weight_decay": 0.1}),
    "rprop": (torch.optim.Rprop, {}),
}


def optimizer_case(cases, name):
    make, options = OPTIMIZERS[name]
    start = torch.linspace(-1, 1, N)
    gradients = torch.stack([V, torch.linspace(0.5, -0.5, N), torch.linspace(-0.25, 0.75, N)])

    def compute(inputs):
        p = torch.nn.Parameter(inputs["p"])
        optimizer = make([p], lr=0.01, foreach=False, **options)
        steps = []
        for gradient in inputs["gradients"]:
            p.grad = gradient.clone()
            optimizer.step()
            steps.append(p.detach().clone())
        return {"steps": torch.stack(steps)}

    cases.add(name, {"p": start, "gradients": gradients}, compute)


def clip_cases(cases):
    """Two parameters, of which the second has ordinary gradients and a zero."""
    for label, value in (("nan", NAN), ("inf", INF), ("-inf", -INF), ("huge", 1e30)):
        for norm_type in (2.0, INF, 0.5, 3.0):

            def compute(inputs, norm_type=norm_type):
                parameters = [torch.nn.Parameter(torch.zeros_like(inputs[key])) for key in ("a", "b")]
                for parameter, key in zip(parameters, ("a", "b")):
                    parameter.grad = inputs[key]
                norm = torch.nn.utils.clip_grad_norm_(parameters, 0.5, norm_type, foreach=False)
                return {"norm": norm, "clipped.a": parameters[0].grad, "clipped.b": parameters[1].grad}

            inputs = {"a": [0.5, value, -2.0], "b": [0.0, 0.25]}
            cases.add(f"norm_{norm_type:g}_{label}", inputs, compute)

    def clamp(inputs):
        parameter = torch.nn.Parameter(torch.zeros_like(inputs["a"]))
        parameter.grad = inputs["a"]
        torch.nn.utils.clip_grad_value_([parameter], 0.25)
        return {"clipped.a": parameter.grad}

    cases.add("value", {"a": V}, clamp)


def main():
    cases = Cases()
    for name in OPTIMIZERS:
        optimizer_case(cases, name)
    cases.save("special_updates_optimizers")
    cases = Cases()
    clip_cases(cases)
    cases.save("special_updates_clipping")
