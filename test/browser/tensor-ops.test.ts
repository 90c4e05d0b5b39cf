import { afterAll, beforeAll, expect, test } from "vitest";
import { cat, GraphError, grad, type NDArray, nn, type Shape, stack, type Tensor } from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";
import { GpuFrame } from "./gpu.ts";

/** One device for all cases. */
let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

/** 0, 1, 2, … in a shape: each value shows its origin. */
function counted(shape: Shape): NDArray {
  const data = Float32Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (_, i) => i);
  return { data, shape };
}

/**
 * Runs a function of one tensor, and the gradient of Σ (f(x) - 0)². If every element of f(x) comes from one of x,
 * it is 2·x times the number of uses of x's element.
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

/** Twice x's element times its number of uses in `taken`. */
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

test("add and its gradient, for a tensor plus itself", async () => {
  const x = counted([2, 2]);
  const { y, gradient } = await run(x, (x) => x.add(x));
  expect(y.data).toEqual(Float32Array.of(0, 2, 4, 6));
  // d/dx (2x)² = 8x
  expect(gradient.data).toEqual(Float32Array.of(0, 8, 16, 24));
});

test("select returns the LSTM's own last step, and a copy of any other", async () => {
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

test("selects a bidirectional LSTM's last step before concatenating its directions", async () => {
  await frame.run(async (device) => {
    const [T, N, H] = [5, 2, 3];
    const lstm = new nn.LSTM(2, H, { batchFirst: true, bidirectional: true });
    const inputs = { x: [N, T, 2] };
    const last = await device.compile(({ x }) => ({ last: lstm.forward(x).output.select(1, -1) }), {
      inputs,
    });
    const all = await device.compile(({ x }) => ({ output: lstm.forward(x).output }), { inputs });
    const x = { data: counted([N, T, 2]).data.map((value) => Math.sin(value)), shape: inputs.x };
    const { data } = await last.run({ x }).last.read();
    const output = (await all.run({ x }).output.read()).data;
    const expected = [0, 1].flatMap((n) => [...output.slice((n * T + T - 1) * 2 * H, (n * T + T) * 2 * H)]);
    expect([...data]).toEqual(expected);
    // Copies nothing of the whole output's size.
    const copies = last.program.source.dispatches.filter(({ kernel }) => kernel.name === "copy_strided");
    const largest = Math.max(...copies.map(({ bytes }) => bytes / 8));
    expect(largest).toBeLessThan(T * N * H);
    last.dispose();
    all.dispose();
    lstm.dispose();
  });
});

test("reuses existing tensors", async () => {
  await frame.run(async (device) => {
    const step = await device.compile(
      ({ x }) => {
        expect(x.reshape([6, 1]).reshape([2, 3]) === x).toBe(true);
        expect(x.unsqueeze(0).squeeze(0) === x).toBe(true);
        expect(x.transpose(0, 1).transpose(1, 0) === x).toBe(true);
        expect(x.slice(0) === x).toBe(true);
        expect(x.expand([2, -1]) === x).toBe(true);
        expect(cat([x]) === x).toBe(true);
        const [a, b] = [x.add(1), x.add(2)];
        expect(stack([a, b], 1).select(1, 1) === b).toBe(true);
        return { a };
      },
      { inputs: { x: [2, 3] } },
    );
    step.dispose();
  });
});

test("detach blocks the gradient, other paths keep it", async () => {
  await frame.run(async (device) => {
    const fc = new nn.Linear(2, 1);
    const inputs = { x: [3, 2] };
    const through = ({ x }: { x: Tensor }) => {
      const y = fc.forward(x);
      return { y, gradient: grad(y.detach().sum(), [fc.weight])[0]! };
    };
    await expectRefusal(() => device.compile(through, { inputs }), GraphError, "the loss does not depend");
    const step = await device.compile(
      ({ x }) => {
        const y = fc.forward(x).sum();
        const [weight, bias] = grad(y.mul(y.detach()), [fc.weight, fc.bias!]) as [Tensor, Tensor];
        return { y: y.detach(), weight, bias };
      },
      { inputs },
    );
    const { y, bias } = step.run({ x: Float32Array.of(1, 0, 0, 1, 1, 1) });
    expect(await bias.item()).toBe(3 * (await y.item()));
    step.dispose();
    fc.dispose();
  });
});

test("differentiates a loss without computing it, and twice", async () => {
  await frame.run(async (device) => {
    const step = await device.compile(
      ({ x }) => ({
        square: grad(x.mul(x).sum(), [x])[0]!,
        softmax: grad(x.softmax(0).log().sum(), [x])[0]!,
        again: grad(x.softmax(0).slice(0, 0, 1).sum(), [x])[0]!,
      }),
      { inputs: { x: [2] } },
    );
    const run = step.run({ x: Float32Array.of(0, 0) });
    expect([...(await run.square.read()).data]).toEqual([0, 0]);
    expect([...(await run.softmax.read()).data]).toEqual([0, 0]);
    expect([...(await run.again.read()).data]).toEqual([0.25, -0.25]);
    expect(step.program.source.dispatches.some(({ kernel }) => kernel.name === "sum_axis")).toBe(false);
    step.dispose();
  });
});

test("relu keeps NaN, as in PyTorch; tanh and sigmoid of large values are finite", async () => {
  await frame.run(async (device) => {
    const step = await device.compile(
      ({ x }) => ({
        relu: x.sub(x.mul(1e38).mul(1e38)).mul(0).relu(),
        tanh: x.mul(1e30).tanh(),
        sigmoid: x.mul(-1e30).sigmoid(),
      }),
      { inputs: { x: [2] } },
    );
    const { relu, tanh, sigmoid } = step.run({ x: Float32Array.of(1, -1) });
    expect([...(await relu.read()).data]).toEqual([Number.NaN, Number.NaN]);
    expect([...(await tanh.read()).data]).toEqual([1, -1]);
    expect((await sigmoid.read()).data[0]).toBeCloseTo(0, 30);
    expect((await sigmoid.read()).data[1]).toBe(1);
    step.dispose();
  });
});
