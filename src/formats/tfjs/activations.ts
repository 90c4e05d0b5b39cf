/** Keras' activation functions by name. */
import { listed, quote } from "../../checks.ts";
import { apply, type Tensor } from "../../graph/tensor.ts";
import { elementwise } from "../../ops/tensor/pointwise.ts";
import type { LayerFile } from "./layer-file.ts";

export type Activation = (x: Tensor) => Tensor;

type Kind = Parameters<NonNullable<typeof elementwise.forward>>[1]["kind"];

/** A function of the library that has no method of Tensor. */
function map(kind: Kind, p = 0, q = 0): Activation {
  return (x) => apply(kind, elementwise, [x], { kind, p, q })[0]!;
}

export const elu = (alpha: number) => map("elu", alpha);
export const leakyRelu = (slope: number) => map("leakyRelu", slope);
const softplus = map("softplus", 1, 20);
const silu = map("silu");

const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

const functions = {
  linear: (x) => x,
  relu: (x) => x.relu(),
  relu6: (x) => x.clamp(0, 6),
  leaky_relu: leakyRelu(0.2),
  elu: elu(1),
  selu: (x) => elu(SELU.alpha)(x).mul(SELU.scale),
  celu: elu(1),
  gelu: map("gelu"),
  gelu_new: map("geluTanh"),
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
  hard_sigmoid: map("hardsigmoid"),
  hard_silu: map("hardswish"),
  hard_swish: map("hardswish"),
} satisfies Record<string, Activation>;

const [named, named3] = [functions, ofKeras3].map((table) => new Map(Object.entries<Activation>(table))) as [
  Map<string, Activation>,
  Map<string, Activation>,
];

/** An activation and its name. */
export interface NamedActivation {
  readonly name: string;
  readonly compute: Activation;
}

/** The function that an option names; refused by name if it is not known. */
export function activationOf(layer: LayerFile, key: string, otherwise: string): NamedActivation {
  const name = layer.text(key, otherwise);
  const compute = (layer.isKeras3 ? named3.get(name) : undefined) ?? named.get(name);
  if (compute) return { name, compute };
  throw layer.refuse(
    `${key} ${quote(name, 60)} is not computed here, only ${listed([...named.keys()], ", ", 400)}`,
  );
}
