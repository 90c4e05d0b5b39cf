/** Keras' activation functions by name. */
import { isObject, listed, quote, show } from "../../checks.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { map } from "../map.ts";
import { entry, type LayerFile } from "./layer-file.ts";

export type Activation = (x: Tensor) => Tensor;

const elu =
  (alpha: number): Activation =>
  (x) =>
    map(x, "elu", alpha);
const leakyRelu =
  (slope: number): Activation =>
  (x) =>
    map(x, "leakyRelu", slope);
const softplus: Activation = (x) => map(x, "softplus", 1, 20);
const silu: Activation = (x) => map(x, "silu");

const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

const functions = {
  linear: (x) => x,
  relu: (x) => x.relu(),
  relu6: (x) => x.clamp(0, 6),
  leaky_relu: leakyRelu(0.2),
  elu: elu(1),
  selu: (x) => elu(SELU.alpha)(x).mul(SELU.scale),
  celu: elu(1),
  gelu: (x) => map(x, "gelu"),
  gelu_new: (x) => map(x, "geluTanh"),
  silu,
  swish: silu,
  mish: (x) => x.mul(softplus(x).tanh()),
  softplus,
  softsign: (x) => x.div(x.abs().add(1)),
  softmax: (x) => x.softmax(-1),
  log_softmax: (x) => x.logSoftmax(-1),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  // Of TensorFlow.js and Keras 2.
  hard_sigmoid: (x) => x.mul(0.2).add(0.5).clamp(0, 1),
  exponential: (x) => x.exp(),
} satisfies Record<string, Activation>;

const ofKeras3 = {
  hard_sigmoid: (x) => map(x, "hardsigmoid"),
  hard_silu: (x) => map(x, "hardswish"),
  hard_swish: (x) => map(x, "hardswish"),
} satisfies Record<string, Activation>;

const [named, named3] = [functions, ofKeras3].map((table) => new Map(Object.entries<Activation>(table))) as [
  Map<string, Activation>,
  Map<string, Activation>,
];

function relu(layer: LayerFile): Activation {
  const slope = layer.number("negative_slope", 0);
  const threshold = layer.number("threshold", 0);
  if (threshold !== 0) throw layer.refuse(`threshold ${threshold} is not computed here, only 0`);
  const below: Activation = slope === 0 ? functions.relu : leakyRelu(slope);
  if (layer.get("max_value") === undefined) return below;
  const most = layer.number("max_value");
  return (x) => below(x).clamp(undefined, most);
}

function softmax(layer: LayerFile): Activation {
  const [axis, ...more] = layer.axes();
  if (more.length > 0)
    throw layer.refuse(
      `axis ${show(layer.get("axis"))} has ${1 + more.length} axes, and one is computed here`,
    );
  return (x) => x.softmax(axis!);
}

/** Layers that are activations. They are options of other layers too: `Dense(8, activation=LeakyReLU(0.1))`. */
export const activationLayers: ReadonlyMap<string, (layer: LayerFile) => Activation> = new Map([
  ["ReLU", relu],
  // Keras 3 has renamed alpha.
  ["LeakyReLU", (layer) => leakyRelu(layer.number("negative_slope", layer.number("alpha", 0.3)))],
  ["ELU", (layer) => elu(layer.number("alpha", 1))],
  ["Softmax", softmax],
]);

/** An activation and its name. */
export interface NamedActivation {
  readonly name: string;
  readonly compute: Activation;
}

/** The function that an option names; refused by name if it is not known. */
export function activationOf(layer: LayerFile, key: string, otherwise: string): NamedActivation {
  const given = layer.get(key);
  if (isObject(given)) {
    const kind = entry(given, "class_name");
    const make = typeof kind === "string" ? activationLayers.get(kind) : undefined;
    if (make) return { name: kind as string, compute: make(layer.inner(key)) };
    throw layer.refuse(
      `${key} of the class ${show(kind)} is not computed here, only functions by their names, and ${listed([...activationLayers.keys()])}`,
    );
  }
  const name = layer.text(key, otherwise);
  const compute = (layer.isKeras3 ? named3.get(name) : undefined) ?? named.get(name);
  if (compute) return { name, compute };
  throw layer.refuse(
    `${key} ${quote(name, 60)} is not computed here, only ${listed([...named.keys()], ", ", 400)}`,
  );
}
