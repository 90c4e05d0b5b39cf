import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { sizeOf } from "../../shape.ts";
import { linearGrid } from "../grid.ts";
import { dispatch, flag, type Op, type Operand } from "../op.ts";

const texts = /* @__PURE__ */ new OnDemand(() => import("./pool.wgsl.ts"));

const maxParams = {
  rows: "u32",
  length: "u32",
  outLength: "u32",
  taps: "u32",
  stride: "u32",
  dilation: "u32",
  padding: "u32",
} as const;

export const maxPoolForward = /* @__PURE__ */ new Kernel({
  name: "max_pool_forward",
  texts,
  uses: ["not_a_number"],
  workgroup: [64, 1, 1],
  params: { ...maxParams, keepsPlace: "u32" },
  bindings: { x: "read", y: "read_write", place: "read_write" },
});

export const maxPoolBackward = /* @__PURE__ */ new Kernel({
  name: "max_pool_backward",
  texts,
  workgroup: [64, 1, 1],
  params: maxParams,
  bindings: { place: "read", gradY: "read", gradX: "read_write" },
});

const averageParams = {
  rows: "u32",
  length: "u32",
  outLength: "u32",
  taps: "u32",
  stride: "u32",
  padding: "u32",
  after: "u32",
  countsPadding: "u32",
  adaptive: "u32",
} as const;

export const averagePoolForward = /* @__PURE__ */ new Kernel({
  name: "average_pool_forward",
  texts,
  uses: ["average_window"],
  workgroup: [64, 1, 1],
  params: averageParams,
  bindings: { x: "read", y: "read_write" },
});

export const averagePoolBackward = /* @__PURE__ */ new Kernel({
  name: "average_pool_backward",
  texts,
  uses: ["average_window"],
  workgroup: [64, 1, 1],
  params: averageParams,
  bindings: { gradY: "read", gradX: "read_write" },
});

export interface MaxPoolAttributes {
  readonly outLength: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  /** Places before x. */
  readonly padding: number;
}

export interface AveragePoolAttributes {
  readonly outLength: number;
  readonly taps: number;
  readonly stride: number;
  /** Places before and after x. */
  readonly padding: number;
  readonly after: number;
  readonly countsPadding: boolean;
  /** Whether the windows divide the row as equally as they can; the other numbers but `outLength` then count for nothing. */
  readonly adaptive: boolean;
}

/** Rows and their length. */
function sizes({ shape }: Operand) {
  return { rows: sizeOf(shape.slice(0, -1)), length: shape[shape.length - 1]! };
}

const resized = ({ shape }: Operand, outLength: number) => [...shape.slice(0, -1), outLength];

/** The largest elements of windows along the last dimension. */
export const maxPool: Op<MaxPoolAttributes> = {
  name: "max_pool1d",
  infer([x], { outLength }) {
    const shape = resized(x!, outLength);
    return { outputs: [{ shape }], saved: [shape] };
  },
  forward({ inputs: [x], outputs: [y], saved: [place], differentiated }, attributes, plan) {
    const size = sizeOf(place!.shape);
    return [
      dispatch({
        kernel: maxPoolForward,
        params: { ...sizes(x!), ...attributes, keepsPlace: flag(differentiated) },
        bindings: {
          x: x!,
          y: y ?? plan.temporary(place!.shape),
          place: differentiated ? place! : null,
        },
        grid: linearGrid(size, plan),
        flops: attributes.taps * size,
        bytes: 4 * (x!.elements + 2 * size),
      }),
    ];
  },
  backward({ inputs: [x], saved: [place], gradOutputs: [gradY], gradInputs: [gradX] }, attributes, plan) {
    const size = sizeOf(x!.shape);
    return [
      dispatch({
        kernel: maxPoolBackward,
        params: { ...sizes(x!), ...attributes },
        bindings: { place: place!, gradY: gradY!, gradX: gradX! },
        grid: linearGrid(size, plan),
        flops: size,
        bytes: 4 * (size + 2 * gradY!.elements),
      }),
    ];
  },
};

/** The means of windows along the last dimension. */
export const averagePool: Op<AveragePoolAttributes> = {
  name: "avg_pool1d",
  infer: ([x], { outLength }) => ({ outputs: [{ shape: resized(x!, outLength) }] }),
  forward({ inputs: [x], outputs: [y] }, attributes, plan) {
    return [
      dispatch({
        kernel: averagePoolForward,
        params: paramsOf(x!, attributes),
        bindings: { x: x!, y: y! },
        grid: linearGrid(y!.elements, plan),
        flops: attributes.taps * y!.elements,
        bytes: 4 * (x!.elements + y!.elements),
      }),
    ];
  },
  backward({ inputs: [x], gradOutputs: [gradY], gradInputs: [gradX] }, attributes, plan) {
    return [
      dispatch({
        kernel: averagePoolBackward,
        params: paramsOf(x!, attributes),
        bindings: { gradY: gradY!, gradX: gradX! },
        grid: linearGrid(x!.elements, plan),
        flops: attributes.taps * gradY!.elements,
        bytes: 4 * (x!.elements + gradY!.elements),
      }),
    ];
  },
};

function paramsOf(x: Operand, { countsPadding, adaptive, ...windows }: AveragePoolAttributes) {
  return { ...sizes(x), ...windows, countsPadding: flag(countsPadding), adaptive: flag(adaptive) };
}
