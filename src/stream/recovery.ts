/** Lets a stream go on where its device was lost. Loaded on demand; imports types alone of what is not. */
import type { Device } from "../device.ts";
import type { DeviceLostError } from "../errors.ts";
import { lossBehind, newDevice, type Replacement } from "../gpu/replacement.ts";
import type { Parameter, ParameterHome } from "../graph/parameter.ts";
import type { NDArray } from "../shape.ts";

/** A stream in host memory: its state after a step, and the model's values then. */
export interface KeptStream {
  readonly state: ReadonlyMap<string, Float32Array>;
  readonly values: ReadonlyMap<Parameter, { readonly value: Float32Array; home: ParameterHome | null }>;
}

/** What recovering needs of a stream. */
export interface RecoverableStream extends Replacement<Device> {
  /** Steps from one copy of the state to the next. */
  readonly keepEvery: number;
  readonly maxRecoveries: number;
  /** Begins a step. */
  start(data: Float32Array, fresh: ReadonlySet<number>): Promise<NDArray>;
  /** Copies the stream as it is after the steps that have begun. */
  keep(): Promise<KeptStream>;
  moveTo(device: Device, kept: KeptStream): Promise<void>;
}

/** A step since the last copy. */
interface Entry {
  readonly data: Float32Array;
  readonly fresh: ReadonlySet<number>;
  /** Its answer on the current device; `null` before it has begun. */
  asked: Promise<NDArray> | null;
}

/** Steps that are repeated at a time. */
const AHEAD = 8;

/**
 * Keeps a copy of a stream's state and the steps since. When the device is lost it puts the copy on another one and repeats the steps,
 * so that each gives what it would have given.
 */
export class StreamRecovery {
  readonly #stream: RecoverableStream;
  #kept: KeptStream;
  /** Steps since the copy, in order. */
  readonly #log: Entry[] = [];
  #steps = 0;
  #copying = false;
  #left: number;
  /** Settles once another device has taken the place of a lost one, and rejects if none can; `null` if none is lost. */
  #moving: Promise<void> | null = null;
  /** Why the stream cannot go on; `null` while it can. */
  #end: { readonly reason: unknown } | null = null;

  private constructor(stream: RecoverableStream, kept: KeptStream) {
    this.#stream = stream;
    this.#kept = kept;
    this.#left = stream.maxRecoveries;
  }

  /** Begins to keep a stream that has taken no step yet. */
  static async of(stream: RecoverableStream): Promise<StreamRecovery> {
    return new StreamRecovery(stream, await stream.keep());
  }

  /** Takes a step; settles with its answer, on whatever device. */
  async step(data: Float32Array, fresh: ReadonlySet<number>): Promise<NDArray> {
    if (this.#end) throw this.#end.reason;
    const entry: Entry = { data: data.slice(), fresh, asked: null };
    this.#log.push(entry);
    if (!this.#moving) {
      this.#begin(entry);
      if (++this.#steps % this.#stream.keepEvery === 0) this.#keep(entry);
    }
    while (true) {
      await this.#moving;
      const { asked } = entry;
      try {
        return await asked!;
      } catch (error) {
        const isReplaced = () => this.#moving !== null || asked !== entry.asked;
        const lost = isReplaced() ? null : await lossBehind(this.#stream, error);
        // The answer of a device that has been replaced.
        if (isReplaced()) continue;
        if (!lost) {
          this.#forget(entry);
          throw error;
        }
        this.#moving = this.#move(lost, error);
      }
    }
  }

  #begin(entry: Entry): void {
    entry.asked = this.#stream.start(entry.data, entry.fresh);
    entry.asked.catch(() => {});
  }

  /** Copies the stream as it is after a step. Where that fails the copy before it stays. */
  #keep(entry: Entry): void {
    if (this.#copying) return;
    this.#copying = true;
    const kept = this.#stream.keep().then((kept) => {
      if (this.#moving) return;
      this.#kept = kept;
      this.#log.splice(0, this.#log.indexOf(entry) + 1);
    });
    const done = () => {
      this.#copying = false;
    };
    kept.then(done, done);
  }

  /** Leaves a step out that has failed by itself; a copy may have been made since. */
  #forget(entry: Entry): void {
    const at = this.#log.indexOf(entry);
    if (at >= 0) this.#log.splice(at, 1);
  }

  /** Goes on with another device; `error` is what the loss has led to. */
  async #move(loss: DeviceLostError, error: unknown): Promise<void> {
    let lost: DeviceLostError | null = loss;
    let cause = error;
    try {
      while (cause !== null) {
        if (!lost || this.#left === 0) throw cause;
        this.#left--;
        cause = await this.#goOn(await newDevice(this.#stream, lost));
        if (cause !== null) lost = await lossBehind(this.#stream, cause);
      }
    } catch (reason) {
      this.#end = { reason };
      throw reason;
    }
  }

  /** Puts the copy on a device and repeats the steps since, also those that come meanwhile; gives what it has failed with. */
  async #goOn(device: Device): Promise<unknown> {
    try {
      await this.#stream.moveTo(device, this.#kept);
      for (let i = 0; i < this.#log.length; i++) {
        this.#begin(this.#log[i]!);
        await this.#log[i - AHEAD]?.asked;
      }
      // At once: a step that comes now begins by itself.
      this.#moving = null;
      return null;
    } catch (cause) {
      return cause;
    }
  }
}
