/** The page's half of a library in a worker. */
import type { Workload } from "../../tasks/workloads/workload.ts";
import type { Answer, Failure, Library, Opening, Request, Steps } from "./protocol.ts";

/** A request without its number. */
type Asking = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

/** A library's answer is late; its worker has been ended. */
export class TooSlow extends Error {
  /** The waiting time in ms. */
  readonly ms: number;

  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`);
    this.name = "TooSlow";
    this.ms = ms;
  }
}

/** The error of a worker. */
export class LibraryError extends Error {
  readonly loading: boolean;

  constructor({ name, message, loading }: Failure) {
    super(message);
    this.name = name;
    this.loading = loading;
  }
}

export class Seat {
  readonly library: Library;
  #worker: Worker | undefined;
  #asked = 0;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();

  constructor(library: Library) {
    this.library = library;
  }

  /** Loads the library at the first call, builds the workload's model and runs one step. */
  open(workload: Workload, patience: number): Promise<Opening> {
    return this.#ask({ kind: "open", library: this.library, workload }, patience);
  }

  /** As {@link open}, with the start weights and the batches of the race. */
  openRace(workload: Workload, patience: number): Promise<Opening> {
    return this.#ask({ kind: "open", library: this.library, workload, race: true }, patience);
  }

  /** Trains for at least `ms`. @param patience Time in ms for more than that */
  train(ms: number, patience: number): Promise<Steps> {
    return this.#ask({ kind: "train", ms }, ms + patience);
  }

  /** Mean time of `count` steps, in ms. */
  sample(count: number, patience: number): Promise<number> {
    return this.#ask({ kind: "sample", count }, patience);
  }

  async close(): Promise<void> {
    if (this.#worker) await this.#ask({ kind: "close" }, 5000);
  }

  /** Ends the worker at once and rejects open requests with `reason`; a later {@link open} starts another worker. */
  end(reason: unknown): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(reason);
  }

  /** @param patience Time in ms after which the worker is ended. */
  async #ask<Value>(asking: Asking, patience: number): Promise<Value> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = this.#asked++;
    const timer = setTimeout(() => this.end(new TooSlow(patience)), patience);
    try {
      return await new Promise<Value>((resolve, reject) => {
        this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        worker.postMessage({ ...asking, id } as Request);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.failure) waiting?.reject(new LibraryError(data.failure));
      else waiting?.resolve(data.value);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      const message = event.message || "the worker's code could not be loaded";
      this.end(new LibraryError({ name: "Error", message, loading: true }));
    });
    return worker;
  }
}
