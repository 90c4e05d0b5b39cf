/** What both forms that run something have in common: their button, status and notice, one run at a time, and stopping it. */

import type { Device } from "webgpu-lstm";
import { byId as part } from "../shell/dom.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice } from "../shell/notice.ts";

/** What a form runs. */
export interface Runnable<Input> {
  /** Reads the form. Throws an error in words for the visitor. */
  read(): Input;
  /** Runs on the GPU, shows what came out, and gives the status; `say` changes it on the way. */
  run(device: Device, input: Input, signal: AbortSignal, say: (status: string) => void): Promise<string>;
  /** Hides what is shown, since nothing came out. */
  hide(): void;
}

export class RunFrame<Input> {
  readonly #gpu: Gpu;
  readonly #runnable: Runnable<Input>;
  readonly #button: HTMLButtonElement;
  readonly #status: HTMLElement;
  readonly #notice: HTMLElement;
  #abort = new AbortController();
  /** Settles when the last run has ended. */
  #running: Promise<void> = Promise.resolve();
  /** Runs that have not ended, of the open file and of others. */
  #runs = 0;
  #ownRuns = 0;
  /** Whether a run of the open file has shown something. */
  #hasShown = false;
  #file = 0;
  #ready = false;

  /** @param name The ids begin with it: NAME-form, NAME-status, NAME-notice; @param button the button's id */
  constructor(gpu: Gpu, name: string, button: string, runnable: Runnable<Input>) {
    this.#gpu = gpu;
    this.#runnable = runnable;
    this.#button = part(button);
    this.#status = part(`${name}-status`);
    this.#notice = part(`${name}-notice`);
    part(`${name}-form`).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.start();
    });
  }

  /** Stops the current run, and forgets it: another file is open. */
  renew(): void {
    void this.stop();
    this.#file++;
    this.#ownRuns = 0;
    this.#hasShown = false;
    this.#runnable.hide();
    showNotice(this.#notice, undefined);
    this.#status.textContent = "";
  }

  /** Whether there is something to run. */
  set ready(ready: boolean) {
    this.#ready = ready;
    this.#showButton();
  }

  /** Whether a run is under way. */
  get underWay(): boolean {
    return this.#runs > 0;
  }

  /** Stops the current run; settles when its memory is free. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  /** Runs what the form says. */
  start(): Promise<void> {
    if (this.#ready) this.#running = this.#start(this.#running);
    return this.#running;
  }

  /** Runs what the form says, unless the visitor has asked for a run of this file already. */
  runFirst(): Promise<void> {
    const isUnderWay = this.#ownRuns > 0 && !this.#abort.signal.aborted;
    return this.#hasShown || isUnderWay ? this.#running : this.start();
  }

  /** Shows a status while nothing runs. */
  say(status: string): void {
    if (this.#ready) this.#status.textContent = status;
  }

  /** @param before The last run, which must end first: only one runs on the GPU at a time */
  async #start(before: Promise<void>): Promise<void> {
    const file = this.#file;
    const say = (status: string) => {
      if (this.#file === file) this.#status.textContent = status;
    };
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    showNotice(this.#notice, undefined);
    let input: Input;
    try {
      input = this.#runnable.read();
    } catch (error) {
      say((error as Error).message);
      return;
    }
    this.#runs++;
    this.#ownRuns++;
    this.#showButton();
    try {
      say("Running on the GPU…");
      await before;
      // A view that is left waits for its runs, and the device waits for the view.
      signal.throwIfAborted();
      const device = await this.#gpu.device();
      signal.throwIfAborted();
      say(await this.#runnable.run(device, input, signal, say));
      if (this.#file === file) this.#hasShown = true;
    } catch (error) {
      if (this.#file !== file) return;
      say(signal.aborted ? "Stopped." : "Not run.");
      if (signal.aborted) return;
      this.#runnable.hide();
      showNotice(this.#notice, error);
    } finally {
      this.#runs--;
      if (this.#file === file) this.#ownRuns--;
      this.#showButton();
    }
  }

  #showButton(): void {
    this.#button.disabled = !this.#ready || this.#ownRuns > 0;
  }
}
