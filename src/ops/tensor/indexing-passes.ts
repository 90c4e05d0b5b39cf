/** The passes of indexing.ts. Loads on demand, and imports types alone. */
import type { Kernel, KernelDeclaration } from "../../gpu/kernel.ts";
import type { Shape } from "../../shape.ts";
import type { linearGrid } from "../grid.ts";
import type { PlanContext } from "../op.ts";
import type { Passes } from "./deferred.ts";

const workgroup = [64, 1, 1] as const;
const gatherParams = {
  outer: "u32",
  size: "u32",
  inner: "u32",
  count: "u32",
  strideOuter: "u32",
  strideCount: "u32",
  strideInner: "u32",
} as const;

/** Without the texts. */
const declarations = {
  gather: {
    name: "gather",
    uses: ["row_index"],
    workgroup,
    params: { ...gatherParams, invalid: "f32" },
    bindings: { x: "read", places: "read", y: "read_write" },
  },
  gatherBackward: {
    name: "gather_backward",
    workgroup,
    params: gatherParams,
    bindings: { places: "read", gradY: "read", gradX: "read_write" },
  },
  oneHot: {
    name: "one_hot",
    uses: ["row_index"],
    workgroup,
    params: { size: "u32", classes: "u32", invalid: "f32" },
    bindings: { x: "read", y: "read_write" },
  },
  multinomial: {
    name: "multinomial",
    uses: ["random", "log1p"],
    workgroup,
    params: {
      rows: "u32",
      classes: "u32",
      draws: "u32",
      picks: "u32",
      seed: "u32",
      stream: "u32",
      run: "u32",
      invalid: "f32",
    },
    bindings: { weights: "read", y: "read_write" },
  },
} as const satisfies Record<string, Omit<KernelDeclaration<string, string>, "texts">>;

export interface GatherAttributes {
  /** Counted from 0. */
  readonly dim: number;
  /** Whether the places are one list for all lines of the dimension. */
  readonly shared: boolean;
}

export interface OneHotAttributes {
  readonly classes: number;
}

export interface MultinomialAttributes {
  readonly count: number;
  readonly replacement: boolean;
  /** Key of the random numbers, and the next run. */
  readonly random: { readonly seed: number; readonly stream: number; run(): number };
}

type Texts = KernelDeclaration<string, string>["texts"];

export function indexing(Kernel_: typeof Kernel, gridOf: typeof linearGrid, texts: Texts) {
  const kernel = (of: keyof typeof declarations) =>
    new Kernel_<string, string>({ ...declarations[of], texts });
  const kernels = {
    gather: kernel("gather"),
    gatherBackward: kernel("gatherBackward"),
    oneHot: kernel("oneHot"),
    multinomial: kernel("multinomial"),
  };

  const product = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
  /** Params of both passes of gather, for x of this shape. */
  const along = (shape: Shape, places: Shape, { dim, shared }: GatherAttributes) => {
    const outer = product(shape.slice(0, dim));
    const inner = product(shape.slice(dim + 1));
    const count = shared ? places[0]! : places[dim]!;
    const strides = shared ? [0, 1, 0] : [count * inner, inner, 1];
    const [strideOuter, strideCount, strideInner] = strides as [number, number, number];
    return { outer, size: shape[dim]!, inner, count, strideOuter, strideCount, strideInner };
  };

  const gather: Passes<GatherAttributes> = {
    forward({ inputs: [x, places], outputs: [y] }, attributes, plan) {
      const params = { ...along(x!.shape, places!.shape, attributes), invalid: Number.NaN };
      const grid = gridOf(y!.elements, plan);
      const bindings = { x: x!, places: places!, y: y! };
      return [{ kernel: kernels.gather, params, bindings, grid, flops: 0, bytes: 12 * y!.elements }];
    },
    backward({ inputs: [x, places], gradOutputs: [gradY], gradInputs: [gradX] }, attributes, plan) {
      const params = along(x!.shape, places!.shape, attributes);
      const grid = gridOf(gradX!.elements, plan);
      const bindings = { places: places!, gradY: gradY!, gradX: gradX! };
      const bytes = 4 * (gradX!.elements + 2 * gradY!.elements);
      return [{ kernel: kernels.gatherBackward, params, bindings, grid, flops: gradY!.elements, bytes }];
    },
  };

  const oneHot: Passes<OneHotAttributes> = {
    forward({ inputs: [x], outputs: [y] }, { classes }, plan) {
      const params = { size: x!.elements, classes, invalid: Number.NaN };
      const grid = gridOf(y!.elements, plan);
      const bytes = 4 * (x!.elements + y!.elements);
      return [{ kernel: kernels.oneHot, params, bindings: { x: x!, y: y! }, grid, flops: 0, bytes }];
    },
  };

  const multinomial: Passes<MultinomialAttributes> = {
    forward({ inputs: [weights], outputs: [y] }, { count, replacement, random }, plan: PlanContext) {
      const classes = weights!.shape[weights!.shape.length - 1]!;
      const rows = weights!.elements / classes;
      const [draws, picks] = replacement ? [count, 1] : [1, count];
      const { seed, stream } = random;
      const sizes = { rows, classes, draws, picks, seed, stream, invalid: Number.NaN };
      return [
        {
          kernel: kernels.multinomial,
          params: () => ({ ...sizes, run: random.run() >>> 0 }),
          bindings: { weights: weights!, y: y! },
          grid: gridOf(rows * draws, plan),
          // A word of Philox is some 60 operations.
          flops: 80 * rows * draws * picks * classes,
          bytes: 4 * rows * (classes + count),
        },
      ];
    },
  };
  return { kernels, gather, oneHot, multinomial };
}
