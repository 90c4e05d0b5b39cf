/** Normalizations. */
import { groupNorm } from "../../../graph/normalization.ts";
import { apply, type Tensor } from "../../../graph/tensor.ts";
import { layerNorm } from "../../../ops/layer/layer-norm.ts";
import { showShape, sizeOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";

/** Over the axes from one on, with weights of their sizes or of some that broadcast to them. */
const layerNormalization: Operator = (call) => {
  const x = call.tensor(0);
  const axis = call.axis(call.int("axis", -1), x.shape.length);
  const sizes = x.shape.slice(axis);
  const scale = weights(call, 1, sizes);
  const bias = call.optional(2) ? weights(call, 2, sizes) : null;
  const attributes = { size: sizeOf(sizes), eps: call.float("epsilon", 1e-5) };
  const [y] = apply("LayerNormalization", layerNorm, [x, scale, bias], attributes);
  const { dtype } = call.value(0);
  const reads = (index: number) => (call.node.outputs[index] ?? "") !== "";
  if (!reads(1) && !reads(2)) return [call.device(dtype, y!)];
  const axes = sizes.map((_, i) => axis + i);
  const spread = x.var(axes, { correction: 0, keepdim: true }).add(attributes.eps).rsqrt();
  return [call.device(dtype, y!), call.device(dtype, x.mean(axes, true)), call.device(dtype, spread)];
};

function weights(call: Call, index: number, sizes: readonly number[]) {
  const tensor = call.tensor(index);
  const own = [...tensor.shape];
  while (own.length > sizes.length && own[0] === 1) own.shift();
  const fits =
    own.length <= sizes.length &&
    own.every((size, i) => {
      const wanted = sizes[sizes.length - own.length + i];
      return size === 1 || size === wanted;
    });
  if (fits) return tensor.reshape(own).expand(sizes);
  throw call.refuse(`its weight of ${showShape(tensor.shape)} must broadcast to ${showShape(sizes)}`);
}

/** By the statistics of training, for each channel: the second axis. */
const batchNormalization: Operator = (call) => {
  const x = call.tensor(0);
  if (call.int("training_mode", 0) !== 0)
    throw call.refuse("batch normalization with training_mode is not computed here");
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => {
    const tensor = call.tensor(i);
    return tensor.reshape([tensor.shape[0]!, ...x.shape.slice(2).map(() => 1)]);
  }) as [Tensor, Tensor, Tensor, Tensor];
  const factor = scale.mul(variance.add(call.float("epsilon", 1e-5)).rsqrt());
  return [call.device(call.value(0).dtype, x.sub(mean).mul(factor).add(bias))];
};

/** Each channel of each item by its own mean and variance, `groups` of channels together. */
function byGroups(call: Call, groups: number) {
  const x = call.tensor(0);
  const channels = x.shape[1]!;
  if (channels % groups !== 0) throw call.refuse(`${channels} channels are no ${groups} groups`);
  const eps = call.float("epsilon", 1e-5);
  return groupNorm(call.node.operator, x, groups, call.tensor(1), call.tensor(2), eps);
}

const instanceNormalization: Operator = (call) => {
  return [call.device(call.value(0).dtype, byGroups(call, call.shape(0)[1]!))];
};

const groupNormalization: Operator = (call) => {
  if (call.opset < 21) throw call.refuse("group normalization of versions before 21 is not computed here");
  return [call.device(call.value(0).dtype, byGroups(call, call.int("num_groups", 1)))];
};

export const normalizations: Readonly<Record<string, Operator>> = {
  LayerNormalization: layerNormalization,
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
};
