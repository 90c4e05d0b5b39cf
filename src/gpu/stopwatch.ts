/** Times work on the GPU. Loads on demand, and imports what loads with it alone. */
import type { GpuContext } from "./context.ts";
import { steady } from "./steady.ts";
import { Timestamps } from "./timestamps.ts";

/** A browser answers within this many ms, and rounds timestamps to 0.1: times must stand out of it. */
const LONG_ENOUGH_MS = { clock: 8, timestamps: 2 } as const;

/** The GPU's own clock where the device has timestamps, else the page's from submission to answer. */
export class Stopwatch {
  readonly #context: GpuContext;
  readonly #timestamps: Timestamps | null;

  constructor(context: GpuContext) {
    this.#context = context;
    this.#timestamps = context.gpu.features.has("timestamp-query") ? new Timestamps(context, 2) : null;
  }

  /** Whether submissions and answers take no part in its times. */
  get isOfGpu(): boolean {
    return this.#timestamps !== null;
  }

  /** Work should take so many ms at least. */
  get longEnough(): number {
    return LONG_ENOUGH_MS[this.#timestamps ? "timestamps" : "clock"];
  }

  /** Milliseconds that what `submit` submits takes when nothing disturbs it: the least of several times. */
  least(submit: () => void): Promise<number> {
    return steady(() => this.time(submit));
  }

  /** Milliseconds that what `submit` submits takes. */
  async time(submit: () => void): Promise<number> {
    const timestamps = this.#timestamps;
    const start = performance.now();
    if (timestamps) this.#mark(timestamps, 0);
    submit();
    if (timestamps) {
      this.#mark(timestamps, 1);
      const { began } = timestamps;
      const [before, after] = await timestamps.read();
      const ms = (after!.begin - before!.end) / 1e3;
      // A clock in coarse steps may show none. One that stands still, was set back or runs ahead of the page's tells nothing.
      const moves = began !== null && timestamps.began !== began;
      if (ms > 0 ? ms <= performance.now() - start : ms === 0 && moves) return ms;
    } else await this.#context.idle();
    return performance.now() - start;
  }

  /** Submits an empty pass between whose marks and another's the work lies. */
  #mark(timestamps: Timestamps, pass: number): void {
    this.#context.encode((encoder) =>
      encoder.beginComputePass({ timestampWrites: timestamps.writesOf(pass) }).end(),
    );
  }

  dispose(): void {
    this.#timestamps?.dispose();
  }
}
