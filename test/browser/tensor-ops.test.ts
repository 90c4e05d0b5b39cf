import { afterAll, beforeAll, expect, test } from "vitest";
import { grad, type NDArray, nn, type Shape, stack, type Tensor } from "webgpu-lstm";
import { GpuFrame } from "./gpu.ts";

/** One device for all cases. */
let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

/** 0, 1, 2, … in a shape: a value tells where it came from. */
function counted(shape: Shape): NDArray {
  const data = Float32Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (_, i) => i);
  return { data, shape };
}

/**
 * Runs a function of one tensor, and the gradient of Σ (f(x) - 0)²: with every element of f(x) taken from one of x
 * it is 2·x times how often x's element is taken.
 */
async function run(x: NDArray, f: (x: Tensor) => Tensor): Promise<{ y: NDArray; gradient: NDArray }> {
  return frame.run(async (device) => {
    let shape: Shape = [];
    const probe = await device.compile(({ x }) => ({ y: f(x!) }), { inputs: { x: x.shape } });
    const y = await probe.run({ x }).y.read();
    shape = y.shape;
    probe.dispose();
    const step = await device.compile(
      ({ x, zero }) => {
        const loss = new nn.MSELoss({ reduction: "sum" }).forward(f(x!), zero!);
        return { gradient: grad(loss, [x!])[0]! };
      },
      { inputs: { x: x.shape, zero: shape } },
    );
    const gradient = await step
      .run({ x, zero: { data: new Float32Array(y.data.length), shape } })
      .gradient.read();
    step.dispose();
    return { y, gradient };
  });
}

/** Twice x's element times how often `taken` names it. */
function expectedGradient(x: NDArray, taken: Float32Array): Float32Array {
  const times = new Float32Array(x.data.length);
  for (const index of taken) times[index]! += 1;
  return x.data.map((value, i) => 2 * value * times[i]!);
}

const cases: [name: string, shape: Shape, f: (x: Tensor) => Tensor, expected: NDArray][] = [
  [
    "select(0, 1)",
    [2, 3, 2],
    (x) => x.select(0, 1),
    { data: Float32Array.of(6, 7, 8, 9, 10, 11), shape: [3, 2] },
  ],
  ["select(1, -2)", [2, 3, 2], (x) => x.select(1, -2), { data: Float32Array.of(2, 3, 8, 9), shape: [2, 2] }],
  [
    "select(-1, 0)",
    [2, 3, 2],
    (x) => x.select(-1, 0),
    { data: Float32Array.of(0, 2, 4, 6, 8, 10), shape: [2, 3] },
  ],
  [
    "transpose(0, 1)",
    [2, 3],
    (x) => x.transpose(0, 1),
    { data: Float32Array.of(0, 3, 1, 4, 2, 5), shape: [3, 2] },
  ],
  [
    "transpose(0, 2)",
    [2, 2, 2],
    (x) => x.transpose(0, 2),
    { data: Float32Array.of(0, 4, 2, 6, 1, 5, 3, 7), shape: [2, 2, 2] },
  ],
  [
    "transpose(1, 2)",
    [2, 2, 2],
    (x) => x.transpose(-1, -2),
    { data: Float32Array.of(0, 2, 1, 3, 4, 6, 5, 7), shape: [2, 2, 2] },
  ],
  [
    "transpose(0, 1) of four dimensions",
    [2, 2, 1, 2],
    (x) => x.transpose(0, 1),
    { data: Float32Array.of(0, 1, 4, 5, 2, 3, 6, 7), shape: [2, 2, 1, 2] },
  ],
  ["transpose of a dimension of one", [3, 1, 2], (x) => x.transpose(0, 1), { ...counted([1, 3, 2]) }],
  [
    "select through a transpose",
    [3, 2, 1],
    (x) => x.transpose(0, 1).select(1, 2),
    { data: Float32Array.of(4, 5), shape: [2, 1] },
  ],
  ["reshape with -1", [2, 3], (x) => x.reshape([3, -1]), counted([3, 2])],
  ["unsqueeze and squeeze", [2, 3], (x) => x.unsqueeze(1).squeeze(1).unsqueeze(-1), counted([2, 3, 1])],
  [
    "stack of slices, one of them twice",
    [3, 2],
    (x) => stack([x.select(0, 2), x.select(0, 0), x.select(0, 2)]),
    { data: Float32Array.of(4, 5, 0, 1, 4, 5), shape: [3, 2] },
  ],
  [
    "a slice of a stack",
    [2, 2],
    (x) => stack([x.select(0, 0), x.select(0, 1)]).select(0, 1),
    { data: Float32Array.of(2, 3), shape: [2] },
  ],
];

test.each(cases)("%s and its gradient", async (_, shape, f, expected) => {
  const x = counted(shape);
  const { y, gradient } = await run(x, f);
  expect(y).toEqual(expected);
  expect(gradient).toEqual({ data: expectedGradient(x, expected.data), shape });
});

test("add and its gradient, of a tensor with itself", async () => {
  const x = counted([2, 2]);
  const { y, gradient } = await run(x, (x) => x.add(x));
  expect(y.data).toEqual(Float32Array.of(0, 2, 4, 6));
  // d/dx (2x)² = 8x
  expect(gradient.data).toEqual(Float32Array.of(0, 8, 16, 24));
});

test("select gives the LSTM's own last step, and a copy of any other", async () => {
  await frame.run(async (device) => {
    const lstm = new nn.LSTM(2, 3, { batchFirst: true });
    const step = await device.compile(
      ({ x }) => {
        const { output, state } = lstm.forward(x!);
        return { output, last: output.select(1, -1), second: output.select(1, 1), h: state.h };
      },
      { inputs: { x: [2, 4, 2] } },
    );
    const { output, last, second, h } = step.run({ x: counted([2, 4, 2]) });
    const all = (await output.read()).data;
    const at = (t: number) =>
      Float32Array.from([0, 1].flatMap((n) => [...all.slice((n * 4 + t) * 3, (n * 4 + t + 1) * 3)]));
    expect((await last.read()).data).toEqual(at(3));
    expect((await second.read()).data).toEqual(at(1));
    expect((await h.read()).data).toEqual(at(3));
    step.dispose();
    lstm.dispose();
  });
});
