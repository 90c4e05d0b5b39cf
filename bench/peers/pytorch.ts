import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { checkLimit } from "../../tasks/workloads/limits.ts";
import { makeProblem, type Workload } from "../../tasks/workloads/workload.ts";
import type { Seat } from "../seat.ts";

const program = fileURLToPath(new URL("pytorch.py", import.meta.url));

/** The device of PyTorch; TF32 is a GPU's shorter format for products. */
export interface TorchOptions {
  readonly device: "cpu" | "cuda";
  readonly tf32?: boolean;
}

/** Finds a Python with PyTorch: the variable `PYTHON`, `python3` on the path, or the system's; undefined if there is none. */
export function findTorch(): string | undefined {
  const candidates = [process.env.PYTHON, "python3", "/usr/bin/python3"];
  return candidates.find((python) => {
    if (!python) return false;
    try {
      execFileSync(python, ["-c", "import torch"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

/** PyTorch in a separate process. */
export function pytorch(python: string, { device, tf32 = false }: TorchOptions): Seat {
  let child: Child | undefined;
  const name = device === "cpu" ? "pytorch" : `pytorch-${tf32 ? "cudnn-tf32" : "cudnn"}`;
  return {
    name,
    place: device === "cpu" ? "Python" : "Python, CUDA",
    ours: false,
    ceiling: null,
    // TF32 keeps ten bits of a factor instead of 23.
    ...(tf32 ? { tolerance: 1e-2 } : {}),
    async open(workload) {
      checkLimit("pytorch", workload);
      child ??= new Child(python);
      const current = child;
      const problem = problemFile(workload);
      try {
        const settings = { device, tf32, cores: availableParallelism() };
        const opening = await current.ask<{ firstStepMs: number; firstResult: number[]; plan: string }>({
          command: "open",
          workload,
          ...problem,
          ...settings,
        });
        const { firstStepMs, firstResult, plan } = opening;
        return {
          firstStepMs,
          firstResult: Float32Array.from(firstResult),
          work: { plan },
          sample: (count) => current.ask({ command: "sample", count }),
          result: async () => Float32Array.from(await current.ask<number[]>({ command: "result" })),
          close: async () => void (await current.ask({ command: "close" })),
        };
      } finally {
        rmSync(problem.folder, { recursive: true });
      }
    },
    async stop() {
      child?.kill();
      child = undefined;
    },
  };
}

/** The first step's result in float64, for workloads that are too large for the reference in tasks/. */
export async function torchReference(
  python: string,
  workload: Workload,
  device: TorchOptions["device"],
): Promise<Float64Array> {
  const child = new Child(python);
  const { folder, ...problem } = problemFile(workload);
  try {
    const settings = { device, tf32: false, double: true, cores: 1 };
    const opening = { command: "open", workload, ...problem, ...settings };
    return Float64Array.from((await child.ask<{ firstResult: number[] }>(opening)).firstResult);
  } finally {
    rmSync(folder, { recursive: true });
    child.kill();
  }
}

/** The versions of PyTorch and its GPU libraries. */
export async function torchVersions(python: string): Promise<Record<string, string>> {
  const child = new Child(python);
  const { torch, cuda, cudnn } = await child.ask<Record<string, string | number | null>>({
    command: "version",
  });
  child.kill();
  return { torch: `${torch}`, ...(cuda ? { cuda: `${cuda}`, cudnn: `${cudnn}` } : {}) };
}

/** Writes the problem's tensors into a file, and returns their names and shapes. */
function problemFile(workload: Workload) {
  const { x, y, weights } = makeProblem(workload);
  const all = [["x", x] as const, ["y", y] as const, ...weights];
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const file = join(folder, "problem.bin");
  writeFileSync(file, Buffer.concat(all.map(([, { data }]) => new Uint8Array(data.slice().buffer))));
  return { folder, file, tensors: all.map(([name, { shape }]) => [name, shape]) };
}

/** A Python process that answers line by line, in order. */
class Child {
  readonly #process: ChildProcess;
  readonly #waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  #errors = "";

  constructor(python: string) {
    this.#process = spawn(python, [program], { stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stderr!.on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-2000);
    });
    createInterface({ input: this.#process.stdout! }).on("line", (line) => {
      const answer = JSON.parse(line) as { readonly error?: string } | null;
      const asked = this.#waiting.shift()!;
      if (answer?.error) asked.reject(new Error(answer.error));
      else asked.resolve(answer);
    });
    const ended = (why: string) => {
      for (const { reject } of this.#waiting.splice(0))
        reject(new Error(`PyTorch ended: ${why} ${this.#errors}`));
    };
    this.#process.on("error", (error) => ended(error.message)).on("exit", (code) => ended(`status ${code}`));
  }

  ask<T>(command: Readonly<Record<string, unknown>>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (value: unknown) => void, reject });
      this.#process.stdin!.write(`${JSON.stringify(command)}\n`);
    });
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}
