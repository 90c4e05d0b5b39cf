/** The form that runs a recurrent layer of the open file, and the results. */

import type { Device } from "webgpu-lstm";
import { element, byId as part } from "../../shell/dom.ts";
import type { Gpu } from "../../shell/gpu.ts";
import { Breather } from "../breather.ts";
import type { Opened } from "../file/file-panel.ts";
import { embeddingOf, type Layer, readoutOf } from "../file/layers.ts";
import { RunFrame } from "../run-frame.ts";
import { traceStack } from "./gates.ts";
import { Results } from "./results.ts";
import { runStack } from "./run.ts";
import { MOST_STEPS, makeSignal, parseSignal, type Signal, type SignalKind, textSignal } from "./signals.ts";

/** The signal that goes in, and the layer that it goes into. */
interface Run {
  readonly layer: Layer;
  readonly input: Signal;
}

export class RunPanel {
  readonly #results = new Results();
  readonly #signal = part<HTMLSelectElement>("signal");
  readonly #stack = part<HTMLSelectElement>("stack");
  readonly #frame: RunFrame<Run>;
  #opened: Opened | undefined;

  constructor(gpu: Gpu) {
    this.#frame = new RunFrame(gpu, "run", "run", {
      read: () => ({ layer: this.layer!, input: this.#input(this.layer!.stack!.inputSize) }),
      run: (device, run, signal, say) => this.#run(device, run, signal, say),
      hide: () => this.#results.hide(),
    });
    this.#signal.addEventListener("change", () => this.#showFields());
    this.#stack.addEventListener("change", () => this.#showFields());
  }

  /** Stops the current run, and offers the layers of another file. */
  offer(opened: Opened | undefined): void {
    this.#frame.renew();
    this.#opened = opened;
    const layers = opened?.layers.filter(({ stack }) => stack) ?? [];
    this.#stack.replaceChildren(...layers.map(({ name }) => element("option", {}, name || "(the model)")));
    part("stack-field").hidden = layers.length < 2;
    // What fits the first layer; numbers that were pasted were for another file.
    const { value } = this.#signal;
    if (opened && layers[0]) {
      const readsText = embeddingOf(opened.layers, layers[0]) !== undefined;
      this.#signal.value = readsText ? "text" : value === "text" || value === "pasted" ? "sine" : value;
    }
    this.#showFields();
  }

  get underWay(): boolean {
    return this.#frame.underWay;
  }

  /** Stops the current run, and the replay of the last one; settles when the run's memory is free. */
  stop(): Promise<void> {
    this.#results.rest();
    return this.#frame.stop();
  }

  /** Goes on with the replay of the last run. */
  resume(): void {
    this.#results.resume();
  }

  /** Runs as the button does, unless the visitor was first. */
  runFirst(): Promise<void> {
    return this.#frame.runFirst();
  }

  /** Shows a status while nothing runs. */
  say(status: string): void {
    this.#frame.say(status);
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
      this.#frame.ready = false;
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
    this.#frame.ready = broken === undefined;
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

  async #run(
    device: Device,
    { layer, input }: Run,
    signal: AbortSignal,
    say: (status: string) => void,
  ): Promise<string> {
    const stack = layer.stack!;
    const readout = readoutOf(this.#opened!.layers, layer);
    const relu = part<HTMLSelectElement>("nonlinearity").value === "relu";
    const result = await runStack(device, stack, readout, input, relu, signal);
    say("Computing the gates…");
    const x = Float64Array.from(input.data);
    const trace = await traceStack(stack, x, input.steps, new Breather(signal), relu);
    this.#results.show({ stack, readout, input, result, trace });
    return `Done: ${input.steps} steps.`;
  }
}
