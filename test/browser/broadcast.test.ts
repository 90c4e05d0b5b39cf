/** Broadcasting and views of random tensors, against a small reference on the host. */
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cat, Generator, grad, type NDArray, type Shape, stack, type Tensor } from "webgpu-lstm";
import { checkOnTheWayIn } from "../../src/graph/input-checks.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const sizeOf = (shape: Shape) => shape.reduce((size, n) => size * n, 1);

function draw(generator: Generator, shape: Shape): NDArray {
  const data = generator.uniform_(new Float32Array(sizeOf(shape)), 0.5, 2);
  return { data: data.map((value, i) => (i % 2 ? -value : value)), shape };
}

/** The source index of an element of the broadcast shape. */
function source(index: number, shape: Shape, from: Shape): number {
  let position = 0;
  let stride = 1;
  for (let dim = 1; dim <= shape.length; dim++) {
    const at = index % shape[shape.length - dim]!;
    index = Math.floor(index / shape[shape.length - dim]!);
    const size = from[from.length - dim] ?? 1;
    if (size > 1) position += at * stride;
    stride *= size;
  }
  return position;
}

/** A value and its derivatives with respect to a and b. */
type Derived = readonly [value: number, byA: number, byB: number];
const arithmetic: Record<"add" | "sub" | "mul" | "div", (a: number, b: number) => Derived> = {
  add: (a: number, b: number) => [a + b, 1, 1],
  sub: (a: number, b: number) => [a - b, 1, -1],
  mul: (a: number, b: number) => [a * b, b, a],
  div: (a: number, b: number) => [a / b, 1 / b, -a / (b * b)],
};

/** A shape of up to five dimensions, and two that broadcast to it. */
const anyShapes = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 5 }), a: fc.boolean(), b: fc.boolean() }), {
    maxLength: 5,
  })
  .chain((dims) =>
    fc.record({
      dims: fc.constant(dims),
      cutA: fc.integer({ min: 0, max: dims.length }),
      cutB: fc.integer({ min: 0, max: dims.length }),
    }),
  )
  .map(({ dims, cutA, cutB }) => ({
    a: dims.map(({ size, a }) => (a ? size : 1)).slice(Math.min(cutA, cutB) === cutA ? 0 : cutA),
    b: dims.map(({ size, a, b }) => (b || !a ? size : 1)).slice(Math.min(cutA, cutB) === cutA ? cutB : 0),
  }));

/** Relative to the sum of the terms' magnitudes: a few float32 roundings. */
const BUDGET = 2e-6;

test("arithmetic of broadcast tensors, and its gradients", () =>
  frame.run((device) =>
    fc.assert(
      fc.asyncProperty(
        anyShapes,
        fc.constantFrom("add" as const, "sub" as const, "mul" as const, "div" as const),
        fc.integer({ min: 0, max: 1_000_000 }),
        async (shapes, name, seed) => {
          const generator = new Generator(seed);
          const [a, b] = [draw(generator, shapes.a), draw(generator, shapes.b)];
          const rank = Math.max(shapes.a.length, shapes.b.length);
          const shape = Array.from({ length: rank }, (_, dim) =>
            Math.max(
              shapes.a[dim - rank + shapes.a.length] ?? 1,
              shapes.b[dim - rank + shapes.b.length] ?? 1,
            ),
          );
          const w = draw(generator, shape);
          const step = await device.compile(
            ({ a, b, w }) => {
              const y = a[name](b);
              const [gradA, gradB] = grad(y.mul(w).sum(), [a, b]) as [Tensor, Tensor];
              return { y, gradA, gradB };
            },
            { inputs: { a: shapes.a, b: shapes.b, w: shape } },
          );
          const run = step.run({ a, b, w });
          const [y, gradA, gradB] = await Promise.all([run.y.read(), run.gradA.read(), run.gradB.read()]);
          step.dispose();

          expect(y.shape).toEqual(shape);
          expect(gradA.shape).toEqual(shapes.a);
          expect(gradB.shape).toEqual(shapes.b);
          const sums = { a: new Float64Array(a.data.length), b: new Float64Array(b.data.length) };
          const sizes = { a: new Float64Array(a.data.length), b: new Float64Array(b.data.length) };
          for (const [i, weight] of w.data.entries()) {
            const [ia, ib] = [source(i, shape, shapes.a), source(i, shape, shapes.b)];
            const [value, byA, byB] = arithmetic[name](a.data[ia]!, b.data[ib]!);
            expect(Math.abs(y.data[i]! - value)).toBeLessThanOrEqual(BUDGET * (1 + Math.abs(value)));
            sums.a[ia]! += weight * byA;
            sums.b[ib]! += weight * byB;
            sizes.a[ia]! += Math.abs(weight * byA);
            sizes.b[ib]! += Math.abs(weight * byB);
          }
          for (const [key, gradient] of [
            ["a", gradA.data],
            ["b", gradB.data],
          ] as const) {
            for (const [i, value] of gradient.entries()) {
              expect(Math.abs(value - sums[key][i]!)).toBeLessThanOrEqual(BUDGET * sizes[key][i]!);
            }
          }
        },
      ),
      { numRuns: 60 },
    ),
  ));

/** One step of a chain of views, with numbers in [0, 1) that choose its arguments. */
const anyView = fc.record({
  kind: fc.constantFrom("select", "slice", "permute", "expand", "flatten", "unsqueeze", "squeeze", "detach"),
  choices: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 4, maxLength: 4 }),
});

function view(x: Tensor, { kind, choices }: { kind: string; choices: number[] }): Tensor {
  const rank = x.shape.length;
  const pick = (i: number, count: number) => Math.floor(choices[i]! * count);
  const dim = pick(0, rank) - (choices[1]! < 0.5 ? rank : 0);
  if (kind === "detach") return x.detach();
  if (kind === "unsqueeze") return x.unsqueeze(pick(0, rank + 1));
  if (kind === "squeeze") return x.squeeze();
  if (kind === "flatten") return rank > 1 ? x.flatten(pick(0, rank - 1)) : x.flatten();
  if (kind === "expand") return sizeOf(x.shape) < 200 ? x.unsqueeze(0).expand([3, ...x.shape]) : x;
  if (rank === 0) return x;
  const size = x.shape.at(dim)!;
  if (kind === "select") return x.select(dim, pick(2, 2 * size) - size);
  if (kind === "slice") return x.slice(dim, pick(2, size), undefined, 1 + pick(3, 3));
  const order = [...x.shape.keys()];
  for (let i = rank - 1; i > 0; i--) {
    const j = pick(i % 4, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return x.permute(order);
}

test("views of views read the elements that input checks follow, and send their gradients back there", () =>
  frame.run((device) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
        fc.array(anyView, { minLength: 1, maxLength: 6 }),
        async (shape, chain) => {
          let seen: number[] = [];
          const detached = chain.some(({ kind }) => kind === "detach");
          const step = await device.compile(
            ({ x }) => {
              const y = chain.reduce(view, x);
              checkOnTheWayIn(y, (values) => {
                seen = Array.from(values);
                return null;
              });
              // The gradient of Σ y² / 2 is y, scattered back and summed.
              const gradient = detached ? x : grad(y.mul(y).sum().div(2), [x])[0]!;
              return { y, gradient };
            },
            { inputs: { x: shape } },
          );
          const x = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);
          const { y, gradient } = step.run({ x: { data: x, shape } });
          const values = [...(await y.read()).data];
          expect(values).toEqual(seen);
          expect(values).toHaveLength(sizeOf(y.shape));
          const back = [...(await gradient.read()).data];
          step.dispose();
          const times = new Float64Array(x.length);
          for (const value of values) times[value]! += value;
          if (!detached) expect(back).toEqual([...times]);
        },
      ),
      { numRuns: 80 },
    ),
  ));

test("selecting from stacks, concatenations and permutations equals selecting from the tensor itself", () =>
  frame.run((device) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 5, maxLength: 5 }),
        async (shape, count, stacked, choices) => {
          const pick = (i: number, n: number) => Math.floor(choices[i]! * n);
          const join = (x: Tensor) => {
            const parts = Array.from({ length: count }, (_, i) => x.add(100 * i));
            const joined = stacked
              ? stack(parts, pick(0, shape.length + 1))
              : cat(parts, pick(0, shape.length));
            return joined.transpose(pick(1, joined.shape.length), pick(2, joined.shape.length));
          };
          const step = await device.compile(
            ({ x }) => {
              const whole = join(x);
              const dim = pick(3, whole.shape.length);
              const index = pick(4, whole.shape[dim]!);
              // Multiplying by one hides the structure, so the whole is computed before the selection.
              return { selected: whole.select(dim, index), expected: whole.mul(1).select(dim, index) };
            },
            { inputs: { x: shape } },
          );
          const x = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);
          const { selected, expected } = step.run({ x: { data: x, shape } });
          expect(await selected.read()).toEqual(await expected.read());
          step.dispose();
        },
      ),
      { numRuns: 60 },
    ),
  ));
