/**
 * The gradient of an embedding's table. Where the indices are few, every invocation walks over all of them; else they are sorted, and
 * neighbours are added up.
 */
import { Kernel } from "../../gpu/kernel.ts";
import { OnDemand } from "../../ondemand.ts";
import { groupGrid, linearGrid } from "../grid.ts";
import { type Dispatch, dispatch, flag, type Operand, type PlanContext } from "../op.ts";
import { fill } from "../tensor/copy.ts";

export const embeddingBackwardTexts = /* @__PURE__ */ new OnDemand(
  () => import("./embedding-backward.wgsl.ts"),
);
const texts = embeddingBackwardTexts;

export const embeddingBackward = /* @__PURE__ */ new Kernel({
  name: "embedding_backward",
  texts,
  uses: ["row_index"],
  workgroup: [64, 1, 1],
  params: { count: "u32", rows: "u32", width: "u32", rangeRows: "u32", padding: "f32" },
  bindings: { indices: "read", gradY: "read", gradWeight: "read_write" },
});

const sortParams = {
  count: "u32",
  size: "u32",
  blocks: "u32",
  digits: "u32",
  divisor: "u32",
  first: "u32",
  rows: "u32",
  padding: "f32",
} as const;

export const embeddingCount = /* @__PURE__ */ new Kernel({
  name: "embedding_count",
  texts,
  uses: ["embedding_key", "row_index"],
  workgroup: [64, 1, 1],
  params: sortParams,
  bindings: { indices: "read", keys: "read", counts: "read_write" },
});

export const embeddingPlaces = /* @__PURE__ */ new Kernel({
  name: "embedding_places",
  texts,
  workgroup: [64, 1, 1],
  params: { size: "u32" },
  bindings: { counts: "read_write" },
});

export const embeddingScatter = /* @__PURE__ */ new Kernel({
  name: "embedding_scatter",
  texts,
  uses: ["embedding_key", "row_index"],
  workgroup: [64, 1, 1],
  params: sortParams,
  bindings: {
    indices: "read",
    keys: "read",
    order: "read",
    counts: "read_write",
    sorted: "read_write",
    place: "read_write",
  },
});

export const embeddingReduce = /* @__PURE__ */ new Kernel({
  name: "embedding_reduce",
  texts,
  workgroup: [64, 1, 1],
  params: { count: "u32", rows: "u32", width: "u32", ordered: "u32" },
  bindings: {
    keys: "read",
    order: "read",
    values: "read",
    gradWeight: "read_write",
    nextKeys: "read_write",
    nextValues: "read_write",
  },
});

/** A table's gradient: indices [count] and gradY [count, width] into gradWeight [rows, width]. */
export interface TableGradient {
  readonly indices: Operand;
  readonly gradY: Operand;
  readonly gradWeight: Operand;
  readonly count: number;
  readonly rows: number;
  readonly width: number;
  /** Row without a gradient; `null` for none. */
  readonly paddingIdx: number | null;
}

/** With at most this many indices, every invocation may read them all. */
const FEW = 256;

/** That walk cuts the table into row ranges to occupy this many invocations. */
const INVOCATIONS = 1024;

/** Indices of a block, at least, and maximum number of blocks, whose counts one workgroup sums. */
const BLOCK = 32;
const MOST_BLOCKS = 1024;

/** Bits of a digit, at most. */
const MOST_BITS = 7;

/** As in embedding_reduce. */
const CHUNK = 64;

export function tableGradient(gradient: TableGradient, plan: PlanContext): Dispatch[] {
  return gradient.count <= FEW ? [walk(gradient, plan)] : [...sortAndSum(gradient, plan)];
}

function walk(
  { indices, gradY, gradWeight, count, rows, width, paddingIdx }: TableGradient,
  plan: PlanContext,
): Dispatch {
  const rangeRows = Math.ceil(rows / Math.min(rows, Math.ceil(INVOCATIONS / width)));
  const ranges = Math.ceil(rows / rangeRows);
  return dispatch({
    kernel: embeddingBackward,
    params: { count, rows, width, rangeRows, padding: paddingIdx ?? -1 },
    bindings: { indices, gradY, gradWeight },
    grid: linearGrid(ranges * width, plan),
    flops: count * width * (ranges + 1),
    bytes: 4 * (count + count * width + rows * width),
  });
}

function* sortAndSum(gradient: TableGradient, plan: PlanContext): Iterable<Dispatch> {
  const { gradY, gradWeight, count, rows, width } = gradient;
  yield fill(gradWeight, 0, plan);
  let keys: Operand | null = null;
  let order: Operand | null = null;
  for (const pass of passes(gradient, plan)) {
    yield* pass.dispatches;
    ({ keys, order } = pass);
  }
  let values = gradY;
  for (let left = count; ; ) {
    const chunks = Math.ceil(left / CHUNK);
    const isLast = chunks === 1;
    const nextKeys: Operand | null = isLast ? null : plan.temporary([2 * chunks]);
    const nextValues: Operand | null = isLast ? null : plan.temporary([2 * chunks, width]);
    yield dispatch({
      kernel: embeddingReduce,
      params: { count: left, rows, width, ordered: flag(order) },
      bindings: { keys: keys!, order, values, gradWeight, nextKeys, nextValues },
      grid: linearGrid(chunks * width, plan),
      flops: left * width,
      bytes: 4 * (left * (width + 2) + 2 * chunks * (width + 1)),
    });
    if (isLast) return;
    keys = nextKeys;
    order = null;
    values = nextValues!;
    left = 2 * chunks;
  }
}

/** The passes that sort the indices by digits, from the lowest: each with what it leaves. */
function* passes({ indices, count, rows, paddingIdx }: TableGradient, plan: PlanContext) {
  // The key `rows` is that of indices without a gradient.
  const bits = Math.ceil(Math.log2(rows + 1));
  const number = Math.ceil(bits / MOST_BITS);
  const digitBits = Math.ceil(bits / number);
  const digits = 2 ** digitBits;
  const size = Math.max(BLOCK, Math.ceil(count / MOST_BLOCKS));
  const blocks = Math.ceil(count / size);
  let keys: Operand | null = null;
  let order: Operand | null = null;
  for (let pass = 0; pass < number; pass++) {
    const counts = plan.temporary([digits, blocks]);
    const [sorted, place] = [plan.temporary([count]), plan.temporary([count])];
    const params = {
      count,
      size,
      blocks,
      digits,
      divisor: digits ** pass,
      first: flag(pass === 0),
      rows,
      padding: paddingIdx ?? -1,
    };
    const grid = linearGrid(blocks, plan);
    yield {
      dispatches: [
        dispatch({
          kernel: embeddingCount,
          params,
          bindings: { indices, keys, counts },
          grid,
          flops: 0,
          bytes: 4 * (count + digits * blocks),
        }),
        dispatch({
          kernel: embeddingPlaces,
          params: { size: digits * blocks },
          bindings: { counts },
          grid: groupGrid(1, plan),
          flops: 0,
          bytes: 8 * digits * blocks,
        }),
        dispatch({
          kernel: embeddingScatter,
          params,
          bindings: { indices, keys, order, counts, sorted, place },
          grid,
          flops: 0,
          bytes: 4 * (4 * count + digits * blocks),
        }),
      ],
      keys: sorted,
      order: place,
    };
    [keys, order] = [sorted, place];
  }
}
