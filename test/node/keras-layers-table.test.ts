/** The tables of layers in docs/formats.md: made here from models of one layer each, which are opened and traced, or refused by name. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { WebGpuLstmError } from "webgpu-lstm";
import { loadTfjs } from "webgpu-lstm/formats";
import { Budget } from "../../src/formats/budget.ts";
import { descriptionOf } from "../../src/formats/keras/description.ts";
import { modelOf, withWeights } from "../../src/formats/keras/open.ts";
import { refuser } from "../../src/formats/refuse.ts";
import { layers } from "../../src/formats/tfjs/layers/index.ts";
import type { TfjsModel } from "../../src/formats/tfjs/model.ts";
import { Graph } from "../../src/graph/graph.ts";
import { recording } from "../../src/graph/tensor.ts";
import { isRecurrentOp } from "../../src/ops/recurrent/layer.ts";
import { sizeOf } from "../../src/shape.ts";
import { activations, type LayerCase, type LayerWeight, layerCases, otherLayers } from "../keras-layers.ts";

type Config = Readonly<Record<string, unknown>>;

/** A model of one layer. */
interface Model {
  readonly kind: string;
  readonly config: Config;
  readonly weights: readonly LayerWeight[];
}

/** How a layer is computed; `refused` for one that is not. */
type State = "yes" | "by the kernels" | "step by step" | "refused";

const NAME = "own";

function topologyOf({ kind, config }: Model) {
  const layer = { class_name: kind, config: { name: NAME, ...config } };
  return { class_name: "Sequential", config: { name: "model", layers: [layer] } };
}

/** Opens the model as Keras 2 or TensorFlow.js describes it. */
function fromTfjs(model: Model): Promise<TfjsModel> {
  const weights = model.weights.map(([parts, name, shape]) => ({
    // A wrapper's own layer lies in no folder of its own there.
    name: [NAME, ...parts.filter((part) => part !== "layer"), name].join("/"),
    shape,
    dtype: "float32",
  }));
  const bytes = weights.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const topology = { keras_version: "tfjs-layers 4.22.0", model_config: topologyOf(model) };
  const file = { modelTopology: topology, weightsManifest: [{ paths: ["a"], weights }] };
  return loadTfjs(file, new Uint8Array(bytes));
}

/** Opens the model as a .keras file has it, once its HDF5 is read. */
function fromKeras(model: Model): TfjsModel {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const refuse = refuser("loadKeras", "the .keras file");
  const description = descriptionOf(json(topologyOf(model)), json({ keras_version: "3.15.1" }), refuse);
  const counts = new Map<string, number>();
  const tensors = model.weights.map(([parts, , shape]) => {
    const folder = ["layers", "any", ...parts, "vars"];
    const index = counts.get(folder.join("/")) ?? 0;
    counts.set(folder.join("/"), index + 1);
    const values = new Float32Array(sizeOf(shape));
    return { path: [...folder, String(index)], dtype: "F32" as const, shape, values };
  });
  const names = new Map([["layers/any/vars", NAME]]);
  const file = withWeights(description, { attributes: {}, tensors, names }, refuse);
  return modelOf(file, new Budget(1000, refuse), refuse);
}

/** Opens and traces a model. */
async function stateIn(
  open: (model: Model) => TfjsModel | Promise<TfjsModel>,
  model: Model,
  input: readonly number[],
): Promise<State> {
  try {
    const opened = await open(model);
    opened.train();
    const graph = new Graph({ next: () => ({ seed: 0, offset: 0 }) } as never);
    recording.into(graph, () => opened.forward(graph.input(input)));
    const isKernel = graph.nodes.some((node) => node.kind === "forward" && isRecurrentOp(node.op));
    const isRecurrent = /LSTM|GRU|SimpleRNN/.test(JSON.stringify(topologyOf(model)));
    return isKernel ? "by the kernels" : isRecurrent ? "step by step" : "yes";
  } catch (error) {
    if (!(error instanceof WebGpuLstmError)) throw error;
    // The layer is named, and the file is not said to be damaged.
    expect(error.message).toContain(`"${NAME}" (${model.kind})`);
    expect(error.message).not.toContain("damaged");
    return "refused";
  }
}

async function stateOf(model: Model, input: readonly number[]): Promise<State> {
  const state = await stateIn(fromTfjs, model, input);
  expect(await stateIn(fromKeras, model, input), JSON.stringify(model.config)).toBe(state);
  return state;
}

/** `return_sequences: true`, or for a layer within `LSTM { go_backwards: true }`. */
function labelOf(option: Config): string {
  const text = (value: unknown): string => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify(value);
    const { class_name: kind, config, ...more } = value as Config;
    if (typeof kind !== "string")
      return `{${Object.entries(more).map(([key, one]) => ` ${key}: ${text(one)} `)}}`;
    const given = typeof config === "object" ? Object.entries(config as Config) : [];
    const shown = given.filter(
      ([key, one]) => key !== "units" && !(one === "sigmoid" || key === "reset_after"),
    );
    const inside = shown.map(([key, one]) => `${key}: ${text(one)}`).join(", ");
    return typeof config === "string" ? `${kind} ${config}` : inside ? `${kind} { ${inside} }` : kind;
  };
  return Object.entries(option)
    .map(([key, value]) => `\`${key}: ${text(value)}\``)
    .join(" with ");
}

/** A class's line: what is computed, and how; what is refused. */
async function lineOf(kind: string, { input, config, options, weights }: LayerCase): Promise<string> {
  const plain = await stateOf({ kind, config, weights: weights(config) }, input);
  expect(plain).not.toBe("refused");
  const states = new Map<State, string[]>([[plain, []]]);
  for (const option of options) {
    const all = { ...config, ...option };
    const state = await stateOf({ kind, config: all, weights: weights(all) }, input);
    states.set(state, [...(states.get(state) ?? []), labelOf(option)]);
  }
  const computed = [...states].filter(([state]) => state !== "refused");
  const shown = computed.map(([state, labels]) => [state, labels.join(", ")].filter(Boolean).join(": "));
  return `| ${kind} | ${shown.join("; ")} | ${(states.get("refused") ?? []).join(", ")} |`;
}

/** Every layer at each step; its weights lie in the wrapper's. */
async function atEveryStep(): Promise<string> {
  const states: Record<string, string[]> = { yes: [], refused: [] };
  for (const [kind, own] of Object.entries(layerCases)) {
    const within = { class_name: kind, config: own.config };
    const weights = own
      .weights(own.config)
      .map(([parts, ...rest]) => [["layer", ...parts], ...rest] as LayerWeight);
    const model = { kind: "TimeDistributed", config: { layer: within }, weights };
    const [N, ...rest] = own.input;
    const state = await stateOf(model, [N!, 3, ...rest]);
    states[state === "refused" ? "refused" : "yes"]!.push(kind);
  }
  return `| TimeDistributed | yes: of ${states["yes"]!.join(", ")} | of ${states["refused"]!.join(", ")} |`;
}

const docs = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");

test("docs/formats.md has every layer with its options, as they are opened and traced, or refused", async () => {
  expect(Object.keys(layerCases).sort()).toEqual([...layers.keys()].sort());
  const rows: string[] = [];
  for (const [kind, own] of Object.entries(layerCases)) {
    rows.push(kind === "TimeDistributed" ? await atEveryStep() : await lineOf(kind, own));
  }
  const others: string[] = [];
  for (const kind of otherLayers) {
    expect(await stateOf({ kind, config: {}, weights: [] }, [2, 5, 4]), kind).toBe("refused");
    others.push(kind);
  }
  rows.push(`| ${others.join(", ")} | | all |`);
  const [, table] = /\| layer \| computed \| refused \|\n\|---\|---\|---\|\n((?:\|.*\n)+)/.exec(docs) ?? [];
  expect(table?.trimEnd().split("\n")).toEqual(rows);
});

test("docs/formats.md has every activation", async () => {
  const found = { both: [] as string[], keras3: [] as string[], refused: [] as string[] };
  for (const activation of activations) {
    const model = { kind: "Activation", config: { activation }, weights: [] };
    const [older, newer] = [
      await stateIn(fromTfjs, model, [2, 5, 4]),
      await stateIn(fromKeras, model, [2, 5, 4]),
    ];
    if (newer === "refused") expect(older).toBe("refused");
    found[older === "yes" ? "both" : newer === "yes" ? "keras3" : "refused"].push(activation);
  }
  const shown = Object.values(found).map((names) => names.map((name) => `\`${name}\``).join(", "));
  expect(docs.replaceAll("\n", " ")).toContain(
    `Activations: ${shown[0]}; in files of Keras 3 also ${shown[1]}. Refused: ${shown[2]}.`,
  );
});
