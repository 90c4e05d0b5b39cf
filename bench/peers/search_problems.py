"""Runs Optuna's samplers on the functions of bench/search-problems.ts: `search_problems.py SAMPLER SEEDS TRIALS…`, JSON on its output."""

import csv
import itertools
import json
import math
import pathlib
import sys

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)

A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
P = [
    [1312, 1696, 5569, 124, 8283, 5886],
    [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
]
ALPHA = [1, 1.2, 3, 3.2]


def branin(trial):
    x = trial.suggest_float("x", -5, 10)
    y = trial.suggest_float("y", 0, 15)
    bowl = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bowl * bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann6(trial):
    x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(6)]
    distances = [sum(a * (v - p * 1e-4) ** 2 for a, v, p in zip(A[i], x, P[i])) for i in range(4)]
    return -sum(alpha * math.exp(-d) for alpha, d in zip(ALPHA, distances))


def mixed(trial):
    rate = trial.suggest_float("rate", 1e-5, 1, log=True)
    units = trial.suggest_int("units", 4, 256, log=True)
    layers = trial.suggest_int("layers", 1, 5)
    batch = trial.suggest_int("batch", 16, 256, step=16)
    cell = trial.suggest_categorical("cell", ["rnn", "gru", "lstm"])
    loss = 0.3 * (math.log10(rate) + 2) ** 2 + 0.5 * math.log2(units / 48) ** 2 + 0.2 * (layers - 2) ** 2
    loss += abs(batch - 64) / 256 + {"rnn": 1, "gru": 0.2, "lstm": 0}[cell]
    if cell == "lstm":
        loss += 2 * (trial.suggest_float("dropout", 0, 0.8) - 0.2) ** 2
    return loss


with pathlib.Path(__file__).parent.parent.joinpath("seattle-runs.csv").open() as file:
    RUNS = [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]
LEAST = {tuple(run[:6]): min(run[6:]) for run in RUNS}


def around(values, value):
    i = min(max(next(k for k, other in enumerate(values) if other >= value) - 1, 0), len(values) - 2)
    low, high = values[i : i + 2]
    share = math.log(value / low) / math.log(high / low)
    return [(low, 1 - share), (high, share)]


def seattle(trial):
    hidden = around([4, 8, 16, 32], trial.suggest_int("hidden", 4, 32, log=True))
    layers = trial.suggest_int("layers", 1, 2)
    rates = around([0.0003, 0.001, 0.003, 0.01, 0.03, 0.1], trial.suggest_float("lr", 3e-4, 1e-1, log=True))
    batch = trial.suggest_categorical("batch", [32, 128])
    windows = around([3, 7, 14], trial.suggest_int("window", 3, 14, log=True))
    dropped = trial.suggest_float("dropout", 0, 0.3) / 0.3 if layers > 1 else 0
    dropouts = [(0, 1 - dropped), (0.3, dropped)] if layers > 1 else [(0, 1)]
    axes = itertools.product(hidden, rates, windows, dropouts)
    return sum(a * b * c * e * LEAST[h, layers, d, r, batch, w] for (h, a), (r, b), (w, c), (d, e) in axes)


def main(sampler, seeds, counts):
    problems = {"Branin": branin, "Hartmann-6": hartmann6, "mixed": mixed, "Seattle": seattle}
    samplers = {sampler: getattr(optuna.samplers, f"{sampler}Sampler")}
    best = {}
    for name, sampler in samplers.items():
        best[name] = {}
        for problem, objective in problems.items():
            rows = []
            for seed in range(seeds):
                study = optuna.create_study(sampler=sampler(seed=seed))
                study.optimize(objective, n_trials=max(counts))
                values = [t.value for t in study.trials]
                rows.append([min(values[:count]) for count in counts])
            best[name][problem] = rows
            print(f"Optuna's {name} on {problem}", file=sys.stderr)
    print(json.dumps({"version": optuna.__version__, "best": best}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), [int(argument) for argument in sys.argv[3:]])
