import { DisposedError } from "../errors.ts";
import type { DeviceBuffer } from "./buffer.ts";
import type { BufferCopy, GpuContext } from "./context.ts";
import { BUFFER_USAGE, MAP_READ } from "./flags.ts";

/** A read that has begun: its copy is to be submitted, and then its values can be waited for. */
export interface Transfer {
  readonly copy: BufferCopy;
  /** The values, once the GPU has them. To be called after the copy was submitted. */
  arrive(): Promise<Float32Array>;
}

/**
 * Brings results back to the host. A read is a copy into a mappable buffer, submitted at once so that it sees the
 * source as it is now in queue order; the mapping is awaited. Buffers are reused from read to read, and a
 * second one is made only while the first is still in flight.
 */
export class StagingPool {
  #context: GpuContext;
  #label: string;
  #free: DeviceBuffer[] = [];
  readonly #all: DeviceBuffer[] = [];
  #released = false;
  #disposed = false;

  constructor(context: GpuContext, label: string) {
    this.#context = context;
    this.#label = label;
    context.freeWith(this, this.#all);
  }

  /** Reads `count` float32 values of `source`, from element `offset` on. */
  async read(source: DeviceBuffer, offset: number, count: number): Promise<Float32Array> {
    const transfer = this.begin(source, offset, count);
    this.#context.copy([transfer.copy]);
    return transfer.arrive();
  }

  /** As {@link read}, for a caller that submits the copy together with other work. */
  begin(source: DeviceBuffer, offset: number, count: number): Transfer {
    source.check("read");
    const bytes = count * 4;
    const target = this.#take(bytes);
    return {
      copy: { source, sourceOffset: offset * 4, target, targetOffset: 0, bytes },
      arrive: () => this.#arrive(target, bytes),
    };
  }

  /** Makes sure that this many reads of `count` values can be in flight without a new buffer. */
  reserve(reads: number, count: number): void {
    const taken = Array.from({ length: reads }, () => this.#take(count * 4));
    this.#free.push(...taken);
  }

  async #arrive(target: DeviceBuffer, bytes: number): Promise<Float32Array> {
    const { faults } = this.#context;
    let values!: Float32Array;
    const reading = faults.work(async () => {
      await target.gpu.mapAsync(MAP_READ, 0, bytes);
      // Deno maps a buffer that was destroyed meanwhile, or whose device is lost; then this throws.
      values = new Float32Array(target.gpu.getMappedRange(0, bytes).slice(0));
      target.gpu.unmap();
    });
    const failure = await this.#context.answer(reading).catch((cause: unknown) => cause);
    const cause = this.#disposed ? failure : await faults.answered("read", failure);
    if (this.#disposed)
      throw new DisposedError(`${this.#label}: disposed before the value arrived`, { cause });
    if (cause) throw this.#context.lostError("read", cause);
    if (this.#released) target.dispose();
    else this.#free.push(target);
    return values;
  }

  #take(bytes: number): DeviceBuffer {
    const index = this.#free.findIndex((buffer) => buffer.bytes >= bytes);
    if (index >= 0) return this.#free.splice(index, 1)[0]!;
    // Powers of two, so that results of slightly different sizes share one, where a buffer may be as large.
    const rounded = 2 ** Math.ceil(Math.log2(Math.max(bytes, 256)));
    const size = rounded > this.#context.gpu.limits.maxBufferSize ? bytes : rounded;
    const usage = BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST;
    const buffer = this.#context.allocate("staging", size, `${this.#label} staging`, usage);
    this.#all.push(buffer);
    return buffer;
  }

  /** Frees the buffers; those of reads that have begun, or begin yet, as soon as their values are here. */
  release(): void {
    this.#released = true;
    for (const buffer of this.#free) buffer.dispose();
    this.#free = [];
  }

  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#all) buffer.dispose();
  }
}
