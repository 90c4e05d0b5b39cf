#!/usr/bin/env python3
"""Makes test/goldens/*.safetensors and random.json: what PyTorch computes, for the tests to hold this library against.

Inputs and weights are float32 values. PyTorch works on exactly these in float64, on the CPU, so that its own rounding
plays no part. Run from the repository root: `python3 tools/make_goldens.py` (needs PyTorch 1.13 or later and numpy).
"""

import json
import pathlib

import numpy as np
import torch

import safetensors_file

OUT = pathlib.Path("test/goldens")

# (input, hidden, time, batch, layers, bias, initial state, batch_first). Every pair of values of two of these
# occurs, except 130 hidden units with 3 layers or 33 inputs, which would take the most room.
LSTM_CASES = [
    (1, 1, 1, 1, 1, 1, 0, 0),
    (1, 1, 1, 3, 2, 0, 1, 0),
    (1, 3, 100, 64, 2, 1, 0, 0),
    (1, 7, 17, 64, 3, 1, 1, 0),
    (1, 33, 2, 3, 3, 1, 1, 0),
    (1, 50, 1, 1, 1, 1, 0, 1),
    (1, 50, 17, 64, 1, 1, 0, 1),
    (1, 65, 1, 1, 1, 0, 0, 1),
    (1, 65, 1, 1, 3, 1, 1, 1),
    (1, 130, 1, 64, 1, 0, 1, 1),
    (1, 130, 2, 3, 2, 1, 0, 0),
    (3, 1, 1, 64, 1, 0, 0, 1),
    (3, 3, 2, 1, 3, 0, 0, 1),
    (3, 7, 2, 64, 1, 1, 1, 0),
    (3, 33, 100, 1, 2, 0, 1, 1),
    (3, 50, 100, 1, 2, 0, 1, 0),
    (3, 65, 17, 3, 1, 1, 0, 0),
    (3, 130, 100, 1, 1, 1, 0, 0),
    (7, 1, 100, 1, 3, 0, 0, 0),
    (7, 3, 2, 64, 2, 1, 1, 0),
    (7, 7, 100, 1, 3, 1, 0, 1),
    (7, 33, 17, 1, 1, 1, 0, 0),
    (7, 50, 1, 64, 3, 1, 1, 1),
    (7, 65, 1, 1, 1, 0, 0, 0),
    (7, 130, 17, 3, 1, 0, 1, 1),
    (33, 1, 17, 1, 3, 1, 1, 1),
    (33, 3, 1, 1, 1, 0, 1, 1),
    (33, 7, 100, 3, 2, 1, 0, 1),
    (33, 33, 1, 64, 2, 0, 1, 0),
    (33, 50, 17, 3, 2, 1, 0, 0),
    (33, 65, 2, 64, 1, 1, 1, 1),
    (64, 1, 2, 3, 3, 1, 0, 1),
    (64, 3, 17, 3, 1, 0, 1, 1),
    (64, 7, 1, 64, 3, 0, 1, 0),
    (64, 33, 1, 1, 1, 1, 0, 1),
    (64, 50, 2, 64, 1, 1, 1, 1),
    (64, 65, 100, 1, 2, 0, 0, 0),
    (64, 130, 17, 1, 1, 0, 1, 0),
]
# Results of a case with more values than this are stored as float32.
MAX_FLOAT64_VALUES = 12_000


def draw(generator, *shape, scale=1.0):
    """Normal float32 values, as a float64 tensor."""
    return (torch.randn(*shape, generator=generator) * scale).double()


def save(name, op, options, inputs, results, wide=True):
    metadata = {"op": op, "name": name, "torch": torch.__version__}
    metadata.update({key: value if isinstance(value, str) else json.dumps(value) for key, value in options.items()})
    tensors = {key: value.detach().numpy().astype(np.float32) for key, value in inputs.items()}
    for key, value in inputs.items():
        assert np.array_equal(tensors[key].astype(np.float64), value.detach().numpy()), f"{name}: {key} is no float32"
    result_type = np.float64 if wide else np.float32
    tensors.update({key: value.detach().numpy().astype(result_type) for key, value in results.items()})
    safetensors_file.save(OUT / f"{name}.safetensors", tensors, metadata)


def lstm_case(seed, input_size, hidden_size, seq_len, batch, num_layers, bias, initial_state, batch_first, **extra):
    unbatched = extra.get("unbatched", False)
    weight_scale = extra.get("weight_scale", 1.0)
    generator = torch.Generator().manual_seed(seed)
    lstm = torch.nn.LSTM(
        input_size, hidden_size, num_layers, bias=bool(bias), batch_first=bool(batch_first), dtype=torch.float64
    )
    bound = weight_scale / hidden_size**0.5
    with torch.no_grad():
        for parameter in lstm.parameters():
            values = torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator)
            parameter.copy_(values)
    n = () if unbatched else (batch,)
    sequence = n + (seq_len,) if batch_first else (seq_len,) + n
    inputs = {"x": draw(generator, *sequence, input_size).requires_grad_()}
    state = None
    if initial_state:
        inputs["h0"] = draw(generator, num_layers, *n, hidden_size, scale=0.5).requires_grad_()
        inputs["c0"] = draw(generator, num_layers, *n, hidden_size).requires_grad_()
        state = (inputs["h0"], inputs["c0"])
    targets = {
        "target_output": draw(generator, *sequence, hidden_size),
        "target_h": draw(generator, num_layers, *n, hidden_size),
        "target_c": draw(generator, num_layers, *n, hidden_size),
    }
    output, (h_n, c_n) = lstm(inputs["x"], state)
    mse = torch.nn.functional.mse_loss
    loss = mse(output, targets["target_output"]) + mse(h_n, targets["target_h"]) + mse(c_n, targets["target_c"])
    loss.backward()
    parameters = dict(lstm.named_parameters())
    results = {"out.output": output, "out.h_n": h_n, "out.c_n": c_n, "loss": loss}
    results.update({f"grad.{key}": value.grad for key, value in {**inputs, **parameters}.items()})
    name = extra.get("name") or (
        f"lstm_i{input_size}_h{hidden_size}_t{seq_len}_b{batch}_l{num_layers}"
        + ("" if bias else "_nobias")
        + ("_state" if initial_state else "")
        + ("_batchfirst" if batch_first else "")
    )
    options = {
        "input_size": input_size,
        "hidden_size": hidden_size,
        "seq_len": seq_len,
        "batch": batch,
        "num_layers": num_layers,
        "bias": bool(bias),
        "batch_first": bool(batch_first),
        "initial_state": bool(initial_state),
        "unbatched": unbatched,
    }
    wide = sum(value.numel() for value in results.values()) <= MAX_FLOAT64_VALUES
    stored = {**inputs, **targets, **{f"param.{key}": value for key, value in parameters.items()}}
    save(name, "lstm", options, stored, results, wide)


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


def mse_case(seed, shape, reduction):
    generator = torch.Generator().manual_seed(seed)
    x = draw(generator, *shape).requires_grad_()
    target = draw(generator, *shape).requires_grad_()
    loss = torch.nn.functional.mse_loss(x, target, reduction=reduction)
    loss.backward()
    name = f"mse_{reduction}_{'x'.join(map(str, shape))}"
    results = {"loss": loss, "grad.x": x.grad, "grad.target": target.grad}
    save(name, "mse", {"reduction": reduction}, {"x": x, "target": target}, results)


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


def bits(tensor):
    """float32 values as 8 hexadecimal digits each, in one string."""
    return "".join(f"{word:08x}" for word in tensor.detach().numpy().astype(np.float32).view(np.uint32).reshape(-1))


def random_cases():
    seeds = []
    for seed in [0, 42, 2**40 + 7, -3, 2**64 - 1]:
        # One stream through all kinds of draws: each starts where the one before left off.
        torch.manual_seed(seed)
        draws = []
        for size in [1, 2, 15, 16, 17, 31, 32, 100, 1000]:
            for features in [50, 20, 7, 1]:
                bound = 1 / features**0.5
                values = torch.empty(size).uniform_(-bound, bound)
                draws.append({"kind": "uniform", "from": -bound, "to": bound, "values": bits(values)})
            draws.append({"kind": "normal", "mean": 0, "std": 1, "values": bits(torch.randn(size))})
            draws.append({"kind": "normal", "mean": 0.5, "std": 3, "values": bits(torch.empty(size).normal_(0.5, 3))})
            draws.append({"kind": "randperm", "values": torch.randperm(size).tolist()})
            draws.append({"kind": "int64", "value": str(torch.empty((), dtype=torch.int64).random_().item())})
        seeds.append({"seed": str(seed), "draws": draws})

    def weights(*modules):
        return [
            {"name": f"{prefix}.{name}", "shape": list(parameter.shape), "values": bits(parameter)}
            for prefix, module in modules
            for name, parameter in module.named_parameters()
        ]

    models = {}
    torch.manual_seed(0)
    models["lstm_1_50"] = weights(("lstm", torch.nn.LSTM(1, 50)))
    torch.manual_seed(0)
    models["lstm_10_20_2_linear_20_1"] = weights(("lstm", torch.nn.LSTM(10, 20, 2)), ("fc", torch.nn.Linear(20, 1)))

    loaders = []
    for seed, size, batch_size, drop_last in [(0, 10, 3, False), (7, 12, 4, False), (123, 100, 32, True)]:
        loader = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(torch.arange(size)),
            batch_size=batch_size,
            shuffle=True,
            drop_last=drop_last,
            generator=torch.Generator().manual_seed(seed),
        )
        epochs = [[batch.tolist() for (batch,) in loader] for _ in range(2)]
        loaders.append(
            {"seed": seed, "size": size, "batchSize": batch_size, "dropLast": drop_last, "epochs": epochs}
        )
    result = {"torch": torch.__version__, "seeds": seeds, "models": models, "dataloader": loaders}
    (OUT / "random.json").write_text(json.dumps(result, indent=0) + "\n")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.safetensors"):
        old.unlink()
    for seed, case in enumerate(LSTM_CASES):
        lstm_case(seed, *case)
    lstm_case(100, 3, 7, 17, 1, 2, 1, 1, 0, unbatched=True, name="lstm_unbatched_state")
    lstm_case(101, 3, 7, 17, 1, 1, 1, 0, 1, unbatched=True, name="lstm_unbatched_batchfirst")
    # Gates far beyond where float32 tells sigmoid and tanh from their limits.
    lstm_case(102, 3, 7, 17, 3, 2, 1, 1, 0, weight_scale=100.0, name="lstm_saturated")
    linear_case(200, (1, 1), 1, True)
    linear_case(201, (5, 3), 7, True)
    linear_case(202, (65, 33), 65, False)
    linear_case(203, (4, 6, 33), 1, True)
    linear_case(204, (3, 17, 50), 7, False)
    linear_case(205, (2, 100, 130), 33, True)
    for reduction in ["mean", "sum"]:
        mse_case(300, (1,), reduction)
        mse_case(301, (64, 1), reduction)
        mse_case(302, (3, 17, 33), reduction)
    adam_case(400, "default", [1e-3] * 20)
    adam_case(401, "weight_decay", [1e-2] * 20, weight_decay=0.1)
    adam_case(402, "betas_eps", [3e-3] * 20, betas=(0.5, 0.7), eps=1e-3)
    adam_case(403, "lr_change", [1e-2] * 10 + [1e-4] * 10)
    random_cases()
    files = sorted(OUT.glob("*"))
    print(f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
