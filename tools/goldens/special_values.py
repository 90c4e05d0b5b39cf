"""What PyTorch makes of NaN, infinities, zeros and the ends of float32's range: functions, losses and layers, with every gradient."""

import torch
from torch.nn import functional as F

from . import special_recurrent, special_updates
from .special_cases import INF, N, NAN, V, Cases, differentiated, pairs

OPS = ["special"]


def pointwise():
    """Every value, then every gradient at an ordinary place on either side of 0."""
    cases = Cases()
    x = torch.stack([V, torch.full([N], 0.5), torch.full([N], -0.5)])
    weights = torch.stack([torch.full([N], 1.5), V, V])
    for name in ["relu", "tanh", "sigmoid", "exp", "log", "neg"]:
        cases.add(name, {"x": x, "weights": weights}, differentiated(getattr(torch, name)))
    cases.add("add_number", {"x": x, "weights": weights}, differentiated(lambda x: x + 1.5))
    cases.add("mul_number", {"x": x, "weights": weights}, differentiated(lambda x: x * -2.5))
    cases.add("mul_zero", {"x": x, "weights": weights}, differentiated(lambda x: x * 0))
    cases.add("div_number", {"x": x, "weights": weights}, differentiated(lambda x: x / 3))
    a, b = pairs().T
    for name in ["add", "sub", "mul", "div"]:
        cases.add(name, {"a": a, "b": b, "weights": [1.5]}, differentiated(getattr(torch, name)))
    cases.save("special_pointwise")


def reductions():
    cases = Cases()
    rows = pairs(0.5)
    weights = torch.tensor([1.5, -0.5, 2.0])
    cases.add("softmax", {"x": rows, "weights": weights}, differentiated(lambda x: x.softmax(1)))
    cases.add("log_softmax", {"x": rows, "weights": weights}, differentiated(lambda x: x.log_softmax(1)))
    cases.add("softmax_first", {"x": rows.T, "weights": [[1.5], [-0.5], [2.0]]}, differentiated(lambda x: x.softmax(0)))
    few = torch.stack([V, torch.full([N], 0.5), torch.full([N], -2.0)], 1)
    cases.add("sum_last", {"x": few, "weights": V}, differentiated(lambda x: x.sum(1)))
    cases.add("sum_first", {"x": few, "weights": [1.5]}, differentiated(lambda x: x.sum(0)))
    cases.add("mean_last", {"x": few, "weights": [1.5]}, differentiated(lambda x: x.mean(1)))
    cases.add("mean", {"x": few[1:2], "weights": 1.5}, differentiated(lambda x: x.mean()))
    cases.save("special_reductions")


def products():
    """One value in each row and column, so that no sum has two that are not finite but those of a row and a column."""
    cases = Cases()
    a = torch.stack([V, torch.full([N], 0.5), torch.full([N], -2.0)], 1)
    b = torch.tensor([[0.5, -1.0], [2.0, 1.0], [0.25, -0.5]])
    cases.add("matmul", {"a": a, "b": b, "weights": [1.5]}, differentiated(torch.matmul))
    cases.add("matmul_right", {"a": b.T, "b": a.T, "weights": [1.5]}, differentiated(torch.matmul))
    cases.add("matmul_zero", {"a": torch.zeros(2, 3), "b": a.T, "weights": [1.5]}, differentiated(torch.matmul))
    cases.add("matmul_both", {"a": a, "b": a.T, "weights": [1.5]}, differentiated(torch.matmul))
    pair = {"a": torch.stack([a[:2], a[2:4]]), "b": torch.stack([b, b]), "weights": [1.5]}
    cases.add("matmul_batched", pair, differentiated(torch.matmul))
    linear = {"x": a, "weight": b.T, "bias": [0.5, -0.5], "weights": [1.5]}
    cases.add("linear", linear, differentiated(F.linear))
    cases.add("linear_weight", linear | {"x": b.T, "weight": a, "bias": V.flip(0)}, differentiated(F.linear))
    cases.save("special_products")


def losses():
    cases = Cases()
    kinds = {
        "mse": F.mse_loss,
        "l1": F.l1_loss,
        "smooth_l1": F.smooth_l1_loss,
        "huber": lambda x, target, **options: F.huber_loss(x, target, delta=0.5, **options),
        "bce_logits": F.binary_cross_entropy_with_logits,
        "bce_logits_pos": lambda x, target, **options: F.binary_cross_entropy_with_logits(
            x, target, pos_weight=torch.tensor([2.0]), **options
        ),
    }
    inside = torch.tensor([0.0, -0.0, 1e-40, 0.5, 1.0])
    for kind, loss in kinds.items():
        # A binary target is a probability.
        targets = torch.cat([inside, V[:1]]) if kind.startswith("bce") else V
        x, target = torch.cartesian_prod(V, targets).T
        none = differentiated(lambda x, target, loss=loss: loss(x, target, reduction="none"))
        cases.add(f"{kind}_none", {"x": x, "target": target, "weights": [1.5]}, none)
        for value, label in ((NAN, "nan"), (INF, "inf"), (104.0, "large")):
            mean = differentiated(lambda x, target, loss=loss: loss(x, target))
            inputs = {"x": [0.5, value, -0.5], "target": [1.0, 1.0, 0.0], "weights": 1.0}
            cases.add(f"{kind}_mean_{label}", inputs, mean)
    # PyTorch refuses everything outside [0, 1].
    x, target = torch.cartesian_prod(inside, inside).T
    bce = differentiated(lambda x, target: F.binary_cross_entropy(x, target, reduction="none"))
    cases.add("bce_none", {"x": x, "target": target, "weights": [1.5]}, bce)

    rows = pairs(0.5)
    # Smoothed, PyTorch sums a row before it weighs the sum, and overflows sooner than it must.
    rows = rows[~((rows.abs() > 1e38) & rows.isfinite()).any(1)]
    classes = torch.arange(len(rows)) % 3
    soft = torch.tensor([0.25, 0.75, 0.0]).expand(len(rows), -1).contiguous()
    class_weight = torch.tensor([0.5, 2.0, 1.0])
    choices = {"": {}, "_smooth": {"label_smoothing": 0.25}, "_weight": {"weight": class_weight}}
    for suffix, options in choices.items():
        for kind, target in (("cross_entropy", classes.float()), ("cross_entropy_soft", soft)):

            def none(x, target, kind=kind, options=options):
                target = target.long() if kind == "cross_entropy" else target
                return F.cross_entropy(x, target, reduction="none", **options)

            wanted = ["x"] if kind == "cross_entropy" else ["x", "target"]
            inputs = {"x": rows, "target": target, "weights": [1.5]}
            cases.add(f"{kind}{suffix}_none", inputs, differentiated(none, wanted))
    nll = differentiated(lambda x, target: F.nll_loss(x, target.long(), reduction="none"), ["x"])
    inputs = {"x": rows, "target": classes.float(), "weights": [1.5]}
    cases.add("nll_none", inputs, nll)
    mean = differentiated(lambda x, target: F.cross_entropy(x, target.long()), ["x"])
    inputs = {"x": [[0.5, NAN], [0.5, 1.0]], "target": [0.0, 1.0], "weights": 1.0}
    cases.add("cross_entropy_mean", inputs, mean)
    cases.save("special_losses")


def layers():
    cases = Cases()
    # Where the sum of squares overflows, PyTorch's answer depends on how many values its vectors have: NaN or 0.
    small = V[~(V.abs() > 1e20) | ~V.isfinite()]
    rows = torch.stack([small, *(torch.full_like(small, value) for value in (0.5, -1.0, 2.0))], 1)
    weight, bias = torch.tensor([1.5, -0.5, 2.0, 1.0]), torch.tensor([0.1, 0.2, 0.3, 0.4])
    norm = differentiated(lambda x, weight, bias: F.layer_norm(x, [4], weight, bias))
    cases.add("layer_norm", {"x": rows, "weight": weight, "bias": bias, "weights": [1.5, 0.5, 1.0, -2.0]}, norm)
    wide = differentiated(lambda x, weight, bias: F.layer_norm(x, [N], weight, bias))
    x = torch.randn(2, N, generator=torch.Generator().manual_seed(1))
    cases.add("layer_norm_weight", {"x": x, "weight": V, "bias": torch.zeros(N), "weights": [1.5]}, wide)
    table = torch.stack([V, torch.full([N], 0.5)], 1)
    indices = torch.arange(N).flip(0).float()
    embedding = differentiated(lambda x, weight: F.embedding(x.long(), weight), ["weight"])
    cases.add("embedding", {"x": indices, "weight": table, "weights": table}, embedding)
    cases.save("special_layers")


def main():
    torch.set_num_threads(1)
    for make in (pointwise, reductions, products, losses, layers):
        make()
    special_recurrent.main()
    special_updates.main()
