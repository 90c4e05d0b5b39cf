/** Times work on the GPU. Loads on demand, and imports what loads with it alone. */
import type { GpuContext } from "./context.ts";
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

  /** Work should take so many ms at least. */
  get longEnough(): number {
    return LONG_ENOUGH_MS[this.#timestamps ? "timestamps" : "clock"];
  }

  /** Milliseconds that what `submit` submits takes. */
  async time(submit: () => void): Promise<number> {
    const timestamps = this.#timestamps;
    const start = performance.now();
    if (timestamps) this.#mark(timestamps, 0);
    submit();
    if (timestamps) {
      this.#mark(timestamps, 1);
      const [before, after] = await timestamps.read();
      const ms = (after!.begin - before!.end) / 1e3;
      // A clock that stands still or was set back tells nothing.
      if (ms > 0) return ms;
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
