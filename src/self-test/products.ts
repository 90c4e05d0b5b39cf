/** Matrix products of the self test, computed in float64 here. Loads on demand with it, and imports types alone. */
import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange, Kernel, PreparedDispatch } from "../gpu/kernel.ts";
import type { StagingPool } from "../gpu/staging.ts";

/** The versions whose products are tested here: each one's kernel, its tile, and the rows of a product for several tiles of it. */
export const VERSIONS = {
  register: { kernel: "gemm_register", tile: [32, 64], rows: 70 },
  shared: { kernel: "gemm_shared", tile: [64, 64], rows: 70 },
  rows: { kernel: "gemm_rows", tile: [4, 16], rows: 13 },
} as const;

/** Several tiles wide, and deeper than a tile that is staged; no size fills its last tile. */
const COLUMNS = 83;
const DEPTH = 45;

/** The slots that a product with `slots` reaches: the last of every four columns stays. */
const SLOTS = 0b0111;
const ALL_SLOTS = 0b1111;

/** The products: how A and B lie, the depth of a slice, and what else the kernels do. */
const CASES = [
  { a: "n", b: "t", slice: DEPTH, bias: true, accumulate: false, ones: false, slots: ALL_SLOTS },
  { a: "n", b: "n", slice: DEPTH, bias: false, accumulate: true, ones: false, slots: SLOTS },
  { a: "t", b: "n", slice: 20, bias: false, accumulate: false, ones: true, slots: ALL_SLOTS },
] as const;

type Case = (typeof CASES)[number];

/** Numbers between -1 and 1, the same every time. */
function numbers(size: number, seed: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => (((i * i * 7 + i * 31 + seed * 17) % 127) - 63) / 64);
}

/** What a product reads and gives. */
function problemOf(rows: number, { a, b, slice, bias, accumulate, ones, slots }: Case) {
  const aRows = rows - Number(ones);
  const slices = Math.ceil(DEPTH / slice);
  const inputs = {
    a: numbers(aRows * DEPTH, 1),
    b: numbers(DEPTH * COLUMNS, 2),
    bias: numbers(COLUMNS, 3),
    c: numbers(slices * rows * COLUMNS, 4),
  };
  const [aRow, aDepth] = a === "n" ? [DEPTH, 1] : [1, aRows];
  const [bDepth, bColumn] = b === "n" ? [COLUMNS, 1] : [1, DEPTH];
  const params = {
    rows,
    columns: COLUMNS,
    depth: DEPTH,
    sliceDepth: slice,
    aOffset: 0,
    aRowStride: aRow,
    aDepthStride: aDepth,
    bOffset: 0,
    bDepthStride: bDepth,
    bColumnStride: bColumn,
    cOffset: 0,
    cRowStride: COLUMNS,
    cColumnStride: 1,
    hasBias: Number(bias),
    accumulate: Number(accumulate),
    ones: Number(ones),
    slots,
    folded: Number(slices === 1),
  };
  const wanted = Float64Array.from(inputs.c, (before, at) => {
    const column = at % COLUMNS;
    const row = Math.floor(at / COLUMNS) % rows;
    const first = Math.floor(at / COLUMNS / rows) * slice;
    let sum = (accumulate ? before : 0) + (bias ? inputs.bias[column]! : 0);
    if (!((slots >> (column % 4)) & 1)) return sum;
    for (let k = first; k < Math.min(first + slice, DEPTH); k++) {
      const left = row < aRows ? inputs.a[row * aRow + k * aDepth]! : 1;
      sum += left * inputs.b[k * bDepth + column * bColumn]!;
    }
    return sum;
  });
  return { inputs, params, wanted, slices };
}

/**
 * Computes the products by one version's kernel, which is compiled, and gives what is wrong with them.
 * @param mostError Largest error of a number, as a share of its product's largest.
 */
export async function productFault(
  context: GpuContext,
  kernel: Kernel,
  version: keyof typeof VERSIONS,
  staging: StagingPool,
  mostError: number,
): Promise<string | null> {
  const { tile, rows } = VERSIONS[version];
  for (const one of CASES) {
    const { inputs, params, wanted, slices } = problemOf(rows, one);
    const whole = (buffer: DeviceBuffer): BufferRange => ({ buffer, offset: 0, bytes: buffer.bytes });
    const buffers = Object.values(inputs).map((values) => {
      const buffer = context.allocate("activation", Math.ceil(values.length / 4) * 16, "self test");
      context.write(buffer, 0, values);
      return buffer;
    });
    const uniforms = context.allocateUniforms(kernel.paramBytes, "self test");
    const packed = new DataView(new ArrayBuffer(kernel.paramBytes));
    kernel.packParams(params, packed, 0);
    context.write(uniforms, 0, packed);
    const grid = [Math.ceil(COLUMNS / tile[1]), Math.ceil(rows / tile[0]), slices] as const;
    const work: PreparedDispatch = context.kernels.prepare(
      kernel,
      uniforms,
      0,
      buffers.map(whole),
      grid,
      new Map<string, never>(),
    );
    context.submit([work]);
    const got = await staging.read(buffers[3]!, 0, wanted.length);
    const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = wanted.findIndex((value, i) => !(Math.abs(got[i]! - value) <= mostError * largest));
    if (worst < 0) continue;
    const error = Math.abs(got[worst]! - wanted[worst]!);
    return (
      `a product of ${rows} × ${DEPTH} by ${DEPTH} × ${COLUMNS} (${one.a}${one.b}) has ${got[worst]} instead of ${wanted[worst]}, an ` +
      `error of ${error.toPrecision(3)}`
    );
  }
  return null;
}
