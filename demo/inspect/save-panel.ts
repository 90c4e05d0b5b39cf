/** "Save as": the open file's weights as safetensors and .pt, its model as ONNX; what cannot be saved says why. */

import { GraphError, saveSafetensors } from "webgpu-lstm";
import { saveOnnx, saveTorch } from "webgpu-lstm/formats";
import { byId as part } from "../shell/dom.ts";
import { download } from "../shell/download.ts";
import { bytes } from "../shell/format.ts";
import type { Layer } from "./file/layers.ts";
import { readoutOf } from "./file/layers.ts";
import { dynamicSizes } from "./file/model-inputs.ts";
import type { OpenFile } from "./file/opening.ts";
import { StackModel } from "./layer-run/run.ts";
import type { ModelPanel } from "./model-run/model-panel.ts";
import { forwardOf } from "./model-run/model-run.ts";

/** Steps of a layer's traced input; the file takes any number. */
const STEPS = 24;

type Target = "safetensors" | "pt" | "onnx";

const TARGETS: readonly Target[] = ["safetensors", "pt", "onnx"];

interface Saved {
  readonly data: Uint8Array;
  /** What the visitor should know of it. */
  readonly note: string;
}

export class SavePanel {
  readonly #models: ModelPanel;
  /** The recurrent layer that is chosen to be run. */
  readonly #layer: () => Layer | undefined;
  #opened: (OpenFile & { readonly layers: readonly Layer[] }) | undefined;

  constructor(models: ModelPanel, layer: () => Layer | undefined) {
    this.#models = models;
    this.#layer = layer;
    for (const target of TARGETS)
      part(`save-${target}`).addEventListener("click", () => void this.#save(target));
  }

  offer(opened: (OpenFile & { readonly layers: readonly Layer[] }) | undefined): void {
    this.#opened = opened;
    part("save-status").textContent = "";
    if (!opened) return;
    const types = [...new Set(opened.tensors.map(({ dtype }) => dtype))].filter((dtype) => dtype !== "F32");
    const none = opened.tensors.length === 0;
    const noGraph = !opened.model && !opened.layers.some(({ stack }) => stack);
    for (const target of TARGETS)
      part<HTMLButtonElement>(`save-${target}`).disabled = none || (target === "onnx" && noGraph);
    part("save-note").textContent = none
      ? "There are no weights to save."
      : [
          "Weights are saved in float32",
          types.length > 0 ? ` (here they are ${types.join(", ")})` : "",
          opened.optimizer ? ", without the optimizer's state" : "",
          ". ",
          opened.model
            ? "ONNX gets the whole model, with the sizes above where they cannot change."
            : noGraph
              ? "ONNX is a graph: a file of weights alone does not say what is computed, and no recurrent layer was found in it."
              : "ONNX gets the chosen recurrent layer with the Linear after it: the file does not say how other layers are joined.",
        ].join("");
  }

  async #save(target: Target): Promise<void> {
    const opened = this.#opened!;
    const status = part("save-status");
    const name = `${opened.name.replace(/\.(safetensors|pt|pth|onnx|keras|h5|json)$/i, "")}.${target}`;
    try {
      const { data, note } = await this.#bytesOf(target, opened);
      if (this.#opened !== opened) return;
      download(name, data.slice());
      status.textContent = `Saved ${name}, ${bytes(data.length)}. ${note}`;
    } catch (error) {
      status.textContent = `${name} was not saved: ${(error as Error).message}`;
    }
  }

  async #bytesOf(target: Target, opened: OpenFile & { readonly layers: readonly Layer[] }): Promise<Saved> {
    const weights = new Map(opened.tensors.map(({ name, data, shape }) => [name, { data, shape }]));
    if (target === "safetensors") {
      return { data: saveSafetensors(weights), note: "In Python: safetensors.torch.load_file." };
    }
    if (target === "pt") {
      return { data: saveTorch(weights), note: "In Python: torch.load(…, weights_only=True)." };
    }
    return opened.model ? this.#modelAsOnnx(opened) : this.#layerAsOnnx(opened.layers);
  }

  async #modelAsOnnx({ model }: OpenFile): Promise<Saved> {
    const inputs = Object.fromEntries(this.#models.inputs().map(({ name, shape }) => [name, shape]));
    const dynamic = Object.fromEntries(
      model!.inputs.filter(({ name }) => inputs[name]).map((input) => [input.name, dynamicSizes(input)]),
    );
    const loaded = await model!.load(this.#models.constants());
    try {
      const forward = forwardOf(loaded);
      try {
        return { data: await saveOnnx(loaded, { inputs, dynamic, forward }), note: "" };
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        // A size may depend on a dynamic one in no simple way.
        const data = await saveOnnx(loaded, { inputs, forward });
        return { data, note: `With the sizes above, which cannot change in it (${error.message}).` };
      }
    } finally {
      loaded.dispose();
    }
  }

  async #layerAsOnnx(layers: readonly Layer[]): Promise<Saved> {
    const layer = this.#layer()!;
    const model = new StackModel(
      layer.stack!,
      readoutOf(layers, layer),
      part<HTMLSelectElement>("nonlinearity").value === "relu",
    );
    try {
      const data = await saveOnnx(model, {
        inputs: { x: [STEPS, 1, layer.stack!.inputSize] },
        dynamic: { x: { 0: "time", 1: "batch" } },
        forward: ({ x }) => {
          const { hidden, output } = model.forward(x!);
          return output ? { output } : { hidden };
        },
      });
      return { data, note: `It takes x [time, batch, ${layer.stack!.inputSize}].` };
    } finally {
      model.dispose();
    }
  }
}
