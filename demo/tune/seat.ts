/** The page's half of a worker that trains. */
import { type NDArray, NoAdapterError, WebGpuUnavailableError } from "webgpu-lstm";
import type { Answer, Job, Order, Weights } from "./protocol.ts";

/** Called after each epoch; settles with whether to go on. */
type AfterEpoch = (epoch: number, validationLoss: number) => Promise<boolean>;

/** Errors that the page knows by their classes. */
const KNOWN: Readonly<Record<string, typeof NoAdapterError>> = { NoAdapterError, WebGpuUnavailableError };

export class Seat {
  readonly #worker = new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module" });
  readonly #answers: Answer[] = [];
  #waiting: ((answer: Answer) => void) | undefined;
  /** The adapter's name, once the worker has its device. */
  readonly adapter: Promise<string>;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#take(data);
    this.#worker.onerror = ({ message }) =>
      this.#take({ type: "error", name: "Error", message: message || "a worker could not be started" });
    this.adapter = this.#next("ready").then(({ adapter }) => adapter);
    // Whoever trains hears of it.
    this.adapter.catch(() => {});
  }

  /**
   * Trains a model.
   * @returns The weights of the best epoch; undefined if `after` has ended the training
   */
  async train(job: Job, after: AfterEpoch): Promise<Weights | undefined> {
    await this.adapter;
    this.#send({ type: "train", job });
    for (;;) {
      const answer = await this.#next("epoch", "trained");
      if (answer.type === "trained") return answer.weights;
      let goOn = false;
      try {
        goOn = await after(answer.epoch, answer.validationLoss);
      } finally {
        this.#send({ type: "next", goOn });
      }
      if (goOn) continue;
      await this.#next("trained");
      return undefined;
    }
  }

  /** The forecast of the held-out part by a model with these weights. */
  async forecast(job: Job, weights: Weights): Promise<NDArray> {
    await this.adapter;
    this.#send({ type: "forecast", job, weights });
    return (await this.#next("forecast")).forecast;
  }

  /** Ends the worker, and with it its device. Who waits for it hears of it. */
  close(): void {
    this.#worker.terminate();
    this.#take({ type: "error", name: "AbortError", message: "the worker was ended" });
  }

  #send(order: Order): void {
    this.#worker.postMessage(order);
  }

  #take(answer: Answer): void {
    if (!this.#waiting) this.#answers.push(answer);
    else this.#waiting(answer);
    this.#waiting = undefined;
  }

  async #next<Type extends Answer["type"]>(...types: Type[]): Promise<Extract<Answer, { type: Type }>> {
    const answer =
      this.#answers.shift() ?? (await new Promise<Answer>((resolve) => (this.#waiting = resolve)));
    if (answer.type === "error") {
      const { name, message } = answer;
      const Known = KNOWN[name];
      throw Known ? new Known(message) : Object.assign(new Error(message), { name });
    }
    if (!types.includes(answer.type as Type)) throw new Error(`expected ${types}, got ${answer.type}`);
    return answer as Extract<Answer, { type: Type }>;
  }
}

/** Workers, one for each trial at a time. */
export class Seats {
  readonly #free: Seat[] = [];
  readonly #taken = new Set<Seat>();

  /** Opens a worker before it is needed, and asks for its adapter. */
  open(): Promise<string> {
    const seat = this.#free[0] ?? new Seat();
    if (this.#free.length === 0) this.#free.push(seat);
    return seat.adapter;
  }

  /** Lends a worker to `use`. A worker with which something went wrong is replaced. */
  async lend<T>(use: (seat: Seat) => Promise<T>): Promise<T> {
    const seat = this.#free.pop() ?? new Seat();
    this.#taken.add(seat);
    let ended = false;
    try {
      const result = await use(seat);
      ended = true;
      return result;
    } finally {
      // Otherwise it has been closed.
      if (this.#taken.delete(seat)) {
        if (ended) this.#free.push(seat);
        else seat.close();
      }
    }
  }

  /** Ends all workers. */
  close(): void {
    for (const seat of [...this.#free.splice(0), ...this.#taken]) {
      this.#taken.delete(seat);
      seat.close();
    }
  }
}
