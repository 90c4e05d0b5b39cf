"""Whole training runs of 100 steps: the loss of every step in float64, and how far PyTorch's own float32 strays from it."""

import numpy as np
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .common import draw, save

OPS = ["training"]
STEPS = 100
# Orders of a batch's rows in which float32 is tried.
ORDERS = 8


def float32(values):
    return torch.as_tensor(np.asarray(values), dtype=torch.float32)


def run(name, model, data, optimizer, step):
    """
    Runs `step(model, data, carried)` and the optimizer 100 times from the same float32 weights and data: in float64, and in float32
    with the rows of each batch in several orders. The order changes nothing but the roundings of sums.
    """

    def train(dtype, order):
        model.load_state_dict(start)
        # The rows are the second dimension of all data: [batches, N, …].
        given = {key: value[:, order].to(dtype) for key, value in data.items()}
        network = model.to(dtype)
        update = optimizer["make"](network.parameters())
        losses, norms, carried = [], [], None
        for t in range(STEPS):
            update.zero_grad()
            loss, carried = step(network, {key: value[t % len(value)] for key, value in given.items()}, carried)
            loss.backward()
            if "max_norm" in optimizer:
                norms.append(clip_grad_norm_(network.parameters(), optimizer["max_norm"]).item())
            update.step()
            losses.append(loss.item())
        return np.array(losses), np.array(norms)

    start = {key: value.clone() for key, value in model.state_dict().items()}
    torch.set_num_threads(1)
    rows = data["x"].shape[1]
    losses, norms = train(torch.float64, torch.arange(rows))
    generator = torch.Generator().manual_seed(0)
    orders = [torch.arange(rows), *(torch.randperm(rows, generator=generator) for _ in range(ORDERS - 1))]
    narrow = [train(torch.float32, order) for order in orders]
    spread = max(float((np.abs(other - losses) / losses).max()) for other, _ in narrow)
    results = {"losses": torch.tensor(losses)}
    options = {"spread": spread, **optimizer["options"]}
    if len(norms) > 0:
        results["norms"] = torch.tensor(norms)
        options["norm_spread"] = max(float((np.abs(other - norms) / norms).max()) for _, other in narrow)
        options["clipped"] = int((norms > optimizer["max_norm"]).sum())
    inputs = {key: value.double() for key, value in data.items()}
    inputs.update({f"param.{key}": value.double() for key, value in start.items()})
    save(f"training_{name}", "training", options, inputs, results)
    each = " ".join(f"{(np.abs(other - losses) / losses).max():.1e}" for other, _ in narrow)
    print(f"{name}: losses {losses[0]:.4f} to {losses[-1]:.2e}, float32 within {each}; clipped {options.get('clipped')}")


class Regression(nn.Module):
    """The last step of an LSTM's output through a linear layer."""

    def __init__(self, inputs, hidden, outputs, layers=1):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, layers, batch_first=True)
        self.fc = nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.fc(self.lstm(x)[0][:, -1])


def regression_step(model, data, _):
    return nn.functional.mse_loss(model(data["x"]), data["y"]), None


def sine():
    series = np.sin(np.linspace(0, 50, 100))
    x = np.stack([series[i : i + 10] for i in range(90)])[None, :, :, None]
    torch.manual_seed(1)
    model = Regression(1, 16, 1)
    lr = 0.01
    optimizer = {"make": lambda p: torch.optim.Adam(p, lr=lr), "options": {"lr": lr}}
    run("sine", model, {"x": float32(x), "y": float32(series[10:][None, :, None])}, optimizer, regression_step)


def regression():
    generator = torch.Generator().manual_seed(2)
    x = draw(generator, 5, 16, 7, 3)
    y = torch.stack([x[..., 0].mean(2), (x[:, :, -1, 1] * x[:, :, -2, 2]).tanh()], 2)
    torch.manual_seed(2)
    model = Regression(3, 12, 2, layers=2)
    lr, decay = 0.01, 0.05
    optimizer = {
        "make": lambda p: torch.optim.AdamW(p, lr=lr, weight_decay=decay),
        "options": {"lr": lr, "weight_decay": decay},
    }
    run("regression", model, {"x": x.float(), "y": y.float()}, optimizer, regression_step)


class CharacterModel(nn.Module):
    def __init__(self, characters):
        super().__init__()
        self.embedding = nn.Embedding(characters, 8, padding_idx=0)
        self.gru = nn.GRU(8, 24, batch_first=True)
        self.fc = nn.Linear(24, characters)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(self.embedding(x), lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])
        return self.fc(output)


PROVERBS = (
    "a stitch in time saves nine;actions speak louder than words;all that glitters is not gold;"
    "better late than never;birds of a feather flock together;every cloud has a silver lining;"
    "fortune favours the bold;haste makes waste;knowledge is power;practice makes perfect;"
    "the early bird catches the worm;time is money;too many cooks spoil the broth;"
    "well begun is half done;when in rome do as the romans do;you reap what you sow"
).split(";")


def characters():
    """The next character of proverbs, in 4 batches of 4; index 0 is padding."""
    alphabet = sorted(set("".join(PROVERBS)))
    longest = max(map(len, PROVERBS)) - 1
    x = np.zeros((4, 4, longest))
    y = np.zeros((4, 4, longest))
    lengths = np.zeros((4, 4))
    for index, text in enumerate(PROVERBS):
        codes = [1 + alphabet.index(character) for character in text]
        at = divmod(index, 4)
        lengths[at] = len(codes) - 1
        x[at][: len(codes) - 1] = codes[:-1]
        y[at][: len(codes) - 1] = codes[1:]

    def step(model, data, _):
        logits = model(data["x"].long(), data["lengths"].long())
        return nn.functional.cross_entropy(logits.transpose(1, 2), data["y"].long(), ignore_index=0), None

    torch.manual_seed(3)
    model = CharacterModel(len(alphabet) + 1)
    lr = 0.01
    optimizer = {"make": lambda p: torch.optim.Adam(p, lr=lr), "options": {"lr": lr}}
    run("characters", model, {"x": float32(x), "y": float32(y), "lengths": float32(lengths)}, optimizer, step)


class StreamModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 16, batch_first=True)
        self.fc = nn.Linear(16, 1)

    def forward(self, x, state):
        output, state = self.lstm(x, state)
        return self.fc(output), state


def stream():
    """
    Truncated backpropagation through time: 6 rows of waves, 8 steps at a time. The state goes on from one step of training to the
    next; where a row's wave ends and another begins, `keep` is 0 and the row starts from zero.
    """
    rows, steps = 6, 8
    generator = np.random.default_rng(4)
    waves = np.zeros((rows, STEPS * steps + 1))
    keep = np.ones((STEPS, rows))
    for row in range(rows):
        chunk = 0
        while chunk < STEPS:
            length = int(generator.integers(3, 20))
            frequency, phase = generator.uniform(0.1, 0.6), generator.uniform(0, 6)
            end = min(STEPS, chunk + length)
            time = np.arange(chunk * steps, end * steps + 1)
            waves[row, time] = np.sin(frequency * time + phase)
            keep[chunk, row] = 0
            chunk = end
    x = waves[:, :-1].reshape(rows, STEPS, steps, 1).transpose(1, 0, 2, 3)
    y = waves[:, 1:].reshape(rows, STEPS, steps, 1).transpose(1, 0, 2, 3)

    def step(model, data, state):
        kept = data["keep"][None, :, None]
        zeros = torch.zeros(1, rows, 16, dtype=kept.dtype)
        h, c = state or (zeros, zeros)
        output, (h, c) = model(data["x"], (h * kept, c * kept))
        return nn.functional.mse_loss(output, data["y"]), (h.detach(), c.detach())

    torch.manual_seed(4)
    model = StreamModel()
    lr, momentum, max_norm = 0.05, 0.9, 0.25
    optimizer = {
        "make": lambda p: torch.optim.SGD(p, lr=lr, momentum=momentum),
        "options": {"lr": lr, "momentum": momentum, "max_norm": max_norm},
        "max_norm": max_norm,
    }
    run("stream", model, {"x": float32(x), "y": float32(y), "keep": float32(keep)}, optimizer, step)


def main():
    sine()
    regression()
    characters()
    stream()
