"""torch.nn.LSTM: outputs, states, loss and every gradient over the grid of options and sizes."""

import torch

from .common import draw, save

OPS = ["lstm"]

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
    stored = {**inputs, **targets, **{f"param.{key}": value for key, value in parameters.items()}}
    save(name, "lstm", options, stored, results)


def main():
    for seed, case in enumerate(LSTM_CASES):
        lstm_case(seed, *case)
    lstm_case(100, 3, 7, 17, 1, 2, 1, 1, 0, unbatched=True, name="lstm_unbatched_state")
    lstm_case(101, 3, 7, 17, 1, 1, 1, 0, 1, unbatched=True, name="lstm_unbatched_batchfirst")
    # Gates far beyond where float32 tells sigmoid and tanh from their limits.
    lstm_case(102, 3, 7, 17, 3, 2, 1, 1, 0, weight_scale=100.0, name="lstm_saturated")
