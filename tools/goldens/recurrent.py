"""torch.nn.LSTM, GRU and RNN over all their options: outputs, states, loss and every gradient; and initial weights.

Every pair of values of two options occurs, except those that would take much room. Parameters and inputs are not stored: the
tests draw them again from the same seed (`torch.Tensor.uniform_`, bit for bit), in the order of `draws`.
"""

import itertools
import json

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .common import OUT, budget_used, save
from .random_stream import bits

OPS = ["recurrent"]

OPTIONS = {
    "kind": ["lstm", "proj", "gru", "rnn", "relu"],
    "layers": [1, 2, 3],
    "bias": [True, False],
    "batch_first": [False, True],
    "bidirectional": [False, True],
    "state": [False, True],
    "lengths": [None, "sorted", "unsorted"],
    "input": [1, 3, 7, 33],
    "hidden": [1, 3, 7, 33, 65],
    "time": [1, 2, 17],
    "batch": [1, 3, 37],
}


def possible(case):
    """Whether a case, or the part of one that is chosen so far, makes sense and is small enough."""
    hidden, layers = case.get("hidden"), case.get("layers")
    if case.get("kind") == "proj" and hidden == 1:
        return False
    if hidden == 65 and (layers == 3 or case.get("input") == 33):
        return False
    if hidden == 33 and layers == 3 and case.get("bidirectional"):
        return False
    wide = hidden in (33, 65) or case.get("bidirectional")
    return not (wide and case.get("time") == 17 and case.get("batch") == 37)


def pairwise():
    """Cases in which every possible pair of values of two options occurs, chosen greedily."""
    names = list(OPTIONS)
    missing = {
        frozenset([(a, x), (b, y)])
        for a, b in itertools.combinations(names, 2)
        for x in OPTIONS[a]
        for y in OPTIONS[b]
        if possible({a: x, b: y})
    }
    cases = []
    generator = torch.Generator().manual_seed(3)
    while missing:
        best, best_count = None, -1
        for _ in range(40):
            seed_pair = sorted(missing, key=lambda pair: sorted(map(str, pair)))[int(torch.randint(len(missing), (), generator=generator))]
            case = dict(sorted(seed_pair, key=str))
            order = [names[i] for i in torch.randperm(len(names), generator=generator)]
            for name in order:
                if name in case:
                    continue
                choices = [value for value in OPTIONS[name] if possible({**case, name: value})]
                if not choices:
                    case = None
                    break
                gains = [
                    sum(frozenset([(name, value), other]) in missing for other in case.items()) for value in choices
                ]
                case[name] = choices[gains.index(max(gains))]
            if case is None:
                continue
            count = sum(frozenset(pair) in missing for pair in itertools.combinations(case.items(), 2))
            if count > best_count:
                best, best_count = case, count
        cases.append(best)
        missing -= {frozenset(pair) for pair in itertools.combinations(best.items(), 2)}
    return cases


class Draws:
    """Uniform float32 values from one generator, as float64 tensors."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, *shape, bound):
        return torch.empty(shape).uniform_(-bound, bound, generator=self.generator).double()


def make_lengths(seed, kind, batch, time):
    generator = torch.Generator().manual_seed(1000 + seed)
    lengths = torch.randint(1, time + 1, (batch,), generator=generator)
    if kind == "sorted":
        lengths = lengths.sort(descending=True).values
    return lengths.tolist()


def make_module(case, projection, dtype):
    kind = case["kind"]
    options = {
        "num_layers": case["layers"],
        "bias": case["bias"],
        "batch_first": case["batch_first"],
        "bidirectional": case["bidirectional"],
        "dtype": dtype,
    }
    if kind in ("lstm", "proj"):
        return torch.nn.LSTM(case["input"], case["hidden"], proj_size=projection, **options)
    if kind == "gru":
        return torch.nn.GRU(case["input"], case["hidden"], **options)
    nonlinearity = "tanh" if kind == "rnn" else "relu"
    return torch.nn.RNN(case["input"], case["hidden"], nonlinearity=nonlinearity, **options)


def run(case, module, parameters, inputs, targets, lengths):
    """Outputs, states, loss and gradients, computed in the module's type."""
    dtype = next(module.parameters()).dtype
    with torch.no_grad():
        for parameter, values in zip(module.parameters(), parameters):
            parameter.copy_(values)
    inputs = {key: value.to(dtype, copy=True).requires_grad_() for key, value in inputs.items()}
    targets = {key: value.to(dtype) for key, value in targets.items()}
    has_cell = isinstance(module, torch.nn.LSTM)
    state = inputs.get("h0")
    if "c0" in inputs:
        state = (inputs["h0"], inputs["c0"])
    given = inputs["x"]
    if lengths:
        enforce_sorted = case["lengths"] == "sorted"
        given = pack_padded_sequence(given, lengths, batch_first=case["batch_first"], enforce_sorted=enforce_sorted)
    output, last = module(given, state)
    if lengths:
        output, _ = pad_packed_sequence(output, batch_first=case["batch_first"], total_length=case["time"])
    mse = torch.nn.functional.mse_loss
    results = {"out.output": output}
    loss = mse(output, targets["target_output"])
    for letter, value in zip("hc", last if has_cell else (last,)):
        results[f"out.{letter}_n"] = value
        loss = loss + mse(value, targets[f"target_{letter}"])
    loss.backward()
    results["loss"] = loss
    results.update({f"grad.{key}": value.grad for key, value in inputs.items()})
    results.update({f"grad.{key}": value.grad for key, value in module.named_parameters()})
    return results


def float32_share(case, projection, parameters, inputs, targets, lengths, results, runs=16):
    """The largest share of the budget that PyTorch's own float32 uses when every number it starts from may be one rounding off."""
    generator = torch.Generator().manual_seed(0)

    def moved(value):
        steps = torch.randint(-1, 2, value.shape, generator=generator).float()
        return torch.nextafter(value.detach().float(), steps * torch.inf).where(steps != 0, value.detach().float())

    module = make_module(case, projection, torch.float32)
    largest = 0.0
    for _ in range(runs):
        module.zero_grad()
        start = ([moved(value) for value in parameters], {key: moved(value) for key, value in inputs.items()})
        single = run(case, module, *start, targets, lengths)
        largest = max(largest, *(budget_used(single[key], value) for key, value in results.items()))
    return largest


def recurrent_case(seed, case, name=None, weight_scale=1.0, unbatched=False):
    kind, layers, hidden, time, batch = (case[key] for key in ("kind", "layers", "hidden", "time", "batch"))
    projection = (hidden + 1) // 2 if kind == "proj" else 0
    has_cell = kind in ("lstm", "proj")
    module = make_module(case, projection, torch.float64)
    draw = Draws(seed)
    bound = weight_scale / hidden**0.5
    parameters = [draw(*parameter.shape, bound=bound) for parameter in module.parameters()]
    n = () if unbatched else (batch,)
    directions = 2 if case["bidirectional"] else 1
    states = (layers * directions, *n)
    sequence = (time,) if unbatched else ((batch, time) if case["batch_first"] else (time, batch))
    width = projection or hidden

    inputs = {"x": draw(*sequence, case["input"], bound=2)}
    if case["state"]:
        inputs["h0"] = draw(*states, width, bound=1)
        if has_cell:
            inputs["c0"] = draw(*states, hidden, bound=1)
    targets = {
        "target_output": draw(*sequence, directions * width, bound=1),
        "target_h": draw(*states, width, bound=1),
    }
    if has_cell:
        targets["target_c"] = draw(*states, hidden, bound=1)
    lengths = make_lengths(seed, case["lengths"], batch, time) if case["lengths"] else None
    results = run(case, module, parameters, inputs, targets, lengths)

    words = [kind, f"i{case['input']}", f"h{hidden}", f"t{time}", f"b{batch}", f"l{layers}"]
    words += [key for key in ("bidirectional", "state", "batch_first") if case[key]]
    words += [] if case["bias"] else ["nobias"]
    words += [case["lengths"]] if lengths else []
    stored = {
        "seed": seed,
        "kind": kind,
        "input_size": case["input"],
        "hidden_size": hidden,
        "proj_size": projection,
        "seq_len": time,
        "batch": batch,
        "num_layers": layers,
        "bias": case["bias"],
        "batch_first": case["batch_first"],
        "bidirectional": case["bidirectional"],
        "initial_state": case["state"],
        "lengths": lengths or [],
        "enforce_sorted": case["lengths"] == "sorted",
        "unbatched": unbatched,
        "weight_bound": bound,
    }
    if weight_scale != 1:
        stored["float32_share"] = float32_share(case, projection, parameters, inputs, targets, lengths, results)
        print(f"{name}: PyTorch's own float32 uses {stored['float32_share']:.1f} times the budget")
    save(name or "recurrent_" + "_".join(words), "recurrent", stored, {}, results)


def initial_weights():
    """Names, shapes and bits of the parameters that torch.manual_seed(0) gives."""
    nn = torch.nn
    makers = {
        "LSTM": lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True, proj_size=2),
        "GRU": lambda: nn.GRU(3, 4, num_layers=2, bidirectional=True),
        "RNN": lambda: nn.RNN(3, 4, num_layers=2, bias=False),
        "LSTMCell": lambda: nn.LSTMCell(3, 4),
        "GRUCell": lambda: nn.GRUCell(3, 4),
        "RNNCell": lambda: nn.RNNCell(3, 4, bias=False),
    }
    models = {}
    for name, make in makers.items():
        torch.manual_seed(0)
        state = make().state_dict()
        models[name] = [{"name": key, "shape": list(value.shape), "bits": bits(value)} for key, value in state.items()]
    (OUT / "recurrent_init.json").write_text(json.dumps(models, indent=0) + "\n")


def main():
    initial_weights()
    for seed, case in enumerate(pairwise()):
        recurrent_case(seed, case)
    base = {
        "layers": 2,
        "bias": True,
        "batch_first": False,
        "bidirectional": True,
        "state": True,
        "lengths": None,
        "input": 3,
        "hidden": 7,
        "time": 17,
        "batch": 3,
    }
    for index, kind in enumerate(["lstm", "proj", "gru", "rnn", "relu"]):
        case = {**base, "kind": kind}
        recurrent_case(500 + index, {**case, "batch": 1}, name=f"recurrent_{kind}_unbatched", unbatched=True)
        # A hidden size beyond the kernels' tiles.
        wide = {**case, "hidden": 130, "layers": 1, "bidirectional": False, "time": 5, "lengths": "unsorted"}
        recurrent_case(510 + index, wide, name=f"recurrent_{kind}_wide")
        # The options that meet in the recurrent part, in every combination.
        for bidirectional, state, lengths in itertools.product([False, True], [False, True], [None, "unsorted"]):
            small = {"input": 3, "hidden": 5, "time": 6, "batch": 4, "batch_first": True}
            chosen = {"bidirectional": bidirectional, "state": state, "lengths": lengths}
            seed = 600 + 10 * index + 4 * bidirectional + 2 * state + bool(lengths)
            recurrent_case(seed, {**case, **small, **chosen})
        if kind != "relu":
            # Gates far beyond where float32 tells sigmoid and tanh from their limits.
            saturated = {**case, "bidirectional": False}
            recurrent_case(520 + index, saturated, name=f"recurrent_{kind}_saturated", weight_scale=100.0)
