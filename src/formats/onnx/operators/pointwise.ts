/** Operators of one operand, element by element. */
import type { Tensor } from "../../../graph/tensor.ts";
import { sizeOf } from "../../../shape.ts";
import { map } from "../../map.ts";
import type { Call, Operator } from "../call.ts";
import { mapped } from "../host.ts";
import { isHost } from "../value.ts";

/** An operator of one operand whose result has its type. Without a function for the host, what is known goes to the GPU too. */
function pointwise(
  onDevice: (x: Tensor, call: Call) => Tensor,
  onHost: ((x: number) => number) | null = null,
): Operator {
  return (call) => {
    const x = call.value(0);
    if (isHost(x) && onHost) return [mapped(x.dtype, [x], onHost)];
    return [call.device(x.dtype, onDevice(call.toTensor(x), call))];
  };
}

const identity: Operator = (call) => [call.value(0)];

/** Dropout of a model that is used: the identity, and a mask of ones. */
const dropout: Operator = (call) => {
  const x = call.value(0);
  if (call.opset >= 12 && call.optional(2) && call.list(2, "training_mode")[0] === 1) {
    throw call.refuse(
      "dropout with training_mode true is not computed here; export the model in evaluation mode",
    );
  }
  const shape = call.shape(0);
  return [x, { dtype: "BOOL", shape, data: new Float64Array(sizeOf(shape)).fill(1) }];
};

/** x between two bounds that are known; attributes before version 11. */
const clip: Operator = (call) => {
  const bound = (index: number, name: string) => {
    if (call.opset >= 11) return call.optionalList(index, `the bound ${name}`)?.[0];
    return call.has(name) ? call.float(name, 0) : undefined;
  };
  const [min, max] = [bound(1, "min"), bound(2, "max")];
  if (min === undefined && max === undefined) return [call.value(0)];
  const inside = (x: number) => {
    const least = min !== undefined && x < min ? min : x;
    return max !== undefined && least > max ? max : least;
  };
  // A lower bound above the upper one gives the upper one, as in NumPy.
  return pointwise((x) => x.clamp(min, max), inside)(call);
};

const gelu: Operator = pointwise((x, call) => {
  const approximate = call.text("approximate", "none");
  call.only("approximate", approximate, ["none", "tanh"]);
  return map(x, approximate === "tanh" ? "geluTanh" : "gelu");
});

const softplus = (x: Tensor) => map(x, "softplus", 1, 20);

const SELU = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

/** To the nearest integer, halves to the even one. */
function rounded(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const pointwises: Readonly<Record<string, Operator>> = {
  Identity: identity,
  Dropout: dropout,
  Clip: clip,
  Gelu: gelu,
  Neg: pointwise(
    (x) => x.neg(),
    (x) => -x,
  ),
  Abs: pointwise((x) => x.abs(), Math.abs),
  Sign: pointwise((x) => x.sign(), Math.sign),
  Sqrt: pointwise((x) => x.sqrt(), Math.sqrt),
  Reciprocal: pointwise(
    (x) => x.reciprocal(),
    (x) => 1 / x,
  ),
  Erf: pointwise((x) => x.erf()),
  Floor: pointwise((x) => x.floor(), Math.floor),
  Ceil: pointwise((x) => x.ceil(), Math.ceil),
  Round: pointwise((x) => x.round(), rounded),
  Sin: pointwise((x) => x.sin(), Math.sin),
  Cos: pointwise((x) => x.cos(), Math.cos),
  Exp: pointwise((x) => x.exp(), Math.exp),
  Log: pointwise((x) => x.log(), Math.log),
  Relu: pointwise(
    (x) => x.relu(),
    (x) => (x < 0 ? 0 : x),
  ),
  Tanh: pointwise((x) => x.tanh(), Math.tanh),
  Sigmoid: pointwise((x) => x.sigmoid(), sigmoid),
  LeakyRelu: pointwise((x, call) => map(x, "leakyRelu", call.float("alpha", 0.01))),
  Elu: pointwise((x, call) => map(x, "elu", call.float("alpha", 1))),
  Celu: pointwise((x, call) => {
    const alpha = call.float("alpha", 1);
    return map(x.mul(1 / alpha), "elu", 1).mul(alpha);
  }),
  Selu: pointwise((x, call) => {
    return map(x, "elu", call.float("alpha", SELU.alpha)).mul(call.float("gamma", SELU.gamma));
  }),
  ThresholdedRelu: pointwise((x, call) => x.where(x.gt(call.float("alpha", 1)), 0)),
  HardSigmoid: pointwise((x, call) => {
    return x.mul(call.float("alpha", 0.2)).add(call.float("beta", 0.5)).clamp(0, 1);
  }),
  HardSwish: pointwise((x) => map(x, "hardswish")),
  Softplus: pointwise(softplus),
  Softsign: pointwise((x) => x.div(x.abs().add(1))),
  Mish: pointwise((x) => x.mul(softplus(x).tanh())),
  Swish: pointwise((x, call) => x.mul(x.mul(call.float("alpha", 1)).sigmoid())),
};
