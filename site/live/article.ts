/** What the article asks its worker, and the worker's answers. */

/** A compiled step as `step.describe()` shows it. */
export interface Plan {
  readonly rows: readonly PlanRow[];
  readonly dispatches: number;
  /** Bytes that the kernels move at least, in MB. */
  readonly megabytes: number;
}

/** Consecutive dispatches of one kernel. */
interface PlanRow {
  readonly count: number;
  readonly kernel: string;
  readonly workgroups: string;
  readonly megabytes: number;
}

/** Time steps of the replay. */
export const STEPS = 24;

export interface Questions {
  /** The gradient of the last output for each input, of an LSTM whose forget gates have this bias. */
  readonly reach: { readonly bias: number };
  /** The same training step by the layer and op by op. */
  readonly plans: Record<never, never>;
}

export interface Answers {
  readonly reach: Float32Array;
  readonly plans: { readonly layer: Plan; readonly ops: Plan };
}

export interface Question {
  readonly id: number;
  readonly kind: keyof Questions;
  readonly value: Questions[keyof Questions];
}

export type Answer =
  | { readonly id: number; readonly value: Answers[keyof Answers] }
  | { readonly id: number; readonly message: string };

let worker: Worker | null = null;
let asked = 0;
const waiting = new Map<number, (answer: Answer) => void>();

/** Asks the worker, which starts with the first question. */
export function ask<Kind extends keyof Questions>(
  kind: Kind,
  value: Questions[Kind],
): Promise<Answers[Kind]> {
  worker ??= start();
  const id = ++asked;
  worker.postMessage({ id, kind, value } satisfies Question);
  return new Promise((resolve, reject) => {
    waiting.set(id, (answer) => {
      if ("message" in answer) reject(new Error(answer.message));
      else resolve(answer.value as Answers[Kind]);
    });
  });
}

function start(): Worker {
  const made = new Worker(new URL("./article.worker.ts", import.meta.url), { type: "module" });
  made.onmessage = ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  made.onerror = () => {
    for (const [id, tell] of waiting) tell({ id, message: "The worker could not be loaded." });
    endWorker();
  };
  return made;
}

/** Ends the worker, and with it its device; the next question starts another. */
export function endWorker(): void {
  worker?.terminate();
  worker = null;
  waiting.clear();
}

/** The rows and the totals of `step.describe()`. */
export function readPlan(described: string): Plan {
  const rows = [...described.matchAll(/^ *(\d+) +(\S+(?: \(f16\))?) +([\d×]+) +[\d.]+ +([\d.]+)$/gm)].map(
    ([, count, kernel, workgroups, megabytes]) => ({
      count: Number(count),
      kernel: kernel!,
      workgroups: workgroups!,
      megabytes: Number(megabytes),
    }),
  );
  const [, dispatches, megabytes] = /^total: (\d+) dispatches .*, ([\d.]+) MB/m.exec(described) ?? [];
  if (rows.length === 0 || !dispatches) throw new Error("the step's description is not understood");
  return { rows, dispatches: Number(dispatches), megabytes: Number(megabytes) };
}
