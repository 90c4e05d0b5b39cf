import type { BufferRole, DeviceBuffer } from "./buffer.ts";
import { BUFFER_USAGE, MAP_READ as MODE_READ } from "./flags.ts";

/** What is asked of the device whose passes are timed. */
interface TimedDevice {
  readonly gpu: GPUDevice;
  allocate(role: BufferRole, bytes: number, label: string, usage: GPUBufferUsageFlags): DeviceBuffer;
  encode(write: (encoder: GPUCommandEncoder) => void): void;
  answer<T>(answer: Promise<T>): Promise<T>;
  readonly faults: {
    scoped<T>(what: string, make: () => T): T;
    answered(where: string, failure: unknown): Promise<unknown>;
  };
  lostError(where: string, cause: unknown): Error;
}

/** Queries that one set may have in every implementation. */
const SET_SIZE = 4096;

/** Begin and end of GPU passes, one pass a dispatch, by the device's own clock. */
export class Timestamps {
  readonly #context: TimedDevice;
  readonly #sets: GPUQuerySet[];
  readonly #resolved: DeviceBuffer;
  readonly #readable: DeviceBuffer;
  readonly #count: number;
  /** When the first pass of the latest read began, in µs since a time of the device's own. */
  began: number | null = null;

  /**
   * @param context Its device has the feature timestamp-query.
   * @param count Passes to be timed.
   */
  constructor(context: TimedDevice, count: number) {
    const device = context.gpu;
    this.#context = context;
    this.#count = count;
    const queries = 2 * count;
    this.#sets = Array.from({ length: Math.ceil(queries / SET_SIZE) }, (_, i) =>
      context.faults.scoped("timestamps", () =>
        device.createQuerySet({ type: "timestamp", count: Math.min(SET_SIZE, queries - i * SET_SIZE) }),
      ),
    );
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = BUFFER_USAGE;
    this.#resolved = context.allocate("staging", queries * 8, "timestamps", QUERY_RESOLVE | COPY_SRC);
    this.#readable = context.allocate("staging", queries * 8, "read timestamps", MAP_READ | COPY_DST);
  }

  /** What has pass `index` write its begin and end. */
  writesOf(index: number): GPUComputePassTimestampWrites {
    const query = 2 * index;
    return {
      querySet: this.#sets[Math.floor(query / SET_SIZE)]!,
      beginningOfPassWriteIndex: query % SET_SIZE,
      endOfPassWriteIndex: (query % SET_SIZE) + 1,
    };
  }

  /**
   * Begin and end of passes, in µs since the first one began. Waits for the GPU.
   * @param count Passes that have written theirs, from the first on: some engines (Deno) wait without end for a time that nobody writes.
   */
  async read(count = this.#count): Promise<{ begin: number; end: number }[]> {
    const queries = 2 * count;
    const bytes = queries * 8;
    this.#context.encode((encoder) => {
      for (const [i, set] of this.#sets.entries()) {
        const written = Math.min(set.count, queries - i * SET_SIZE);
        if (written > 0) encoder.resolveQuerySet(set, 0, written, this.#resolved.gpu, i * SET_SIZE * 8);
      }
      encoder.copyBufferToBuffer(this.#resolved.gpu, 0, this.#readable.gpu, 0, bytes);
    });
    const { gpu } = this.#readable;
    const failure = await this.#context.answer(gpu.mapAsync(MODE_READ)).catch((cause: unknown) => cause);
    const cause = await this.#context.faults.answered("step.profile", failure);
    if (cause) throw this.#context.lostError("step.profile", cause);
    const nanoseconds = new BigUint64Array(gpu.getMappedRange(0, bytes).slice(0));
    gpu.unmap();
    this.began = Number(nanoseconds[0]! / 1000n);
    const since = (query: number) => Number(nanoseconds[query]! - nanoseconds[0]!) / 1e3;
    return Array.from({ length: count }, (_, i) => ({ begin: since(2 * i), end: since(2 * i + 1) }));
  }

  dispose(): void {
    for (const set of this.#sets) set.destroy();
    this.#resolved.dispose();
    this.#readable.dispose();
  }
}
