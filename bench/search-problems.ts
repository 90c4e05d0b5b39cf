/** Test functions for samplers. `bench/peers/search_problems.py` has the same in Python. */
import { readFileSync } from "node:fs";
import type { Trial } from "webgpu-lstm/search";

const HARTMANN_A = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const HARTMANN_P = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381],
];
const HARTMANN_ALPHA = [1, 1.2, 3, 3.2];

/** @see https://www.sfu.ca/~ssurjano/branin.html */
function branin(trial: Trial): number {
  const x = trial.suggestFloat("x", -5, 10);
  const y = trial.suggestFloat("y", 0, 15);
  const bowl = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
  return bowl * bowl + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
}

/** @see https://www.sfu.ca/~ssurjano/hart6.html */
function hartmann6(trial: Trial): number {
  const x = Array.from({ length: 6 }, (_, i) => trial.suggestFloat(`x${i}`, 0, 1));
  return -HARTMANN_ALPHA.reduce((sum, alpha, i) => {
    const distance = x.reduce(
      (d, value, j) => d + HARTMANN_A[i]![j]! * (value - HARTMANN_P[i]![j]! * 1e-4) ** 2,
      0,
    );
    return sum + alpha * Math.exp(-distance);
  }, 0);
}

/** What training a network may look like: the best is an LSTM of 48 units at a rate of 0.01, with a dropout of 0.2. */
function mixed(trial: Trial): number {
  const rate = trial.suggestFloat("rate", 1e-5, 1, { log: true });
  const units = trial.suggestInt("units", 4, 256, { log: true });
  const layers = trial.suggestInt("layers", 1, 5);
  const batch = trial.suggestInt("batch", 16, 256, { step: 16 });
  const cell = trial.suggestCategorical("cell", ["rnn", "gru", "lstm"]);
  let loss = 0.3 * (Math.log10(rate) + 2) ** 2 + 0.5 * Math.log2(units / 48) ** 2 + 0.2 * (layers - 2) ** 2;
  loss += Math.abs(batch - 64) / 256 + { rnn: 1, gru: 0.2, lstm: 0 }[cell];
  if (cell === "lstm") loss += 2 * (trial.suggestFloat("dropout", 0, 0.8) - 0.2) ** 2;
  return loss;
}

/** The recorded runs: settings, and the validation loss of each epoch. */
const [, ...lines] = readFileSync(new URL("seattle-runs.csv", import.meta.url), "utf8")
  .trim()
  .split("\n");
const runs = lines.map((line) => {
  const [hidden, layers, dropout, lr, batch, window, ...losses] = line.split(",").map(Number);
  return { key: [hidden, layers, dropout, lr, batch, window].join(), least: Math.min(...losses) };
});
const least = new Map(runs.map(({ key, least }) => [key, least]));
const [HIDDEN, RATES, WINDOWS] = [
  [4, 8, 16, 32],
  [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1],
  [3, 7, 14],
];

/** The recorded values around a value, with the share that each has in it, by their logarithms. */
function around(values: readonly number[], value: number): readonly (readonly [at: number, share: number])[] {
  const i = Math.min(Math.max(values.findIndex((other) => other >= value) - 1, 0), values.length - 2);
  const [low, high] = [values[i]!, values[i + 1]!];
  const share = Math.log(value / low) / Math.log(high / low);
  return [
    [low, 1 - share],
    [high, share],
  ];
}

/** The least validation loss of recorded trainings, interpolated between their settings. */
function seattle(trial: Trial): number {
  const hidden = around(HIDDEN, trial.suggestInt("hidden", 4, 32, { log: true }));
  const layers = trial.suggestInt("layers", 1, 2);
  const rates = around(RATES, trial.suggestFloat("lr", 3e-4, 1e-1, { log: true }));
  const batch = trial.suggestCategorical("batch", [32, 128]);
  const windows = around(WINDOWS, trial.suggestInt("window", 3, 14, { log: true }));
  const dropped = layers > 1 ? trial.suggestFloat("dropout", 0, 0.3) / 0.3 : 0;
  const dropouts =
    layers > 1
      ? ([
          [0, 1 - dropped],
          [0.3, dropped],
        ] as const)
      : ([[0, 1]] as const);
  let loss = 0;
  for (const [h, a] of hidden)
    for (const [r, b] of rates)
      for (const [w, c] of windows)
        for (const [d, e] of dropouts) loss += a * b * c * e * least.get([h, layers, d, r, batch, w].join())!;
  return loss;
}

export const problems: Readonly<Record<string, (trial: Trial) => number>> = {
  Branin: branin,
  "Hartmann-6": hartmann6,
  mixed,
  Seattle: seattle,
};
