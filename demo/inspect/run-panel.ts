/** The form that runs a recurrent layer of the open file, and the results. */

import { element } from "../shell/dom.ts";
import type { Gpu } from "../shell/gpu.ts";
import { showNotice } from "../shell/notice.ts";
import { Breather } from "./breather.ts";
import type { Opened } from "./file-panel.ts";
import { traceStack } from "./gates.ts";
import { embeddingOf, type Layer, readoutOf } from "./layers.ts";
import { Results } from "./results.ts";
import { runStack } from "./run.ts";
import { MOST_STEPS, makeSignal, parseSignal, type Signal, type SignalKind, textSignal } from "./signals.ts";

const part = <E extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as E;

export class RunPanel {
  readonly #gpu: Gpu;
  readonly #results = new Results();
  readonly #button = part<HTMLButtonElement>("run");
  readonly #signal = part<HTMLSelectElement>("signal");
  readonly #stack = part<HTMLSelectElement>("stack");
  #opened: Opened | undefined;
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Runs that have not ended. */
  #runs = 0;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    part("run-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#running = this.#run(this.#running);
    });
    this.#signal.addEventListener("change", () => this.#showFields());
    this.#stack.addEventListener("change", () => this.#showFields());
  }

  /** Stops the current run, and offers the layers of another file. */
  offer(opened: Opened | undefined): void {
    void this.stop();
    this.#opened = opened;
    this.#results.hide();
    showNotice(part("run-notice"), undefined);
    part("run-status").textContent = "";
    const layers = opened?.layers.filter(({ stack }) => stack) ?? [];
    this.#stack.replaceChildren(...layers.map(({ name }) => element("option", {}, name || "(the model)")));
    part("stack-field").hidden = layers.length < 2;
    this.#showFields();
  }

  /** Whether a run is under way. */
  get underWay(): boolean {
    return this.#runs > 0;
  }

  /** Stops the current run; settles when its memory is free. */
  stop(): Promise<void> {
    this.#abort.abort();
    return this.#running;
  }

  /** The recurrent layer that is chosen. */
  get layer(): Layer | undefined {
    return this.#opened?.layers.filter(({ stack }) => stack)[this.#stack.selectedIndex];
  }

  #showFields(): void {
    const layer = this.layer;
    part("run-form").hidden = !layer;
    if (!layer) {
      part("run-about").textContent = this.#opened
        ? this.#opened.model
          ? "No recurrent layer was found by the names and shapes of its weights, so there are no gates to show."
          : "No recurrent layer was found in this file (weight_ih_l0, weight_hh_l0, …), so there is nothing to run."
        : "";
      this.#button.disabled = true;
      return;
    }
    const stack = layer.stack!;
    const embedding = embeddingOf(this.#opened!.layers, layer);
    const option = part<HTMLOptionElement>("signal-text");
    option.hidden = option.disabled = !embedding;
    if (!embedding && this.#signal.value === "text") this.#signal.value = "sine";
    const pasted = this.#signal.value === "pasted";
    const text = this.#signal.value === "text";
    part("nonlinearity-field").hidden = stack.kind !== "rnn";
    part("steps-field").hidden = pasted || text;
    part("text-field").hidden = !text;
    part("text-note").textContent =
      `Each character's code, modulo ${embedding?.shape[0]}, picks a row of ${embedding?.name}: the file has no vocabulary.`;
    part("pasted-field").hidden = !pasted;
    part("pasted-note").textContent =
      stack.inputSize === 1
        ? `Separated by blanks, commas or line breaks; at most ${MOST_STEPS}.`
        : `A line a step with ${stack.inputSize} numbers each; at most ${MOST_STEPS} lines.`;
    const readout = readoutOf(this.#opened!.layers, layer);
    const used = [...stack.parameters.values(), readout?.weight, readout?.bias];
    const broken = used.find((tensor) => tensor && this.#opened!.broken.has(tensor.name));
    this.#button.disabled = broken !== undefined;
    const name = layer.name || `the ${stack.className}`;
    part("run-about").textContent = broken
      ? `${name} is not run: ${broken.name} holds values that are NaN or infinite.`
      : `${name} from zero states${readout ? `, then ${readout.name || "the Linear"} at every step` : ""}. ` +
        `It takes ${stack.inputSize === 1 ? "one number" : `${stack.inputSize} numbers`} a step.`;
  }

  #input(features: number): Signal {
    const kind = this.#signal.value as SignalKind;
    if (kind === "text") {
      const embedding = embeddingOf(this.#opened!.layers, this.layer!)!;
      return textSignal(part<HTMLInputElement>("text").value, embedding);
    }
    if (kind === "pasted") return parseSignal(part<HTMLTextAreaElement>("pasted").value, features);
    return makeSignal(kind, part<HTMLInputElement>("steps").valueAsNumber, features);
  }

  /** @param before The last run, which must end first: only one runs on the GPU at a time. */
  async #run(before: Promise<void>): Promise<void> {
    const layer = this.layer!;
    const stack = layer.stack!;
    const readout = readoutOf(this.#opened!.layers, layer);
    const status = part("run-status");
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    showNotice(part("run-notice"), undefined);
    let input: Signal;
    try {
      input = this.#input(stack.inputSize);
    } catch (error) {
      status.textContent = (error as Error).message;
      return;
    }
    this.#button.disabled = true;
    this.#runs++;
    try {
      status.textContent = "Running on the GPU…";
      await before;
      const device = await this.#gpu.device();
      signal.throwIfAborted();
      const relu = part<HTMLSelectElement>("nonlinearity").value === "relu";
      const result = await runStack(device, stack, readout, input, relu, signal);
      status.textContent = "Computing the gates…";
      const x = Float64Array.from(input.data);
      const trace = await traceStack(stack, x, input.steps, new Breather(signal), relu);
      this.#results.show({ stack, readout, input, result, trace });
      status.textContent = `Done: ${input.steps} steps.`;
    } catch (error) {
      if (signal.aborted) {
        if (this.layer === layer) status.textContent = "Stopped.";
        return;
      }
      this.#results.hide();
      status.textContent = "Not run.";
      showNotice(part("run-notice"), error);
    } finally {
      this.#runs--;
      if (this.layer === layer) this.#button.disabled = false;
    }
  }
}
