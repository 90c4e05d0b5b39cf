import { show } from "../checks.ts";
import { OptionError, WorkerError } from "../errors.ts";
import { type CallName, type Calls, PROTOCOL, type Reply, type Request, received } from "./protocol.ts";
import { transfersOf } from "./transfer.ts";
import { fromWire, type WireError } from "./wire-errors.ts";

/** Errors from the worker that ended a run because its signal was aborted. */
const aborted = new WeakSet<Error>();

/** Whether an error came from the worker because a run's signal was aborted. */
export function wasAborted(error: unknown): boolean {
  return error instanceof Error && aborted.has(error);
}

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/** The page's side of the protocol: calls by name. Each is answered, or fails, or is rejected when the worker dies. */
export class Channel {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onProgress: (progress: Extract<Reply, { kind: "progress" }>) => void;
  #next = 1;
  /** The worker's own terminate(). */
  readonly #terminate: Worker["terminate"];
  /** Why the worker has ended; `null` while it lives. */
  #end: { readonly reason: unknown } | null = null;
  readonly #watch = new AbortController();
  readonly #listeners = new AbortController();

  constructor(worker: Worker, onProgress: (progress: Extract<Reply, { kind: "progress" }>) => void) {
    this.#worker = worker;
    this.#onProgress = onProgress;
    this.#terminate = worker.terminate;
    // Nothing else tells of the end of a worker that does not serve yet, or has no locks.
    worker.terminate = () => this.#died();
  }

  /** Settles once the worker serves. */
  serving(): Promise<void> {
    const { signal } = this.#listeners;
    return new Promise((resolve, reject) => {
      if (this.#end) throw this.#end.reason;
      this.#waiting.set(0, { resolve: () => resolve(), reject });
      this.#worker.addEventListener("message", ({ data }) => this.#take(received<Reply>(data)), { signal });
      this.#worker.addEventListener("error", (event) => this.#failed(event), { signal });
      this.#post({ kind: "hello" }, []);
    });
  }

  /** Calls the worker and waits for its answer. */
  call<K extends CallName>(name: K, ...args: Parameters<Calls[K]>): Promise<Awaited<ReturnType<Calls[K]>>> {
    return new Promise((resolve, reject) => {
      if (this.#end) throw this.#end.reason;
      const id = this.#next++;
      // A value marked for transfer is an argument of the call, or of the app's action.
      const transfer = transfersOf(name === "action" ? (args[1] as readonly unknown[]) : args);
      try {
        this.#post({ kind: "call", id, name, args }, transfer);
      } catch (cause) {
        throw new OptionError(
          `trainer.${name}: this cannot be sent to a worker: ${(cause as Error).message}; send plain data`,
          { cause },
        );
      }
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Sends the worker a message without an answer; does nothing if it is dead. */
  tell(message: Exclude<Request, { kind: "call" }>): void {
    if (!this.#end) this.#post(message, []);
  }

  /** Ends the worker; calls that wait, and later ones, are rejected with `reason`. */
  end(reason: unknown): void {
    if (this.#end) return;
    this.#end = { reason };
    this.#listeners.abort();
    this.#watch.abort();
    this.#worker.terminate = this.#terminate;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #post(message: Request, transfer: Transferable[]): void {
    this.#worker.postMessage({ ...message, protocol: PROTOCOL }, transfer);
  }

  #take(reply: Reply | null): void {
    if (!reply) return;
    if (reply.kind === "serving") {
      if (!this.#waiting.has(0)) return;
      this.#watchOver(reply.lock);
      this.#settle(0)?.resolve(undefined);
    } else if (reply.kind === "progress") {
      this.#onProgress(reply);
    } else if (reply.kind === "answer") {
      this.#settle(reply.id)?.resolve(reply.value);
    } else {
      this.#settle(reply.id)?.reject(errorOf(reply.error));
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** Waits for the worker's lock: it is free when the worker has ended, whatever ended it. */
  #watchOver(lock: string | null): void {
    if (lock === null) return;
    navigator.locks
      .request(lock, { signal: this.#watch.signal }, () => this.#died())
      // Aborted: the channel has ended before the worker.
      .catch(() => {});
  }

  #died(): void {
    this.end(new WorkerError("Trainer: the worker has died; its memory is gone, connect() to a new one"));
  }

  /** Handles an error that nobody caught in the worker: it is fatal only before the worker serves. */
  #failed(event: ErrorEvent): void {
    if (!this.#waiting.has(0)) return;
    event.preventDefault();
    const message = event.message || "its file could not be loaded, or is no script";
    this.end(
      new WorkerError(`connect: the worker did not start: ${message}`, { cause: event.error ?? undefined }),
    );
  }
}

function errorOf(wire: WireError): Error {
  const error = fromWire(wire);
  if (wire.aborted) aborted.add(error);
  return error;
}

/** Throws an OptionError unless `worker` is a Worker. */
export function checkWorker(where: string, worker: unknown): asserts worker is Worker {
  const { postMessage, terminate, addEventListener } = (worker ?? {}) as Partial<Worker>;
  if ([postMessage, terminate, addEventListener].every((method) => typeof method === "function")) return;
  throw new OptionError(
    `${where}: expected new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module" }), got ${show(worker)}`,
  );
}
