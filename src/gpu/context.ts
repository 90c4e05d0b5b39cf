import { DeviceLostError, DisposedError, WebGpuLstmError } from "../errors.ts";
import { OnDemand } from "../ondemand.ts";
import type { AdapterFacts } from "./adapter-facts.ts";
import { type BufferRole, DeviceBuffer, MemoryLedger, type MemoryReport } from "./buffer.ts";
import { ANEW, GpuFaults } from "./faults.ts";
import { BUFFER_USAGE } from "./flags.ts";
import { KernelCache, type PreparedDispatch } from "./kernel.ts";
import { type DeviceLimits, limitsOf } from "./limits.ts";
import type { Timestamps } from "./timestamps.ts";
import type { Waker } from "./waker.ts";

/** Who made the adapter, as WebGPU reports it. */
export interface AdapterInfo {
  /** Who made it, such as `"nvidia"`; empty where the browser does not tell. */
  readonly vendor: string;
  /** Its family, such as `"ampere"`; may be empty. */
  readonly architecture: string;
  /** Its model; may be empty. */
  readonly device: string;
  /** A name for people; may be empty. */
  readonly description: string;
  /** Whether the adapter is a CPU pretending to be a GPU (SwiftShader, WARP, lavapipe). */
  readonly software: boolean;
}

/** A copy from buffer to buffer, in bytes. */
export interface BufferCopy {
  readonly source: DeviceBuffer;
  readonly sourceOffset: number;
  readonly target: DeviceBuffer;
  readonly targetOffset: number;
  readonly bytes: number;
}

/** An array, set or map of buffers, which may still grow. */
interface Buffers {
  values(): Iterable<DeviceBuffer>;
}

/** Frees the buffers of what nobody can reach any more. */
const unreachable = /* @__PURE__ */ new FinalizationRegistry<Buffers>((buffers) => {
  for (const buffer of buffers.values()) buffer.dispose();
});

const waking = /* @__PURE__ */ new OnDemand(() => import("./waker.ts"));

/** An engine that takes longer than this to say that nothing is done, in ms, answers on a timer. */
const SLOW_MS = 20;

/** A GPUDevice with its account of memory, its kernels and its queue. `Device` is built on it. */
export class GpuContext {
  /** Who made the adapter. */
  readonly info: AdapterInfo;
  /** What the adapter can do and how fast it is, by which programs are planned. */
  readonly facts: AdapterFacts;
  /** Settles with the reason when the device is lost; a `dispose()` is no loss. */
  readonly lost: Promise<DeviceLostError>;
  /** What the GPU refuses. @internal */
  readonly faults: GpuFaults;
  /** Compiled kernels. @internal */
  readonly kernels: KernelCache;
  /** The device's limits that planning needs. @internal */
  readonly limits: DeviceLimits;
  #gpu: GPUDevice;
  #owned: boolean;
  #ledger = new MemoryLedger();
  #lost: DeviceLostError | undefined;
  #disposed = false;
  #waker: Waker | null = null;

  /**
   * @param owned Whether `dispose()` destroys the GPUDevice: true where this library asked for it.
   * @internal
   */
  constructor(gpu: GPUDevice, info: AdapterInfo, facts: AdapterFacts, owned: boolean) {
    this.#gpu = gpu;
    this.#owned = owned;
    this.info = info;
    this.facts = facts;
    this.faults = new GpuFaults(gpu, this.#ledger, owned);
    this.kernels = new KernelCache(gpu, this.faults);
    this.limits = limitsOf(gpu);
    this.lost = new Promise((resolve) => {
      void gpu.lost.then(({ reason, message }) => {
        if (this.#disposed) return;
        this.#lost = new DeviceLostError(
          `the GPU device was lost (${reason}): ${message || "no message"}; ${ANEW}`,
        );
        resolve(this.#lost);
      });
    });
  }

  /** An error of this library, for files that load on demand and import no values. @internal */
  failure(message: string): Error {
    return new WebGpuLstmError(message);
  }

  /** The device that this is an account of. @internal */
  get gpu(): GPUDevice {
    return this.#gpu;
  }

  /** Live bytes by role, and how many buffers were ever created. */
  get memory(): MemoryReport {
    return this.#ledger.report();
  }

  /** One line for people: who made the adapter, and whether it is software. */
  describe(): string {
    const { vendor, architecture, description, software } = this.info;
    const name = description || [vendor, architecture].filter(Boolean).join(" ") || "unnamed adapter";
    const prefix = vendor && !name.toLowerCase().includes(vendor.toLowerCase()) ? `${vendor} ` : "";
    return `${prefix}${name}${software ? " (software)" : ""}`;
  }

  /** Whether the device is disposed or lost. @internal */
  get isGone(): boolean {
    return this.#disposed || !!this.#lost;
  }

  /** Throws if the device is disposed or lost, or has refused work. @internal */
  check(where: string): void {
    this.#checkAlive(where);
    this.faults.check(where);
  }

  #checkAlive(where: string): void {
    if (this.isGone) throw this.lostError(where, this.#lost);
  }

  /** The error for an operation that failed because the device went away. @internal */
  lostError(where: string, cause: unknown): Error {
    if (this.#disposed)
      return new DisposedError(`${where}: the device was disposed; request a new one`, { cause });
    const reason = this.#lost?.message ?? `the GPU device was lost; ${ANEW}`;
    return new DeviceLostError(`${where}: ${reason}`, { cause });
  }

  /** Creates a zero-filled buffer of at least 16 bytes. @internal */
  allocate(
    role: BufferRole,
    bytes: number,
    label: string,
    usage: number = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_SRC | BUFFER_USAGE.COPY_DST,
  ): DeviceBuffer {
    this.#checkAlive(label);
    const size = Math.max(bytes, 16);
    return this.faults.buffer(
      `${label} (${role}, ${size} bytes)`,
      () => new DeviceBuffer(this.#gpu, this.#ledger, role, size, label, usage),
    );
  }

  /** Frees these buffers when nobody can reach `owner` any more, at the latest. `buffers` must not reach it. @internal */
  freeWith(owner: object, buffers: Buffers): void {
    unreachable.register(owner, buffers);
  }

  /** Creates a buffer that holds uniform structs. @internal */
  allocateUniforms(bytes: number, label: string): DeviceBuffer {
    const { UNIFORM, STORAGE, COPY_DST } = BUFFER_USAGE;
    return this.allocate("uniform", bytes, label, UNIFORM | STORAGE | COPY_DST);
  }

  /** Writes host data, in queue order. @internal */
  write(target: DeviceBuffer, offset: number, data: ArrayBufferView): void {
    target.check("write");
    // Node's WebGPU takes no memory that is shared between threads.
    const own = data.buffer instanceof ArrayBuffer ? data : (data as Float32Array).slice();
    this.#gpu.queue.writeBuffer(target.gpu, offset, own.buffer, own.byteOffset, own.byteLength);
  }

  /** Submits copies, in order. @internal */
  copy(copies: readonly BufferCopy[]): void {
    this.submit([], copies);
  }

  /** Encodes dispatches in one compute pass, then copies, and submits them as one command buffer. @internal */
  submit(dispatches: readonly PreparedDispatch[], copies: readonly BufferCopy[] = []): void {
    this.encode((encoder) => {
      if (dispatches.length > 0) {
        const pass = encoder.beginComputePass();
        let pipeline: GPUComputePipeline | undefined;
        for (const dispatch of dispatches) {
          if (dispatch.pipeline !== pipeline) {
            pipeline = dispatch.pipeline;
            pass.setPipeline(pipeline);
          }
          pass.setBindGroup(0, dispatch.bindGroup, dispatch.paramOffset);
          pass.dispatchWorkgroups(dispatch.grid[0], dispatch.grid[1], dispatch.grid[2]);
        }
        pass.end();
      }
      for (const { source, sourceOffset, target, targetOffset, bytes } of copies) {
        if (source === target && sourceOffset === targetOffset) continue;
        encoder.copyBufferToBuffer(source.gpu, sourceOffset, target.gpu, targetOffset, bytes);
      }
    });
  }

  /** As {@link submit}, with every dispatch in a pass of its own that writes its times; the first is pass `first`. @internal */
  submitTimed(dispatches: readonly PreparedDispatch[], timestamps: Timestamps, first: number): void {
    this.encode((encoder) => {
      for (const [i, dispatch] of dispatches.entries()) {
        const pass = encoder.beginComputePass({ timestampWrites: timestamps.writesOf(first + i) });
        pass.setPipeline(dispatch.pipeline);
        pass.setBindGroup(0, dispatch.bindGroup, dispatch.paramOffset);
        pass.dispatchWorkgroups(dispatch.grid[0], dispatch.grid[1], dispatch.grid[2]);
        pass.end();
      }
    });
  }

  /** Submits what `write` encodes as one command buffer. @internal */
  encode(write: (encoder: GPUCommandEncoder) => void): void {
    this.faults.work(() => {
      const encoder = this.#gpu.createCommandEncoder();
      write(encoder);
      this.#gpu.queue.submit([encoder.finish()]);
    });
  }

  /** Settles when everything submitted so far is done. */
  async idle(): Promise<void> {
    await this.answer(this.#gpu.queue.onSubmittedWorkDone());
  }

  /** What the GPU answers, without waiting for a slow timer of the engine. @internal */
  answer<T>(answer: Promise<T>): Promise<T> {
    return this.#waker?.during(answer) ?? answer;
  }

  /** Finds out whether the engine answers on a slow timer. @internal */
  async learn(): Promise<this> {
    const { queue } = this.#gpu;
    const answered = async () => {
      queue.submit([]);
      await queue.onSubmittedWorkDone();
      return performance.now();
    };
    // A timer may answer the first at once, but then not the second, which begins with its tick.
    const start = await answered();
    if ((await answered()) - start > SLOW_MS) {
      await waking.load();
      this.#waker = await waking.module.wakerFor(queue, SLOW_MS);
    }
    return this;
  }

  /** Frees every buffer made on this device, and the device itself if this library requested it. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#ledger.disposeAll();
    if (this.#owned) this.#gpu.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
