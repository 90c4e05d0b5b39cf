import { DisposedError } from "../errors.ts";
import type { DeviceBuffer } from "./buffer.ts";
import type { GpuContext } from "./context.ts";

/**
 * Brings results back to the host. A read is a copy into a mappable buffer, submitted at once so that it sees the
 * source as it is now in queue order; the mapping is awaited. Buffers are reused from read to read, and a
 * second one is made only while the first is still in flight.
 */
export class StagingPool {
  #context: GpuContext;
  #label: string;
  #free: DeviceBuffer[] = [];
  #all: DeviceBuffer[] = [];
  #disposed = false;

  constructor(context: GpuContext, label: string) {
    this.#context = context;
    this.#label = label;
  }

  /** Reads `count` float32 values of `source`, from element `offset` on. */
  async read(source: DeviceBuffer, offset: number, count: number): Promise<Float32Array> {
    source.check("read");
    const bytes = count * 4;
    const target = this.#take(bytes);
    this.#context.copy([{ source, sourceOffset: offset * 4, target, targetOffset: 0, bytes }]);
    try {
      await target.gpu.mapAsync(GPUMapMode.READ, 0, bytes);
    } catch (cause) {
      if (this.#disposed) {
        throw new DisposedError(`${this.#label}: disposed before the value being read arrived`, { cause });
      }
      throw this.#context.lostError("read", cause);
    }
    const values = new Float32Array(target.gpu.getMappedRange(0, bytes).slice(0));
    target.gpu.unmap();
    this.#free.push(target);
    return values;
  }

  #take(bytes: number): DeviceBuffer {
    const index = this.#free.findIndex((buffer) => buffer.bytes >= bytes);
    if (index >= 0) return this.#free.splice(index, 1)[0]!;
    // Powers of two, so that results of slightly different sizes share one.
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, 256)));
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const buffer = this.#context.allocate("staging", size, `${this.#label} staging`, usage);
    this.#all.push(buffer);
    return buffer;
  }

  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#all) buffer.dispose();
  }
}
