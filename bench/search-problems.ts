/** Test functions for samplers. `bench/peers/search_problems.py` has the same in Python. */
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

export const problems: Readonly<Record<string, (trial: Trial) => number>> = {
  Branin: branin,
  "Hartmann-6": hartmann6,
  mixed,
};
