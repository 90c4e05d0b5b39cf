#!/usr/bin/env python3
"""Makes test/goldens/tutorials.json: the losses that PyTorch prints for the tutorials in examples/.

Each is run with torch.manual_seed(0) in float32 (one thread, as the numbers depend on the order of sums) and once more in
float64 from the same float32 weights and data: the difference is what float32 itself leaves open.
Run from the repository root: `python3 tools/make_tutorials.py` for all, or with the names of some, which leaves the others as they
are: float32 losses differ in their last digits from one processor to another (needs PyTorch 1.13 or later and numpy).
"""

import json
import pathlib
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

OUT = pathlib.Path("test/goldens/tutorials.json")


class LSTMModel(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1, :])


def windows(series, length):
    """x [n, length, 1] and y [n, 1], the value after each window, as float32 tensors."""
    n = len(series) - length
    x = np.stack([series[i : i + length] for i in range(n)])[:, :, None]
    y = series[length:, None]
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


def train_full_batch(model, x, y, lr, epochs):
    """The loss of each epoch, before its update."""
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def sine(dtype):
    time = np.linspace(0, 100, 1000)
    x, y = windows(np.sin(time), 20)
    torch.manual_seed(0)
    model = LSTMModel(1, 50, 1).to(dtype)
    return {"losses": train_full_batch(model, x.to(dtype), y.to(dtype), 0.01, 100)}


def forecast(dtype):
    time = np.linspace(0, 82, 820)
    x, y = windows(np.sin(time) + 0.5 * np.sin(0.31 * time), 20)
    x, y = x.to(dtype), y.to(dtype)
    loader = DataLoader(
        TensorDataset(x[:720], y[:720]), batch_size=32, shuffle=True, generator=torch.Generator().manual_seed(0)
    )
    torch.manual_seed(0)
    model = LSTMModel(1, 50, 1).to(dtype)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    train_losses, test_losses = [], []
    for _ in range(20):
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(xb)
        train_losses.append(total / 720)
        with torch.no_grad():
            test_losses.append(criterion(model(x[720:]), y[720:]).item())
    return {"trainLosses": train_losses, "testLosses": test_losses}


def random_data(dtype):
    torch.manual_seed(0)
    x = torch.randn(100, 10, 10)
    y = torch.randn(100, 1)
    model = LSTMModel(10, 20, 2).to(dtype)
    return {"losses": train_full_batch(model, x.to(dtype), y.to(dtype), 0.001, 100)}


class RecurrentModel(nn.Module):
    def __init__(self, layer, features):
        super().__init__()
        self.rnn = layer
        self.fc = nn.Linear(features, 1)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1, :])


def rnn_sine(kind):
    """The RNN tutorial, and the same with another layer."""

    def run(dtype):
        x, y = windows(np.sin(np.linspace(0, 100, 200)), 10)
        torch.manual_seed(0)
        if kind == "bidirectional":
            model = RecurrentModel(nn.LSTM(1, 16, batch_first=True, bidirectional=True), 32)
        else:
            model = RecurrentModel({"rnn": nn.RNN, "gru": nn.GRU}[kind](1, 16, batch_first=True), 16)
        return {"losses": train_full_batch(model.to(dtype), x.to(dtype), y.to(dtype), 0.01, 100)}

    return run


def rnn_sine_description(model):
    return [
        "time = linspace(0, 100, 200) in float64, series = sin(time), windows of 10 rounded to float32:"
        " x [190, 10, 1], y [190, 1]",
        f"manual_seed(0), model = {model} on the last step",
        "100 full-batch epochs, MSE, Adam lr 0.01; the loss of an epoch is taken before its update",
        "printed: epochs 10, 20, ..., 100 (counted from 1)",
    ]


TUTORIALS = {
    "sine": (
        sine,
        [
            "time = linspace(0, 100, 1000) in float64, series = sin(time), windows of 20 rounded to float32:"
            " x [980, 20, 1], y [980, 1]",
            "manual_seed(0), model = LSTM(1, 50, batch_first) then Linear(50, 1) on the last step",
            "100 full-batch epochs, MSE, Adam lr 0.01; the loss of an epoch is taken before its update",
            "printed: epochs 10, 20, ..., 100 (counted from 1)",
        ],
    ),
    "forecast": (
        forecast,
        [
            "time = linspace(0, 82, 820) in float64, series = sin(time) + 0.5 * sin(0.31 * time), windows of 20 rounded"
            " to float32: x [800, 20, 1], y [800, 1]; the first 720 train, the last 80 test",
            "manual_seed(0), model = LSTM(1, 50, batch_first) then Linear(50, 1) on the last step",
            "DataLoader batch 32, shuffled by its own Generator with seed 0; 20 epochs, MSE, Adam lr 0.001",
            "train loss: mean over the samples, each batch's before its update; test loss: after the epoch, in one batch",
            "printed: every epoch",
        ],
    ),
    "random": (
        random_data,
        [
            "manual_seed(0), x = randn(100, 10, 10), y = randn(100, 1),"
            " model = LSTM(10, 20, 2 layers, batch_first) then Linear(20, 1) on the last step, in this order",
            "100 full-batch epochs, MSE, Adam lr 0.001; the loss of an epoch is taken before its update",
            "printed: epochs 10, 20, ..., 100 (counted from 1)",
        ],
    ),
    "rnn": (rnn_sine("rnn"), rnn_sine_description("RNN(1, 16, batch_first) then Linear(16, 1)")),
    "gru": (rnn_sine("gru"), rnn_sine_description("GRU(1, 16, batch_first) then Linear(16, 1)")),
    "bidirectional": (
        rnn_sine("bidirectional"),
        rnn_sine_description("LSTM(1, 16, batch_first, bidirectional) then Linear(32, 1)"),
    ),
}


def main(names):
    torch.set_num_threads(1)
    result = json.loads(OUT.read_text()) if names else {"torch": torch.__version__}
    for name in names or TUTORIALS:
        run, description = TUTORIALS[name]
        float32, float64 = run(torch.float32), run(torch.float64)
        every = 1 if name == "forecast" else 10
        spread = {}
        printed = {}
        for key in float32:
            difference = np.abs(np.array(float32[key]) - np.array(float64[key]))
            spread[key] = {"max": float(difference.max()), "atPrinted": float(difference[every - 1 :: every].max())}
            printed[key] = [f"{value:.4f}" for value in float32[key][every - 1 :: every]]
            wide = [f"{value:.4f}" for value in float64[key][every - 1 :: every]]
            same = sum(a == b for a, b in zip(printed[key], wide))
            print(f"{name} {key}: float32 {' '.join(printed[key])}")
            print(f"  float64 prints {same} of {len(wide)} alike, differs by up to {spread[key]['max']:.1e}")
        result[name] = {
            "description": description,
            "printEvery": every,
            "printed": printed,
            "float32": float32,
            "float64": float64,
            "spread": spread,
        }
    OUT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
