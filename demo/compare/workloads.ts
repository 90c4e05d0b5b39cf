/** The workloads of the comparison: the benchmark's, and one that is small enough for a software adapter. */
import { type Task, type Workload, workloads } from "../../tasks/workloads/workload.ts";

export interface Choice {
  readonly id: string;
  readonly name: string;
  /** The model and its sizes, for training and inference. */
  readonly about: string;
  readonly workload: Workload;
  /** A library is given up if a step takes longer than this, in ms. */
  readonly patience: number;
  /** Approximate time in ms for timing each library at each task. */
  readonly budget: number;
}

const byName = (name: string) => workloads.find((workload) => workload.name === name)!;

const W1 = byName("W1");

export const CHOICES: readonly Choice[] = [
  {
    id: "small",
    name: "Small: T = 10, B = 32",
    about: "LSTM(1→50) + Linear(50→1) on the last step, T = 10, B = 32, mean squared error, Adam",
    workload: { ...W1, name: "small", seqLen: 10, batch: 32 },
    patience: 25_000,
    budget: 2000,
  },
  {
    id: "W1",
    name: "W1: B = 980",
    about: "LSTM(1→50) + Linear(50→1) on the last step, T = 20, B = 980, mean squared error, Adam",
    workload: W1,
    patience: 60_000,
    budget: 8000,
  },
  {
    id: "W3",
    name: "W3: 256 units, T = 64",
    about: "LSTM(64→256) + Linear(256→64) at every step, T = 64, B = 32, cross-entropy, Adam",
    workload: byName("W3"),
    patience: 60_000,
    budget: 8000,
  },
];

/** The tasks that are timed for each workload. */
export const TASKS: readonly { readonly task: Task; readonly name: string; readonly about: string }[] = [
  {
    task: "train",
    name: "Training step",
    about: "forward, backward and Adam's update; the loss is waited for",
  },
  { task: "infer", name: "Inference", about: "forward, the predictions read back" },
];
