"""Losses and their gradients, for predictions and, where PyTorch has one, targets."""

import torch
import torch.nn.functional as F

from .common import draw, save

OPS = ["loss"]
REDUCTIONS = ["mean", "sum", "none"]


def float32(values):
    return torch.as_tensor(values, dtype=torch.float32).double()


def case(seed, name, kind, options, function, inputs, differentiable):
    """One case: `function` of the tensors `inputs`; where nothing is reduced, gradients of a weighted sum of the losses."""
    for key in differentiable:
        inputs[key].requires_grad_()
    loss = function(inputs)
    # NaN is stored as the option `nan`, since a comparison with it cannot be written down.
    options = {"kind": kind, "differentiable": differentiable, "nan": bool(torch.isnan(loss).any()), **options}
    results = {} if options["nan"] else {"loss": loss}
    inputs = dict(inputs)
    if options["reduction"] == "none":
        generator = torch.Generator().manual_seed(seed + 10_000)
        inputs["grad_loss"] = draw(generator, *loss.shape, 1).squeeze(-1)
        loss = (loss * inputs["grad_loss"]).sum()
    loss.backward()
    results.update({f"grad.{key}": inputs[key].grad for key in differentiable})
    save(f"loss_{name}", "loss", options, inputs, results)


def shape_name(shape):
    return "x".join(map(str, shape))


def probabilities(generator, *shape):
    return float32(torch.rand(*shape, generator=generator) * 0.98 + 0.01)


def errors(seed, kind, function, parameters):
    """Losses of the difference between prediction and target."""
    label = "_".join(f"{key}{value}" for key, value in parameters.items())
    prefix = f"{kind}_{label}" if label else kind
    for index, (reduction, shape) in enumerate([*zip(REDUCTIONS, [(5, 7), (1,), (3, 5, 2)]), ("mean", (3, 17, 33))]):
        if len(shape) == 3 and reduction == "mean" and label:
            continue
        generator = torch.Generator().manual_seed(seed + index)
        inputs = {"x": draw(generator, *shape), "target": draw(generator, *shape)}
        call = lambda t: function(t["x"], t["target"], reduction=reduction, **parameters)
        options = {"reduction": reduction, **parameters}
        case(seed + index, f"{prefix}_{reduction}_{shape_name(shape)}", kind, options, call, inputs, ["x", "target"])
    # No error, errors at and around the corners, and large ones; all differences are exact in float32.
    values = [0.0, 1.0, -1.0, 0.25, -0.25, 0.5, 3.0, -1000.0, 65536.0]
    inputs = {"x": float32(values) + 2, "target": float32([2.0] * len(values))}
    call = lambda t: function(t["x"], t["target"], reduction="none", **parameters)
    options = {"reduction": "none", **parameters}
    case(seed + 9, f"{prefix}_corners", kind, options, call, inputs, ["x", "target"])


def binary(seed, kind, name, reduction, shape, weights, extreme=False):
    """BCE of probabilities ("bce") or logits ("bce_logits"); `weights` are shapes of weight and pos_weight by name."""
    generator = torch.Generator().manual_seed(seed)
    x = probabilities(generator, *shape) if kind == "bce" else draw(generator, *shape, scale=3)
    target = probabilities(generator, *shape)
    if not extreme:
        target = torch.where(target > 0.6, torch.ones(()).double(), target)
        target = torch.where(target < 0.2, torch.zeros(()).double(), target)
    elif kind == "bce":
        x = float32([0, 0, 1, 1, 0.5, 1e-30, 1 - 2**-24, 1e-6, 0])
        target = float32([0, 1, 0, 1, 0.25, 1, 0, 0.75, 0.5])
    else:
        x = float32([0, 200, -200, 200, -200, 1e-6, 16, -16, 1e4])
        target = float32([0, 1, 1, 0, 0, 1, 1, 0, 0.5])
    inputs = {"x": x, "target": target}
    for key, weight_shape in weights.items():
        inputs[key] = float32(torch.rand(*weight_shape, generator=generator) * 3)
    function = F.binary_cross_entropy if kind == "bce" else F.binary_cross_entropy_with_logits
    call = lambda t: function(t["x"], t["target"], reduction=reduction, **{key: t[key] for key in weights})
    # At probabilities of 0 and 1 the target's gradient is infinite.
    differentiable = ["x"] if extreme and kind == "bce" else ["x", "target"]
    case(seed, f"{kind}_{name}_{reduction}_{shape_name(x.shape)}", kind, {"reduction": reduction}, call, inputs, differentiable)


def classes(seed, name, shape, reduction="mean", kind="cross_entropy", weight=False, ignore=None, all_ignored=False,
            smoothing=0.0, soft=False, logits=None):
    generator = torch.Generator().manual_seed(seed)
    x = draw(generator, *shape, scale=2) if logits is None else float32(logits)
    dim = 0 if x.dim() == 1 else 1
    count = x.shape[dim]
    if kind == "nll":
        x = float32(F.log_softmax(x, dim))
    inputs = {"x": x}
    options = {"reduction": reduction}
    arguments = {"reduction": reduction}
    if soft:
        inputs["target"] = float32(F.softmax(draw(generator, *x.shape), dim))
    else:
        rows = [size for index, size in enumerate(x.shape) if index != dim]
        target = torch.randint(count, rows, generator=generator)
        arguments["ignore_index"] = options["ignore_index"] = -100 if ignore is None else ignore
        if ignore is not None:
            target = torch.where(torch.rand(rows, generator=generator) < 0.4, torch.tensor(ignore), target)
        if all_ignored:
            target = torch.full(rows, arguments["ignore_index"])
        inputs["target"] = target.double()
    if weight:
        inputs["weight"] = float32(torch.rand(count, generator=generator) * 2 + 0.1)
    if kind == "cross_entropy":
        arguments["label_smoothing"] = options["label_smoothing"] = smoothing
    function = F.cross_entropy if kind == "cross_entropy" else F.nll_loss
    call = lambda t: function(t["x"], t["target"] if soft else t["target"].long(), weight=t.get("weight"), **arguments)
    differentiable = ["x", "target"] if soft else ["x"]
    case(seed, f"{kind}_{name}_{reduction}", kind, options, call, inputs, differentiable)


def main():
    errors(300, "mse", F.mse_loss, {})
    errors(310, "l1", F.l1_loss, {})
    for index, beta in enumerate([1.0, 0.25, 0.0]):
        errors(320 + 10 * index, "smooth_l1", F.smooth_l1_loss, {"beta": beta})
    for index, delta in enumerate([1.0, 0.25]):
        errors(350 + 10 * index, "huber", F.huber_loss, {"delta": delta})

    for offset, kind in [(400, "bce"), (450, "bce_logits")]:
        for index, reduction in enumerate(REDUCTIONS):
            binary(offset + index, kind, "plain", reduction, (5, 7), {})
        binary(offset + 10, kind, "extremes", "none", (9,), {}, extreme=True)
        binary(offset + 11, kind, "weight_classes", "mean", (5, 7), {"weight": (7,)})
        binary(offset + 12, kind, "weight_samples", "sum", (5, 7), {"weight": (5, 1)})
        binary(offset + 13, kind, "weight_all", "none", (5, 7), {"weight": (5, 7)})
        binary(offset + 14, kind, "plain", "mean", (3, 17, 33), {})
    binary(470, "bce_logits", "pos", "mean", (5, 7), {"pos_weight": (7,)})
    binary(471, "bce_logits", "pos", "sum", (3, 5, 2), {"pos_weight": (5, 1)})
    binary(472, "bce_logits", "pos_and_weight", "none", (5, 7), {"weight": (1,), "pos_weight": (7,)})
    binary(473, "bce_logits", "pos_extremes", "none", (9,), {"pos_weight": (9,)}, extreme=True)

    for index, reduction in enumerate(REDUCTIONS):
        seed = 500 + 50 * index
        classes(seed, "7x5", (7, 5), reduction)
        classes(seed + 1, "7x5_weight", (7, 5), reduction, weight=True)
        classes(seed + 2, "7x5_ignore", (7, 5), reduction, ignore=-100)
        classes(seed + 3, "7x5_smooth", (7, 5), reduction, smoothing=0.1)
        classes(seed + 4, "7x5_weight_ignore2_smooth", (7, 5), reduction, weight=True, ignore=2, smoothing=0.3)
        classes(seed + 5, "3x5x2x3_ignore_smooth", (3, 5, 2, 3), reduction, ignore=-1, smoothing=0.2)
        classes(seed + 6, "3x5x4_weight_ignore", (3, 5, 4), reduction, weight=True, ignore=-100)
        classes(seed + 7, "7x5_soft", (7, 5), reduction, soft=True)
        classes(seed + 8, "3x5x4_soft_weight_smooth", (3, 5, 4), reduction, soft=True, weight=True, smoothing=0.1)
        classes(seed + 9, "all_ignored", (3, 5), reduction, ignore=-100, all_ignored=True)
        classes(seed + 10, "unbatched", (5,), reduction, weight=True, smoothing=0.1)
        classes(seed + 11, "7x5", (7, 5), reduction, kind="nll")
        classes(seed + 12, "3x5x4_weight_ignore0", (3, 5, 4), reduction, kind="nll", weight=True, ignore=0)
        classes(seed + 13, "all_ignored", (3, 5), reduction, kind="nll", ignore=-100, all_ignored=True)
    classes(700, "65x33", (65, 33))
    classes(701, "1x1", (1, 1))
    classes(702, "33x130_smooth", (33, 130), smoothing=0.1)
    classes(703, "smooth_all", (7, 5), smoothing=1.0)
    classes(704, "soft_unbatched", (5,), soft=True)
    classes(705, "unbatched", (5,), kind="nll")
    # Ties, sure rows, and logits that only their difference keeps from overflowing.
    rows = [[0, 0, 0], [100, -100, 0], [-50, 90, 90], [1e4, 1e4 - 1, 0], [-1e4, -1e4, 0], [16, 0, -16], [88.5, 88, -200]]
    classes(706, "extremes", (7, 3), "none", logits=rows)
    classes(707, "extremes_smooth", (7, 3), "none", logits=rows, smoothing=0.1)
