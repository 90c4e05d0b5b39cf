"""Functions of tensors beyond those of ops.py, as PyTorch 2.x computes them: cases and files as there.

Files `penalty_…`: recurrent layers whose parameters are in other ops too.

Also what they make of NaN, infinities, zeros and kinks, as special_values.py has it: files `unusual_…`.
"""

import torch
from torch.nn import functional as F

from .common import save
from .ops import values
from .special_cases import INF, NAN, Cases, V, differentiated, pairs

OPS = ["function", "unusual", "penalty"]

POINTWISE = {
    "abs": torch.abs,
    "sign": torch.sign,
    "square": torch.square,
    "erf": torch.erf,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "round": torch.round,
    "trunc": torch.trunc,
    "sin": torch.sin,
    "cos": torch.cos,
    "expm1": torch.expm1,
    "clamp": lambda x: x.clamp(-0.5, 0.75),
    "clamp_min": lambda x: x.clamp(min=0.25),
    "clamp_max": lambda x: x.clamp(max=-0.25),
    "pow_three": lambda x: x**3,
    "pow_zero": lambda x: x**0,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "elu": lambda x: F.elu(x, 1.5),
    "softplus": F.softplus,
    "softplus_sharp": lambda x: F.softplus(x, 3, 2),
    "hardsigmoid": F.hardsigmoid,
    "hardtanh": lambda x: F.hardtanh(x, -0.5, 1.25),
    "hardswish": F.hardswish,
}
# Defined for positive numbers alone.
POSITIVE = {
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "reciprocal": torch.reciprocal,
    "log1p": torch.log1p,
    "pow_fraction": lambda x: x**2.7,
    "pow_negative": lambda x: x**-1.5,
    "pow_large": lambda x: x**11.25,
}


def both(function):
    """Of values from -1 to 1 and of larger ones: small and large results have budgets of their own."""
    return {"": (function, [(3, 7)]), "_far": (lambda x: function(x * 6), [(33,)])}


def cases_of(functions):
    return {f"{name}{suffix}": case for name, function in functions.items() for suffix, case in both(function).items()}


ZERO = torch.tensor(0)
# Of a tensor without dimensions, whose dims 0 and -1 PyTorch takes.
SCALAR_DIMS = [
    lambda x: x.sum(0),
    lambda x: x.sum((-1,), keepdim=True),
    lambda x: x.mean(-1),
    lambda x: x.amax(0),
    lambda x: x.amin((-1,), keepdim=True),
    lambda x: x.max(0).values,
    lambda x: x.min(-1, keepdim=True).indices.double(),
    lambda x: x.argmax(-1, keepdim=True).double(),
    lambda x: x.topk(1, 0).values,
    lambda x: x.prod(-1),
    lambda x: x.cumsum(0),
    lambda x: x.var(0, correction=-1),
    lambda x: x.std(-1, correction=0),
    lambda x: x.softmax(0),
    lambda x: x.log_softmax(-1),
    lambda x: x.transpose(0, -1),
    lambda x: x.squeeze(0),
    lambda x: x.flatten(0, -1)[0],
    lambda x: x.gather(-1, ZERO),
    lambda x: x.gather(0, torch.tensor([0, 0])).sum(),
    lambda x: x.index_select(0, ZERO.reshape(1)),
    lambda x: F.cosine_similarity(x, x + 1, -1),
]

# By file, then by case: the function, and the shapes of its inputs.
CASES = {
    "pointwise": cases_of(POINTWISE)
    | {name: (lambda x, f=function: f(x * x + 0.1), [(5, 13)]) for name, function in POSITIVE.items()}
    | {
        "sin_huge": (lambda x: torch.sin(x * 65536), [(65,)]),
        "cos_huge": (lambda x: torch.cos(x * 65536), [(65,)]),
        "log1p_small": (lambda x: torch.log1p(x / 8), [(33,)]),
        "expm1_small": (lambda x: torch.expm1(x / 1024), [(33,)]),
    },
    "binary": {
        "maximum": (torch.maximum, [(3, 1, 5), (4, 1)]),
        "minimum": (torch.minimum, [(33,), (2, 7, 33)]),
        "maximum_ties": (lambda a, b: torch.maximum(a.clamp(0, 1), b.clamp(0, 1)), [(65,), (65,)]),
        "pow_tensor": (lambda a, b: (a * a + 0.1) ** b, [(3, 7), (7,)]),
        "pow_whole": (lambda a, b: a ** (b * 2).round().detach(), [(33,), (33,)]),
        "eq": (lambda a, b: (a > 0).eq(b > 0).double(), [(3, 1, 5), (4, 1)]),
        "ne": (lambda a, b: (a > 0).ne(b > 0).double(), [(3, 5), (5,)]),
        "lt": (lambda a, b: (a < b).double(), [(3, 1, 5), (4, 1)]),
        "le": (lambda a, b: (a <= b).double(), [(33,), (33,)]),
        "gt": (lambda a, b: (a > b).double(), [(33,), (2, 33)]),
        "ge": (lambda a, b: (a >= b).double(), [(33,), ()]),
        "lt_number": (lambda a: (a < 0.25).double(), [(130,)]),
        "where": (lambda c, a, b: torch.where(c > 0, a, b), [(3, 1, 5), (4, 1), (1, 1, 5)]),
        "where_numbers": (lambda c, a: torch.where(c > 0, a, 2.5) + torch.where(c > 0, -1.5, a), [(3, 7), (7,)]),
        "masked_fill": (lambda m, x: x.masked_fill(m > 0, -2.5), [(5, 1), (3, 5, 7)]),
        "masked_softmax": (lambda m, x: x.masked_fill(m > 1, -INF).softmax(-1), [(5, 7), (3, 5, 7)]),
    },
    "reductions": {
        "amax": (lambda x: x.amax(), [(3, 5)]),
        "amax_last": (lambda x: x.amax(-1), [(5, 130)]),
        "amax_outer": (lambda x: x.amax((0, 2)), [(3, 5, 7)]),
        "amax_keepdim": (lambda x: x.amax((-1, 0), keepdim=True), [(3, 5, 2)]),
        "amax_ties": (lambda x: x.round().detach().add(x * 0).amax(1), [(3, 33)]),
        "amax_long": (lambda x: x.amax(), [(3, 250)]),
        "amin_first": (lambda x: x.amin(0), [(65, 3)]),
        "amin_middle": (lambda x: x.amin(1), [(2, 7, 3)]),
        "max": (lambda x: x.max(), [(7, 33)]),
        "min": (lambda x: x.min(), [(33,)]),
        "max_values": (lambda x: x.max(1).values, [(3, 7, 2)]),
        "max_indices": (lambda x: x.max(-2, keepdim=True).indices.double(), [(3, 7, 2)]),
        "max_ties": (lambda x: x.round().detach().add(x * 0).max(1).values, [(3, 33)]),
        "min_values": (lambda x: x.min(0).values, [(33, 3)]),
        "argmax": (lambda x: x.argmax().double(), [(5, 7)]),
        "argmax_last": (lambda x: x.argmax(-1).double(), [(5, 130)]),
        "argmax_long": (lambda x: x.argmax(1).double(), [(2, 1100)]),
        "argmin_first": (lambda x: x.argmin(0, keepdim=True).double(), [(33, 3)]),
        "topk_values": (lambda x: x.topk(3).values, [(5, 33)]),
        "topk_indices": (lambda x: x.topk(3).indices.double(), [(5, 33)]),
        "topk_smallest": (lambda x: x.topk(4, 0, largest=False).values, [(7, 2, 3)]),
        "prod": (lambda x: x.prod(), [(3, 5)]),
        "prod_middle": (lambda x: x.prod(1), [(2, 7, 3)]),
        "prod_keepdim": (lambda x: x.prod(-1, keepdim=True), [(3, 5)]),
        "prod_zero": (lambda x: (x * torch.tensor([1.0, 0.0, 1.0, 1.0])).prod(1), [(3, 4)]),
        "prod_long": (lambda x: (1 + x / 64).prod(0), [(300, 3)]),
        "cumsum": (lambda x: x.cumsum(1), [(2, 7, 3)]),
        "cumsum_long": (lambda x: x.cumsum(-1), [(3, 130)]),
        "var": (lambda x: x.var(), [(3, 5)]),
        "var_last": (lambda x: x.var(-1), [(5, 130)]),
        "var_outer": (lambda x: x.var((0, 2), correction=0, keepdim=True), [(3, 5, 7)]),
        "std": (lambda x: x.std(), [(33,)]),
        "std_first": (lambda x: x.std(0), [(65, 3)]),
        "std_correction": (lambda x: x.std((1, 2), correction=2), [(3, 5, 2)]),
        "std_more_degrees": (lambda x: x.std(1, correction=-1.5), [(3, 5)]),
        "scalar_dims": (lambda x: torch.stack([function(x) for function in SCALAR_DIMS]), [()]),
        "scalar_index": (lambda x: torch.cat([x.gather(0, ZERO).reshape(1), x.index_select(-1, ZERO)]), [(3,)]),
    },
    "losses": {
        "gaussian": (lambda x, y, v: F.gaussian_nll_loss(x, y, v * v), [(5, 7)] * 3),
        "gaussian_full": (lambda x, y, v: F.gaussian_nll_loss(x, y, v * v, full=True, reduction="sum"), [(3, 7)] * 3),
        "gaussian_rows": (
            lambda x, y, v: F.gaussian_nll_loss(x, y, v * v, eps=0.25, reduction="none"),
            [(5, 3), (5, 3), (5,)],
        ),
        "gaussian_ones": (lambda x, y, v: F.gaussian_nll_loss(x, y, v * v + 0.1), [(2, 5, 3), (2, 5, 3), (2, 5, 1)]),
        "kl": (lambda x, y: F.kl_div(x.log_softmax(1), y.softmax(1), reduction="mean"), [(5, 7), (5, 7)]),
        "kl_sum": (lambda x, y: F.kl_div(x.log_softmax(1), y.softmax(1), reduction="sum"), [(3, 7), (3, 7)]),
        "kl_none": (lambda x, y: F.kl_div(x, y.softmax(-1), reduction="none"), [(3, 2, 7), (3, 2, 7)]),
        "kl_batchmean": (lambda x, y: F.kl_div(x.log_softmax(1), y.softmax(1), reduction="batchmean"), [(5, 7)] * 2),
        "kl_log": (
            lambda x, y: F.kl_div(x.log_softmax(1), y.log_softmax(1), reduction="batchmean", log_target=True),
            [(5, 7), (5, 7)],
        ),
        "kl_zero": (
            lambda x: F.kl_div(x, torch.tensor([[0.5, 0.0, 0.5], [0.0, 0.0, 1.0]]).double(), reduction="none"),
            [(2, 3)],
        ),
        "cosine": (lambda a, b: F.cosine_similarity(a, b), [(5, 7), (5, 7)]),
        "cosine_first": (lambda a, b: F.cosine_similarity(a, b, dim=0), [(33, 3), (33, 3)]),
        "cosine_broadcast": (lambda a, b: F.cosine_similarity(a, b, dim=-1), [(3, 1, 7), (4, 7)]),
        "cosine_eps": (lambda a, b: F.cosine_similarity(a, b * 1e-3, dim=1, eps=0.5), [(5, 7), (5, 7)]),
        "cosine_zero": (lambda a, b: F.cosine_similarity(a * 0, b, dim=1), [(2, 3), (2, 3)]),
    },
    "indexing": {
        "gather": (lambda x: x.gather(1, torch.tensor([[1, 1, 4], [0, 2, 2], [3, 3, 3]])), [(3, 5)]),
        "gather_first": (lambda x: x.gather(0, torch.tensor([[2, 0], [2, 1], [0, 0], [1, 2]])), [(3, 5)]),
        "gather_middle": (lambda x: x.gather(-2, torch.tensor([[[4, 0]], [[1, 4]]])), [(2, 5, 3)]),
        "index_select": (lambda x: x.index_select(0, torch.tensor([2, 0, 2, 1])), [(3, 5)]),
        "index_select_middle": (lambda x: x.index_select(1, torch.tensor([4, 4, 0])), [(2, 5, 3)]),
        "chunk": (lambda x: x.chunk(3, 1)[1], [(2, 7, 3)]),
        "chunk_last": (lambda x: x.chunk(3, 1)[2], [(2, 7, 3)]),
        "split": (lambda x: x.split(2)[3], [(7, 3)]),
        "split_sizes": (lambda x: x.split([1, 4, 2], -1)[1], [(3, 7)]),
        "unbind": (lambda x: x.unbind(1)[2], [(2, 5, 3)]),
        "view": (lambda x: x.view(6, -1), [(2, 3, 4)]),
        "one_hot": (lambda x: F.one_hot(torch.tensor([[0, 4], [2, 2]]), 5) * x, [(5,)]),
    },
}


def unusual_pointwise():
    """Every value, those at kinks, then every gradient at an ordinary place on either side of 0."""
    cases = Cases()
    kinks = torch.tensor([-3.0, -2.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 8388609.0, -1e6, 1e9, 1e-30, -1e-30])
    v = torch.cat([V, kinks])
    x = torch.stack([v, torch.full([len(v)], 0.5), torch.full([len(v)], -0.5)])
    weights = torch.stack([torch.full([len(v)], 1.5), v, v])
    more = {
        "clamp_one": lambda x: x.clamp(-1, 2),
        "clamp_zero": lambda x: x.clamp(min=0),
        "clamp_crossed": lambda x: x.clamp(2, -1),
        "hardtanh_one": lambda x: F.hardtanh(x, -1, 2),
        "pow_half": lambda x: x**0.5,
        "pow_two": lambda x: x**2,
        "pow_minus_one": lambda x: x**-1,
        "pow_minus_three": lambda x: x**-3,
    }
    # PyTorch's vectorized gelu gives NaN for infinity, its scalar one infinity.
    more["gelu"] = lambda x: torch.stack([F.gelu(value) for value in x.flatten()]).reshape(x.shape)
    for name, function in (POINTWISE | POSITIVE | more).items():
        cases.add(name, {"x": x, "weights": weights}, differentiated(function))
    cases.save("unusual_pointwise")


def unusual_binary():
    cases = Cases()
    a, b = pairs().T
    for name in ("maximum", "minimum"):
        cases.add(name, {"a": a, "b": b, "weights": [1.5]}, differentiated(getattr(torch, name)))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        compare = lambda inputs, name=name: {"out": getattr(torch, name)(inputs["a"], inputs["b"]).float()}
        cases.add(name, {"a": a, "b": b, "weights": [1.5]}, compare)
    condition, x = pairs().T
    both = differentiated(lambda c, x: torch.where(c != 0, x, 2 * x), ["x"])
    cases.add("where", {"condition": condition, "x": x, "weights": [1.5]}, both)
    fill = differentiated(lambda c, x: x.masked_fill(c.nan_to_num(nan=1) != 0, -INF), ["x"])
    cases.add("masked_fill", {"mask": condition, "x": x, "weights": [1.5]}, fill)
    # Rows of which all or none is masked.
    mask = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    rows = torch.tensor([[0.5, -1.0, 2.0]]).repeat(3, 1)
    masked = differentiated(lambda m, x: x.masked_fill(m != 0, -INF).softmax(1), ["x"])
    cases.add("masked_softmax", {"mask": mask, "x": rows, "weights": [[1.5, -0.5, 1.0]]}, masked)
    # Bases and exponents whose powers differ by little more than a rounding between implementations of pow.
    bases = torch.tensor([NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1e30, -1e30])
    exponents = torch.tensor([NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.0, 3.0, -3.0, 0.25, 1.5, -1.5, 1e9, -1e9])
    base, exponent = torch.cartesian_prod(bases, exponents).T
    cases.add("pow", {"a": base, "b": exponent, "weights": [1.5]}, differentiated(torch.pow))
    cases.save("unusual_binary")


def unusual_reductions():
    """Every pair of values in a row with a third."""
    cases = Cases()
    rows = pairs(0.5)
    weights = torch.tensor(1.5)
    functions = {
        "amax": lambda x: x.amax(1),
        "amin": lambda x: x.amin(1),
        "max": lambda x: x.max(1).values,
        "min": lambda x: x.min(1).values,
        "topk": lambda x: x.topk(2, 1).values,
        "topk_smallest": lambda x: x.topk(2, 1, largest=False).values,
        "cumsum": lambda x: x.cumsum(1),
    }
    for name, function in functions.items():
        cases.add(name, {"x": rows, "weights": [1.5]}, differentiated(function))
    for name in ("argmax", "argmin"):
        cases.add(name, {"x": rows, "weights": [1.5]}, lambda i, name=name: {"out": getattr(i["x"], name)(1).float()})
    whole = torch.tensor([0.5, NAN, 2.0, NAN, 2.0])
    for name in ("max", "min", "amax"):
        function = differentiated(lambda x, name=name: getattr(x, name)())
        cases.add(f"{name}_whole", {"x": whole, "weights": weights}, function)
    # PyTorch takes quotients if the whole tensor has no zero, here those of a row without one.
    products = {
        "prod": torch.tensor([[1, NAN, 2], [INF, 2, 3], [1e30, 1e30, 1e-30], [-2, 3, 0.5]]),
        "prod_zeros": torch.tensor([[0.0, 2, 3], [0, -0.0, 3], [NAN, 0, 2], [INF, 0, 2]]),
    }
    for name, x in products.items():
        cases.add(name, {"x": x, "weights": weights}, differentiated(lambda x: x.prod(1)))
    spread = torch.tensor([[1.0, 1, 1], [0, 1e-15, 0], [NAN, 1, 2], [INF, 1, 2], [3, 4, 5]])
    for name in ("std", "var"):
        cases.add(name, {"x": spread, "weights": weights}, differentiated(lambda x, n=name: getattr(x, n)(1)))
        one = differentiated(lambda x, n=name: getattr(x, n)(1))
        cases.add(f"{name}_one", {"x": [[1.0], [2.0]], "weights": weights}, one)
        for at, correction in (("at", 3), ("beyond", 4.5)):
            divided = differentiated(lambda x, n=name, c=correction: getattr(x, n)(1, correction=c))
            cases.add(f"{name}_{at}_count", {"x": spread, "weights": weights}, divided)
            # PyTorch has a gradient of its own for the whole tensor. Two elements equal the mean.
            whole = differentiated(lambda x, n=name, c=correction: getattr(x, n)(correction=c + 1))
            cases.add(f"{name}_{at}_count_whole", {"x": [1.0, 2, 2, 3], "weights": -weights}, whole)
        infinite = differentiated(lambda x, n=name: getattr(x, n)(correction=4))
        cases.add(f"{name}_infinite_whole", {"x": [1.0, INF, 2, 3], "weights": weights}, infinite)
        scalar = differentiated(lambda x, n=name: getattr(x, n)(0))
        cases.add(f"{name}_scalar", {"x": 2.5, "weights": weights}, scalar)
        cases.add(f"{name}_scalar_nan", {"x": NAN, "weights": weights}, scalar)
    mixed = [[0.0, 2, 3], [NAN, 2, 3], [NAN, 0, 0], [0, NAN, 0], [INF, 2, 3], [1e30, 1e30, 1e-30], [-0.0, -2, 3]]
    cases.add("prod_mixed", {"x": mixed, "weights": weights}, differentiated(lambda x: x.prod(1)))
    for name, x in {"one": [NAN, 0, 3], "two": [NAN, 0, 0, 3], "infinite": [0, INF, 0], "scalar": NAN}.items():
        cases.add(f"prod_whole_{name}", {"x": x, "weights": weights}, differentiated(lambda x: x.prod()))
    cases.save("unusual_reductions")


def penalties():
    """Recurrent parameters in penalties, and tied to a decoder: gradients, and the parameters after three steps of SGD."""
    layers = {
        "lstm": torch.nn.LSTM(3, 5),
        "gru": torch.nn.GRU(3, 5),
        "rnn": torch.nn.RNN(3, 5),
        "proj": torch.nn.LSTM(3, 5, proj_size=2),
    }
    generator = torch.Generator().manual_seed(950)
    for name, layer in layers.items():
        layer = layer.double()
        x = values(generator, (4, 2, 3))
        inputs = {"x": x}
        for key, parameter in layer.named_parameters():
            parameter.data = values(generator, parameter.shape) / 2
            parameter.data = parameter.data.float().double()
            inputs[f"param.{key}"] = parameter.data.clone()

        def loss():
            output, _ = layer(x)
            weight = layer.weight_hh_l0
            decoded = output @ layer.weight_ih_l0[: output.shape[2]]
            l1 = sum(parameter.abs().sum() for parameter in layer.parameters())
            orthogonality = (weight.T @ weight - torch.eye(weight.shape[1])).square().sum()
            return (decoded - x).square().mean() + 0.01 * l1 + 0.02 * orthogonality

        optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
        results, losses = {}, []
        for step in range(3):
            optimizer.zero_grad()
            losses.append(loss())
            losses[-1].backward()
            if step == 0:
                results.update({f"grad.{key}": p.grad.clone() for key, p in layer.named_parameters()})
            optimizer.step()
        results["losses"] = torch.stack(losses)
        results.update({f"final.{key}": p.data.clone() for key, p in layer.named_parameters()})
        save(f"penalty_{name}", "penalty", {}, inputs, results)


def main():
    torch.set_num_threads(1)
    for seed, (file, cases) in enumerate(CASES.items()):
        generator = torch.Generator().manual_seed(900 + seed)
        inputs, results = {}, {}
        for name, (function, shapes) in cases.items():
            tensors = [values(generator, shape).requires_grad_() for shape in shapes]
            out = function(*tensors)
            weights = values(generator, out.shape)
            if out.requires_grad:
                (out * weights).sum().backward()
            inputs.update({f"{name}:{i}": tensor for i, tensor in enumerate(tensors)})
            inputs[f"{name}:weights"] = weights
            results[f"{name}:out"] = out
            results.update({f"{name}:grad.{i}": t.grad for i, t in enumerate(tensors) if t.grad is not None})
        save(f"function_{file}", "function", {"cases": list(cases)}, inputs, results)
    unusual_pointwise()
    unusual_binary()
    unusual_reductions()
    penalties()
