/** Backward passes of the ops behind the methods of tensors; see {@link Op.backward}. */
import { Kernel } from "../../gpu/kernel.ts";
import { sizeOf, stridesOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, joined } from "../op.ts";
import { activation, FLOPS, KINDS } from "./activation.ts";
import { affine, div, mul, pointwise, scale, sub } from "./arithmetic.ts";
import { cat, copyParts } from "./cat.ts";
import { copyDims, fill } from "./copy.ts";
import { pad } from "./pad.ts";
import { padPass } from "./pad-backward.ts";
import { permute, permuted } from "./permute.ts";
import { block, slice } from "./slice.ts";
import { along, softmax, softmaxDispatch } from "./softmax.ts";
import { expand, repeating, sum, sumDims } from "./sum.ts";
import { tensorTexts } from "./texts.ts";

export const activationBackward = /* @__PURE__ */ new Kernel({
  name: "activation_backward",
  texts: tensorTexts,
  uses: ["not_a_number", "activations", "relu", "exp_log"],
  workgroup: [64, 1, 1],
  params: { size: "u32", kind: "u32" },
  bindings: { x: "read", gradY: "read", gradX: "read_write" },
});

export const softmaxBackward = /* @__PURE__ */ new Kernel({
  name: "softmax_backward",
  texts: tensorTexts,
  uses: ["not_a_number", "exp_log"],
  workgroup: [64, 1, 1],
  params: { outer: "u32", size: "u32", inner: "u32", log: "u32" },
  bindings: { y: "read", gradY: "read", gradX: "read_write" },
});

export const tensorBackward = /* @__PURE__ */ new Map([
  joined(pad, padPass),
  joined(activation, ({ inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] }, { kind }, plan) => {
    const size = sizeOf(x!.shape);
    return [
      dispatch({
        kernel: activationBackward,
        params: { size, kind: KINDS[kind] },
        bindings: { x: x!, gradY: gradY!, gradX: gradX! },
        grid: linearGrid(size, plan),
        flops: FLOPS * size,
        bytes: 12 * size,
      }),
    ];
  }),
  /** Recomputes the result: saving it would forbid a second gradient in the same trace. */
  joined(softmax, ({ inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] }, attributes, plan) => {
    const y = plan.temporary(x!.shape);
    const size = sizeOf(x!.shape);
    return [
      softmaxDispatch(x!, y, attributes, plan),
      dispatch({
        kernel: softmaxBackward,
        ...along(x!.shape, attributes, plan),
        bindings: { y, gradY: gradY!, gradX: gradX! },
        flops: 15 * size,
        bytes: 12 * size,
      }),
    ];
  }),
  joined(sub, ({ gradOutputs: [grad], gradInputs: [gradA, gradB] }, _, plan) => [
    ...(gradA ? [affine(grad!, gradA, 1, 0, plan)] : []),
    ...(gradB ? [affine(grad!, gradB, -1, 0, plan)] : []),
  ]),
  joined(mul, ({ inputs: [a, b], gradOutputs: [grad], gradInputs: [gradA, gradB] }, _, plan) => [
    ...(gradA ? [pointwise("times", grad!, b!, gradA, plan)] : []),
    ...(gradB ? [pointwise("times", grad!, a!, gradB, plan)] : []),
  ]),
  joined(div, ({ inputs: [a, b], gradOutputs: [grad], gradInputs: [gradA, gradB] }, _, plan) => {
    const dispatches: Dispatch[] = gradA ? [pointwise("over", grad!, b!, gradA, plan)] : [];
    if (gradB) {
      // d(a/b)/db = -(a/b)/b, in PyTorch's order: it decides where the product overflows.
      const [quotient, slope] = [plan.temporary(b!.shape), plan.temporary(b!.shape)];
      dispatches.push(pointwise("over", a!, b!, quotient, plan));
      dispatches.push(pointwise("over", quotient, b!, slope, plan));
      dispatches.push(pointwise("minusTimes", grad!, slope, gradB, plan));
    }
    return dispatches;
  }),
  joined(scale, ({ gradOutputs: [gradY], gradInputs: [gradX] }, { factor, slope = factor }, plan) => [
    affine(gradY!, gradX!, slope, 0, plan),
  ]),
  joined(sum, ({ inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] }, { dims }, plan) => {
    const { shape } = x!;
    const kept = stridesOf(shape.map((size, dim) => (dims.includes(dim) ? 1 : size)));
    const strides = kept.map((stride, dim) => (dims.includes(dim) ? 0 : stride));
    return copyDims(
      shape,
      { operand: gradY!, strides },
      { operand: gradX!, strides: stridesOf(shape) },
      plan,
    );
  }),
  joined(expand, ({ inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] }, { shape }, plan) => {
    const strides = repeating(x!.shape, shape);
    const repeated = shape.flatMap((_, dim) => (strides[dim] === 0 ? [dim] : []));
    return sumDims(shape, repeated, gradY!, gradX!, plan);
  }),
  joined(
    slice,
    ({ inputs: [input], gradOutputs: [gradOutput], gradInputs: [gradInput] }, attributes, plan) => {
      const { shape } = gradOutput!;
      return [
        fill(gradInput!, 0, plan),
        ...copyDims(
          shape,
          { operand: gradOutput!, strides: stridesOf(shape) },
          { operand: gradInput!, ...block(input!.shape, attributes) },
          plan,
        ),
      ];
    },
  ),
  joined(
    permute,
    ({ inputs: [input], gradOutputs: [gradOutput], gradInputs: [gradInput] }, attributes, plan) => {
      const { shape } = gradOutput!;
      return copyDims(
        shape,
        { operand: gradOutput!, strides: stridesOf(shape) },
        { operand: gradInput!, strides: permuted(stridesOf(input!.shape), attributes) },
        plan,
      );
    },
  ),
  joined(cat, ({ inputs, gradOutputs: [gradOutput], gradInputs }, { dim }, plan) => {
    const shapes = inputs.map((input) => input!.shape);
    return copyParts(shapes, dim, plan, (i) => {
      const gradInput = gradInputs[i];
      return gradInput ? { operand: gradInput, whole: gradOutput!, into: false } : null;
    });
  }),
]);
