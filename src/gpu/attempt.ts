import type { BufferRole, DeviceBuffer } from "./buffer.ts";

/** Roles of buffers that belong to a model and not to the program that first needed them. */
const SHARED: readonly BufferRole[] = ["parameter", "gradient", "optimizer"];

/** Runs a part of an attempt. */
interface Runner {
  within<T>(attempt: Attempt, make: () => T): T;
}

/** GPU objects that are made together. The GPU answers later; if it refuses one, the memory of all is given back. */
export class Attempt {
  readonly buffers: DeviceBuffer[] = [];
  /** What the GPU has to say about each object: an error or nothing. */
  readonly answers: Promise<Error | null>[] = [];
  /** The call that its errors name. */
  readonly where: string;
  /** Whether nothing can go on after a refusal, since the objects are used before the GPU has answered. */
  readonly isFinal: boolean;
  readonly #runner: Runner;

  constructor(runner: Runner, where: string, isFinal: boolean) {
    this.#runner = runner;
    this.where = where;
    this.isFinal = isFinal;
  }

  /** Makes some of the objects; `make` awaits nothing. */
  run<T>(make: () => T): T {
    return this.#runner.within(this, make);
  }

  /** Settles once the GPU has accepted all that was made. Rejects with the first refusal. */
  async accepted(): Promise<void> {
    for (const answer of this.answers) {
      const error = await answer;
      if (error) throw error;
    }
  }

  undo(): void {
    for (const buffer of this.buffers) if (!SHARED.includes(buffer.role)) buffer.dispose();
  }
}
