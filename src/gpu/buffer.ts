import { show } from "../checks.ts";
import { DisposedError, ShapeError } from "../errors.ts";
import { BUFFER_USAGE } from "./flags.ts";
import { limitsOf } from "./limits.ts";

/** What a buffer is for; `device.memory` counts live bytes by role. */
export type BufferRole =
  | "parameter"
  | "gradient"
  | "optimizer"
  | "input"
  | "activation"
  | "output"
  | "uniform"
  | "staging";

/** Live GPU memory of a device, in bytes. */
export interface MemoryReport {
  /** Sum over all roles. */
  readonly total: number;
  /** The bytes of each role. */
  readonly byRole: Readonly<Record<BufferRole, number>>;
  /** Buffers created since the device was opened; it does not grow while a compiled program is replayed. */
  readonly allocations: number;
}

/** Keeps the account of every buffer of one device. */
export class MemoryLedger {
  #live = new Set<DeviceBuffer>();
  #allocations = 0;

  add(buffer: DeviceBuffer): void {
    this.#live.add(buffer);
    this.#allocations++;
  }

  remove(buffer: DeviceBuffer): void {
    this.#live.delete(buffer);
  }

  report(): MemoryReport {
    const byRole: Record<BufferRole, number> = {
      parameter: 0,
      gradient: 0,
      optimizer: 0,
      input: 0,
      activation: 0,
      output: 0,
      uniform: 0,
      staging: 0,
    };
    let total = 0;
    for (const { role, bytes } of this.#live) {
      byRole[role] += bytes;
      total += bytes;
    }
    return { total, byRole, allocations: this.#allocations };
  }

  /** Frees every buffer. */
  disposeAll(): void {
    for (const buffer of [...this.#live]) buffer.dispose();
  }
}

/** Throws a ShapeError for a buffer of more bytes than a device allows. */
export function checkFits(most: number, role: BufferRole, bytes: number, label: string): void {
  if (bytes <= most) return;
  throw new ShapeError(
    `Device: ${label} needs a buffer of ${bytes} bytes, this device allows ${most}; ` +
      (role === "parameter" || role === "gradient" || role === "optimizer"
        ? "use fewer units, or a smaller vocabulary"
        : "use a smaller batch, a shorter sequence or fewer hidden units"),
  );
}

/** One GPU buffer, its role and its size. Zero-filled when new. */
export class DeviceBuffer {
  readonly gpu: GPUBuffer;
  readonly role: BufferRole;
  readonly bytes: number;
  readonly label: string;
  /** Whether the GPU has given the memory; settled once it has answered. A buffer that it refused is disposed. */
  accepted: Promise<boolean> = Promise.resolve(true);
  #ledger: MemoryLedger;
  #disposed = false;

  constructor(
    device: GPUDevice,
    ledger: MemoryLedger,
    role: BufferRole,
    bytes: number,
    label: string,
    usage: GPUBufferUsageFlags,
  ) {
    const isStorage = (usage & BUFFER_USAGE.STORAGE) !== 0;
    const most = isStorage ? limitsOf(device).maxStorage : device.limits.maxBufferSize;
    checkFits(most, role, bytes, label);
    this.gpu = device.createBuffer({ size: bytes, usage, label });
    this.role = role;
    this.bytes = bytes;
    this.label = label;
    this.#ledger = ledger;
    ledger.add(this);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Throws a {@link DisposedError} if this buffer's memory is already returned. */
  check(where: string): void {
    if (this.#disposed)
      throw new DisposedError(`${where}: the memory of ${show(this.label)} was given back by a dispose()`);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.gpu.destroy();
    this.#ledger.remove(this);
  }
}
