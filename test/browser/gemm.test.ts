/** Every version of the matrix product against float64 sums, at sizes and layouts that split tiles, quads and slices. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceOptions, Tensor } from "webgpu-lstm";
import { apply } from "../../src/graph/tensor.ts";
import type { Op, Operand } from "../../src/ops/op.ts";
import { gemm } from "../../src/ops/product/gemm.ts";
import type { Matrix, Slices } from "../../src/ops/product/product.ts";
import { copyRun } from "../../src/ops/tensor/copy.ts";
import { GpuFrame } from "./gpu.ts";

/** Layout of a matrix: element (i, j) is at offset + i·strides[0] + j·strides[1]. */
type Layout = Omit<Matrix, "operand">;

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly a: Layout;
  readonly b: Layout;
  readonly c: Layout;
  readonly bias?: boolean;
  readonly accumulate?: boolean;
  readonly slices?: Slices;
}

/** Copies the old C, then multiplies. */
const productOp: Op<Case> = {
  name: "test_product",
  infer: ([, , , before]) => ({ outputs: [{ shape: before!.shape }] }),
  forward: ({ inputs, outputs }, { slices, ...product }, plan) => {
    const [a, b, bias, before] = inputs as Operand[];
    const c = outputs[0]!;
    const factors = {
      ...product,
      a: { ...product.a, operand: a! },
      b: { ...product.b, operand: b! },
      c: { ...product.c, operand: c },
      bias: product.bias ? bias! : null,
    };
    return [copyRun(c.elements, { operand: before! }, { operand: c }, plan), gemm(factors, plan, slices)];
  },
};

const n = (columns: number, offset = 0): Layout => ({ offset, strides: [columns, 1] });
const t = (rows: number, offset = 0): Layout => ({ offset, strides: [1, rows] });

/** A product of plain matrices, with overrides. */
function plain(rows: number, columns: number, depth: number, change: Partial<Case> = {}): Case {
  return { rows, columns, depth, a: n(depth), b: n(columns), c: n(columns), ...change };
}

/** The layouts of a weight gradient, Xᵀ·dY, cut along its depth; with biases X has an extra row of ones. */
function gradient(inputs: number, columns: number, depth: number, slices: Slices): Case {
  const rows = inputs + Number(slices.ones);
  return { rows, columns, depth, a: t(inputs), b: n(columns), c: n(columns), slices };
}

const cases: Record<string, Case> = {
  "one of each": plain(1, 1, 1),
  "quads and depth ending in the middle": plain(5, 7, 3, { bias: true }),
  "columns for the narrow tile": plain(70, 15, 18),
  "one column": plain(300, 1, 50, { bias: true }),
  "a tile and one more of each": plain(33, 33, 65, { bias: true }),
  "a tile exactly": plain(32, 32, 64),
  "several parts of a depth, added to what is there": plain(17, 40, 130, { bias: true, accumulate: true }),
  "more rows than a workgroup has": plain(1030, 36, 20, { accumulate: true }),
  "few rows, deep": plain(16, 37, 131, { bias: true }),
  "few rows, deep and transposed": plain(3, 130, 300, { b: t(300), accumulate: true }),
  "transposed A": plain(50, 20, 33, { a: t(50) }),
  "transposed B": plain(19, 45, 66, { b: t(66) }),
  "transposed C": plain(19, 45, 31, { c: t(19), accumulate: true }),
  "wider rows, from odd offsets": plain(9, 12, 34, { a: n(37, 3), b: n(13, 5), c: n(15, 7) }),
  slices: gradient(10, 9, 70, { count: 3, depth: 32, ones: false }),
  "slices with a row of ones": gradient(13, 44, 70, { count: 2, depth: 48, ones: true }),
  "a row of ones alone": gradient(0, 6, 40, { count: 2, depth: 20, ones: true }),
  "slices beyond the depth": gradient(6, 10, 30, { count: 4, depth: 16, ones: true }),
};

/** Elements up to the last one of a matrix. */
function extent({ offset = 0, strides }: Layout, rows: number, columns: number): number {
  return offset + Math.max(0, rows - 1) * strides[0] + (columns - 1) * strides[1] + 1;
}

function valuesFor(product: Case) {
  const { rows, columns, depth, a, b, c, slices } = product;
  const wave = (size: number, step: number) =>
    Float32Array.from({ length: Math.max(1, size) }, (_, i) => Math.sin(1 + i * step));
  return {
    a: wave(extent(a, rows - Number(slices?.ones ?? false), depth), 0.37),
    b: wave(extent(b, depth, columns), 0.73),
    bias: wave(columns, 1.1),
    c: wave(extent(c, rows, columns) + ((slices?.count ?? 1) - 1) * rows * columns, 0.51),
  };
}

/** The expected C, each element summed in float64. */
function expected(product: Case, values: ReturnType<typeof valuesFor>): Float64Array {
  const { rows, columns, depth, slices = { count: 1, depth, ones: false } } = product;
  const at = ({ offset = 0, strides }: Layout, i: number, j: number) =>
    offset + i * strides[0] + j * strides[1];
  const c = Float64Array.from(values.c);
  for (let slice = 0; slice < slices.count; slice++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const to = slice * rows * columns + at(product.c, row, column);
        let sum = (product.accumulate ? c[to]! : 0) + (product.bias ? values.bias[column]! : 0);
        for (let k = slice * slices.depth; k < Math.min(depth, (slice + 1) * slices.depth); k++) {
          const isOnes = slices.ones && row === rows - 1;
          sum += (isOnes ? 1 : values.a[at(product.a, row, k)]!) * values.b[at(product.b, k, column)]!;
        }
        c[to] = sum;
      }
  return c;
}

describe.each(["register", "shared", "rows", "lanes4"] as const)("gemm %s", (version) => {
  let frame: GpuFrame;
  beforeAll(async () => {
    const options: DeviceOptions = { versions: { gemm: version } };
    frame = await GpuFrame.open(options);
  });
  afterAll(() => frame.close());

  const multiply = (product: Case, values: ReturnType<typeof valuesFor>, as = (x: Tensor) => x) =>
    frame.run(async (device) => {
      const inputs = Object.fromEntries(
        Object.entries(values).map(([name, { length }]) => [name, [length] as const]),
      );
      const step = await device.compile(
        ({ a, b, bias, c }) => ({ out: apply("test", productOp, [as(a!), as(b!), bias!, c!], product)[0]! }),
        { inputs },
      );
      const { data } = await step.run(values).out.read();
      const kernels = await step.describe();
      step.dispose();
      return { data, kernels };
    });

  test.each(Object.entries(cases))("%s", async (_, product) => {
    const values = valuesFor(product);
    const { data, kernels } = await multiply(product, values);
    const isOffered = version !== "rows" || product.rows <= 16;
    expect(kernels).toContain(`gemm_${isOffered ? version : "register"}`);
    const wanted = expected(product, values);
    expect(data.length).toBe(wanted.length);
    const far = [...data.entries()].filter(([i, value]) => !(Math.abs(value - wanted[i]!) < 1e-5));
    expect(far.map(([i, value]) => [i, value, wanted[i]])).toEqual([]);
  });

  test("non-finite values stay in their row of A and column of B", async () => {
    const [rows, badRow] = version === "rows" ? [15, 6] : [70, 41];
    const product = plain(rows, 37, 67);
    const values = valuesFor(product);
    const badColumn = 18;
    // The first and last of the row, which the neighbouring rows would read past their ends.
    values.a[badRow * 67] = 3e38;
    values.a[badRow * 67 + 66] = 3e38;
    values.b[30 * 37 + badColumn] = -3e38;
    values.b[66 * 37 + badColumn] = 3e38;
    // Inputs must be finite: these become infinite on the GPU, the others stay unchanged.
    const { data } = await multiply(product, values, (x) => x.mul(2 ** 100).mul(2 ** -100));
    const wanted = expected(product, values);
    for (const [i, value] of data.entries()) {
      const isBad = Math.floor(i / 37) === badRow || i % 37 === badColumn;
      expect(Number.isFinite(value), `element ${i}`).toBe(!isBad);
      if (!isBad) expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5);
    }
  });
});
