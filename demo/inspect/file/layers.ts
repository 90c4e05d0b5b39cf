/** Finds the layers of a state dict by PyTorch's names and by shapes. */
import { counted } from "../../shell/format.ts";
import type { StoredTensor } from "./file.ts";
import { type RecurrentStack, recurrentStackOf } from "./stack.ts";

/** The tensors of one layer. */
export interface Layer {
  /** The part of its tensors' names before the last dot; empty for a model that is one layer. */
  readonly name: string;
  /** PyTorch's class; "Other" if it is not recognized. */
  readonly kind: string;
  /** Its sizes in a few words. */
  readonly sizes: string;
  readonly tensors: readonly StoredTensor[];
  /** How to run it, if it is recurrent and complete. */
  readonly stack: RecurrentStack | undefined;
}

/** A Linear layer that runs after a recurrent one. */
export interface LinearLayer {
  readonly name: string;
  readonly weight: StoredTensor;
  readonly bias: StoredTensor | undefined;
}

const RECURRENT = /^(weight_(ih|hh|hr)|bias_(ih|hh))(_l\d+(_reverse)?)?$/;

/** Groups tensors into layers, in the file's order of their first tensors. */
export function layersOf(tensors: readonly StoredTensor[]): Layer[] {
  const groups = new Map<string, StoredTensor[]>();
  for (const tensor of tensors) {
    const prefix = tensor.name.slice(0, Math.max(0, tensor.name.lastIndexOf(".")));
    const known = groups.get(prefix);
    if (known) known.push(tensor);
    else groups.set(prefix, [tensor]);
  }
  return [...groups].map(([name, own]) => layerOf(name, own));
}

/** A name without the layer's part of it. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function layerOf(name: string, tensors: readonly StoredTensor[]): Layer {
  const layer = (kind: string, sizes: string): Layer => ({ name, kind, sizes, tensors, stack: undefined });
  const own = new Map(tensors.map((tensor) => [lastPart(tensor.name), tensor]));
  if ([...own.keys()].some((key) => RECURRENT.test(key))) {
    const stack = recurrentStackOf(own);
    if (typeof stack === "string") return layer("Recurrent, not whole", stack);
    return { ...layer(stack.className, describeStack(stack)), stack };
  }
  const shapes = tensors.map(({ shape }) => `[${shape.join(", ")}]`).join(", ");
  const weight = own.get("weight");
  if (!weight) return layer("Other", shapes);
  const [rows, columns] = weight.shape;
  const bias = own.get("bias");
  if (own.has("running_mean")) return layer("BatchNorm", counted(rows ?? 1, "feature"));
  if (weight.shape.length === 1) {
    return bias && bias.shape[0] === rows
      ? layer("LayerNorm", counted(rows ?? 1, "feature"))
      : layer("Other", shapes);
  }
  if (weight.shape.length > 2) return layer("Convolution", shapes);
  if (weight.shape.length !== 2) return layer("Other", shapes);
  if (bias) return layer("Linear", `${columns} → ${rows}`);
  // Without a bias, a Linear's weight looks like an Embedding's; the names usually distinguish them.
  return /emb|wte|wpe|lookup/i.test(name)
    ? layer("Embedding", `${counted(rows ?? 1, "entry", "entries")} of ${columns}`)
    : layer("Linear", `${columns} → ${rows}, without bias`);
}

export function describeStack(stack: RecurrentStack): string {
  const { inputSize, hiddenSize, projSize, numLayers, bidirectional, bias } = stack;
  return [
    `input ${inputSize}`,
    `hidden ${hiddenSize}`,
    ...(projSize ? [`projected to ${projSize}`] : []),
    counted(numLayers, "layer"),
    ...(bidirectional ? ["both directions"] : []),
    ...(bias ? [] : ["without bias"]),
  ].join(", ");
}

/** The first Linear that fits the outputs of the recurrent layer, preferably one after it. */
export function readoutOf(layers: readonly Layer[], recurrent: Layer): LinearLayer | undefined {
  const at = layers.indexOf(recurrent);
  const { outputSize } = recurrent.stack!;
  const parts = (layer: Layer): LinearLayer => {
    const own = new Map(layer.tensors.map((tensor) => [lastPart(tensor.name), tensor]));
    return { name: layer.name, weight: own.get("weight")!, bias: own.get("bias") };
  };
  return [...layers.slice(at + 1), ...layers.slice(0, at)]
    .filter(({ kind }) => kind === "Linear")
    .map(parts)
    .find(({ weight }) => weight.shape[1] === outputSize);
}

/** The embedding whose rows the recurrent layer takes, the nearest one before it. */
export function embeddingOf(layers: readonly Layer[], recurrent: Layer): StoredTensor | undefined {
  return layers
    .filter(({ kind }) => kind === "Embedding")
    .flatMap(({ tensors }) => tensors)
    .findLast(({ shape }) => shape[1] === recurrent.stack!.inputSize);
}
