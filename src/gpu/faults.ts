import { GpuError, OutOfMemoryError } from "../errors.ts";
import { OnDemand } from "../ondemand.ts";
import { Attempt } from "./attempt.ts";
import type { DeviceBuffer, MemoryLedger } from "./buffer.ts";
import { inScopes, type Refusal } from "./scopes.ts";

const sentences = /* @__PURE__ */ new OnDemand(() => import("./refusal.ts"));

/** Milliseconds within which an engine says that a device is lost after the device's work has failed, as in Firefox and Deno. */
const LOSS_MS = 200;

/** What to do on a device that is of no use any more. */
export const ANEW = "call Device.request() again, build the model anew and load its state dict";

/**
 * Hears what a GPU refuses. Objects are made in error scopes: a refusal fails the attempt that they are a part of, or else the device.
 * Work on a device of the library's own is in no scope, since scopes cost time: its errors come as events. On an app's device they
 * would be among the app's.
 */
export class GpuFaults {
  readonly #gpu: GPUDevice;
  readonly #ledger: MemoryLedger;
  /** Whether all errors that come as events are this library's. */
  readonly #alone: boolean;
  /** The error that all work fails with, and its place in the order of scopes: the first is the cause of others. */
  #fault: { readonly error: Error; readonly order: number } | undefined;
  /** Answers that the GPU owes. */
  readonly #owed = new Set<Promise<boolean>>();
  #scopes = 0;
  /** What is being made now. */
  #attempt: Attempt | null = null;

  constructor(gpu: GPUDevice, ledger: MemoryLedger, owned: boolean) {
    this.#gpu = gpu;
    this.#ledger = ledger;
    this.#alone = owned && typeof gpu.addEventListener === "function";
    if (!this.#alone) return;
    gpu.addEventListener("uncapturederror", ({ error }) =>
      this.#fail(new GpuError(`the GPU refused work: ${error.message}`), Number.POSITIVE_INFINITY),
    );
  }

  /** Throws if the device has refused work, so that what it computed means nothing. */
  check(where: string): void {
    const cause = this.#fault?.error;
    if (!cause) return;
    const message = `${where}: ${cause.message}; nothing computed since can be trusted: ${ANEW}`;
    throw new GpuError(message, { cause });
  }

  /**
   * As {@link check}, about all work before something that has come back from the GPU.
   * @param failure Why it has not come back
   * @returns What went wrong, on a device that is lost or has refused nothing
   */
  async answered(where: string, failure?: unknown): Promise<unknown> {
    await Promise.all(this.#owed);
    const cause = this.#fault?.error ?? failure;
    const lost = cause && Promise.race([this.#gpu.lost, new Promise((done) => setTimeout(done, LOSS_MS))]);
    if (!(await lost)) this.check(where);
    return cause;
  }

  /** Begins to make objects that are of use only together. */
  attempt(where: string): Attempt {
    return new Attempt(this, where, false);
  }

  /** Runs `make`; if it throws, what it allocated is freed. What the GPU refuses of it fails the device. */
  allOrNothing<T>(where: string, make: () => T): T {
    if (this.#attempt) return make();
    const attempt = new Attempt(this, where, true);
    try {
      return attempt.run(make);
    } catch (error) {
      attempt.undo();
      throw error;
    }
  }

  /** Runs `make` as a part of an attempt. */
  within<T>(attempt: Attempt, make: () => T): T {
    const outer = this.#attempt;
    this.#attempt = attempt;
    try {
      return this.scoped("the program", make);
    } finally {
      this.#attempt = outer;
    }
  }

  /** Makes GPU objects. */
  scoped<T>(what: string, make: () => T): T {
    const [made, answer] = inScopes(this.#gpu, make);
    this.#heed(what, answer);
    return made;
  }

  /** Makes a buffer; if the GPU refuses it, it is disposed. */
  buffer(what: string, make: () => DeviceBuffer): DeviceBuffer {
    const [buffer, answer] = inScopes(this.#gpu, make);
    this.#attempt?.buffers.push(buffer);
    const freed = answer.then((refusal) => {
      if (refusal) buffer.dispose();
      return refusal;
    });
    buffer.accepted = this.#heed(what, freed);
    return buffer;
  }

  /** Gives work to the queue. */
  work<T>(use: () => T): T {
    if (this.#alone) return use();
    const [made, answer] = inScopes(this.#gpu, use, ["validation"]);
    this.#heed("work", answer);
    return made;
  }

  /** Takes the GPU's answer to where it belongs, and gives whether it accepted. */
  #heed(what: string, answer: Promise<Refusal | null>): Promise<boolean> {
    const attempt = this.#attempt;
    const order = this.#scopes++;
    const judged = answer.then((refusal) => refusal && this.#errorOf(what, refusal, attempt));
    attempt?.answers.push(judged);
    const accepted = judged.then((error) => {
      this.#owed.delete(accepted);
      if (error && (!attempt || attempt.isFinal)) this.#fail(error, order);
      return !error;
    });
    this.#owed.add(accepted);
    return accepted;
  }

  #fail(error: Error, order: number): void {
    if (!this.#fault || order < this.#fault.order) this.#fault = { error, order };
  }

  async #errorOf(what: string, refusal: Refusal, attempt: Attempt | null): Promise<Error> {
    try {
      const memory = this.#ledger.report();
      await sentences.load();
      const sentence = sentences.module.sentenceOf(what, refusal, memory);
      const Type = refusal.memory ? OutOfMemoryError : GpuError;
      return new Type(attempt ? `${attempt.where}: ${sentence}` : sentence);
    } catch (error) {
      return error as Error;
    }
  }
}
