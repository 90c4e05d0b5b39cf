/** LBFGS where something fails: losses and gradients that are NaN or infinite, closures that throw, and a device that is lost. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  DataError,
  type Device,
  DeviceLostError,
  loadCheckpoint,
  nn,
  optim,
  saveCheckpoint,
  type Tensor,
  where,
} from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";
import { GpuFrame } from "./gpu.ts";
import { facts, lose, request } from "./lost-devices.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
  return () => frame.close();
});

const START = [1, -2, 0.5];
const AT = [0.3, 0.2, 0.1];

class Bowl extends nn.Module {
  readonly x = new nn.Parameter([3], Float32Array.from(START));
}

/** What is added to a bowl. */
type More = (x: Tensor) => Tensor | number;

/** LBFGS on a bowl. */
async function setUp(device: Device, options: optim.LbfgsOptions, more: More = () => 0) {
  const model = new Bowl();
  const optimizer = new optim.LBFGS(model.parameters(), options);
  const step = await device.compile(
    ({ at, scale }) => ({ loss: model.x.sub(at!).square().mul(scale!).sum().add(more(model.x)) }),
    { inputs: { at: [3], scale: [3] }, optimizer },
  );
  let calls = 0;
  const run = (at: readonly number[] = AT) => {
    calls++;
    return step.run({ at: Float32Array.from(at), scale: Float32Array.of(1, 3, 10) }).loss;
  };
  const read = async () => [...(await model.stateDict()).get("x")!.data];
  const dispose = () => {
    step.dispose();
    model.dispose();
  };
  return { model, optimizer, run, read, dispose, calls: () => calls };
}

const one = (x: Tensor, i: number) => x.slice(0, i, i + 1).sum();
/** A number where the last element is below 0.2, as it is after the first step length of a line search. */
const beyond =
  (value: number): More =>
  (x) =>
    where(one(x, 2).lt(0.2), value, 0);
const wolfe = { maxIter: 4, lineSearchFn: "strong_wolfe" } as const;

/** A loss; options, PyTorch's evaluations of each of two steps, and its parameters after the first. */
type NotFinite = readonly [
  name: string,
  more: More,
  options: optim.LbfgsOptions,
  calls: number,
  first: number,
  wanted: readonly number[],
  second: number,
];

/** What PyTorch 2.15 gives in float64. */
const notFinite: readonly NotFinite[] = [
  // √0, whose gradient is ∞·0.
  [
    "a NaN gradient",
    (x) => one(x, 1).mul(0).sqrt(),
    { maxIter: 4, lr: 0.1 },
    4,
    16.61,
    [0.58672, NaN, 0.5],
    NaN,
  ],
  [
    "a NaN gradient in a line search",
    (x) => one(x, 1).mul(0).sqrt(),
    wolfe,
    6,
    16.61,
    [-1284.115985825875, NaN, -7343.019919005],
    NaN,
  ],
  [
    "a NaN loss and gradient beyond a border",
    (x) => one(x, 0).sub(0.9).sqrt(),
    { maxIter: 4, lr: 0.1 },
    4,
    16.92622776601684,
    [NaN, NaN, NaN],
    NaN,
  ],
  [
    "a NaN loss and gradient beyond a border, in a line search",
    (x) => one(x, 0).sub(0.9).sqrt(),
    wolfe,
    6,
    16.92622776601684,
    [-112.16698385192582, 499.0850792223033, -303.1879268013959],
    NaN,
  ],
  ["an infinite loss beyond a border", beyond(Infinity), wolfe, 6, 16.61, [NaN, NaN, NaN], NaN],
  [
    "an infinite loss in as many evaluations as there are",
    beyond(Infinity),
    { ...wolfe, maxIter: 20 },
    26,
    16.61,
    [NaN, NaN, NaN],
    NaN,
  ],
  [
    "a loss of -∞ beyond a border",
    beyond(-Infinity),
    wolfe,
    5,
    16.61,
    [0.46459682988404105, 0.238298173886819, 0.1200225369266202],
    -Infinity,
  ],
  [
    "an infinite loss everywhere",
    (x) => where(one(x, 2).lt(1e30), Infinity, 0),
    wolfe,
    5,
    Infinity,
    [0.46459682988404105, 0.238298173886819, 0.1200225369266202],
    Infinity,
  ],
];

describe("LBFGS does what PyTorch does", () => {
  test.each(notFinite)("with %s", (_, more, options, calls, first, wanted, second) =>
    frame.run(async (device) => {
      const { optimizer, run, read, dispose, calls: all } = await setUp(device, options, more);
      const loss = await optimizer.step(() => run());
      if (Number.isFinite(first)) expect(loss).toBeCloseTo(first, 4);
      else expect(loss).toBe(first);
      expect(all()).toBe(calls);
      for (const [i, value] of (await read()).entries()) {
        if (Number.isNaN(wanted[i])) expect(value).toBeNaN();
        else expect(Math.abs(value / wanted[i]! - 1)).toBeLessThan(1e-5);
      }
      expect(await optimizer.step(() => run())).toBe(second);
      // A state with NaN can be saved and loaded, as PyTorch's.
      const state = await optimizer.stateDict();
      optimizer.loadStateDict(state);
      expect(await optimizer.stateDict()).toEqual(state);
      dispose();
    }),
  );
});

test.each<[string, More, number]>([
  ["beyond a border", beyond(NaN), 2],
  ["everywhere", (x) => where(one(x, 2).lt(1e30), NaN, 0), 2],
])(
  "a line search refuses a loss that is NaN %s with a slope that is not, where PyTorch has an IndexError",
  (_, more, calls) =>
    frame.run(async (device) => {
      const { optimizer, run, read, dispose, calls: all } = await setUp(device, wolfe, more);
      const step = () => optimizer.step(() => run());
      await expectRefusal(
        step,
        DataError,
        "LBFGS.step",
        "the loss is NaN at a step length of 0.0",
        "detectAnomaly",
      );
      expect(all()).toBe(calls);
      expect(await read()).toEqual(START);
      expect((await optimizer.stateDict()).state[0]).toEqual({ func_evals: 2, n_iter: 0 });
      dispose();
    }),
);

test("a line search with the learning rate 0 ends, and moves nothing", () =>
  frame.run(async (device) => {
    const { optimizer, run, read, dispose, calls } = await setUp(device, { ...wolfe, lr: 0 });
    for (let t = 1; t <= 3; t++) {
      expect(await optimizer.step(() => run())).toBeCloseTo(16.61, 4);
      expect(calls()).toBeLessThanOrEqual(6 * t);
    }
    expect(await read()).toEqual(START);
    dispose();
  }));

test.each<[string, optim.LbfgsOptions]>([
  ["steps", { maxIter: 9, lr: 0.05 }],
  [
    "line searches",
    { maxIter: 9, lr: 0.05, lineSearchFn: "strong_wolfe", toleranceChange: 0, toleranceGrad: 0 },
  ],
])("a closure that throws among %s leaves no step that was not taken to the next one", (_, options) =>
  frame.run(async (device) => {
    const { optimizer, run, read, dispose, calls } = await setUp(device, options);
    const before: number[][] = [];
    const failing = async () => {
      if (calls() === 4) throw new Error("enough");
      const loss = run();
      before.push(await read());
      return loss;
    };
    await expect(optimizer.step(failing)).rejects.toThrow("enough");
    const iterate = await read();
    expect(before).toContainEqual(iterate);
    const pairs = async () => (await optimizer.stateDict()).state[0]!["old_dirs"] as unknown[];
    const kept = (await pairs()).length;
    expect(kept).toBeGreaterThan(0);
    optimizer.paramGroups[0]!.maxIter = 1;
    // Other data, whose gradient differs along the direction that was not gone.
    const losses = await optimizer.step(() => run([0.8, -0.3, 0.6]));
    expect(losses).toBeGreaterThan(0);
    expect((await pairs()).length).toBe(kept);
    dispose();
  }),
);

describe("a device that is lost", () => {
  /** A second step, on another device: from a checkpoint, or with nothing lost. */
  const goOn = async (checkpoint: Uint8Array | null) => {
    const parts = await setUp(await request(), { ...wolfe, maxIter: 2, maxEval: 12 });
    if (checkpoint) {
      const saved = loadCheckpoint(checkpoint);
      parts.model.loadStateDict(saved.model);
      parts.optimizer.loadStateDict(saved.optimizer!);
    } else await parts.optimizer.step(() => parts.run());
    parts.optimizer.paramGroups[0]!.maxIter = 4;
    await parts.optimizer.step(() => parts.run());
    const ended = { x: await parts.read(), state: await parts.optimizer.stateDict() };
    parts.dispose();
    return ended;
  };

  test.each<[string, number, "before" | "after" | "while waiting"]>([
    ["before the first evaluation", 1, "before"],
    ["after the first evaluation", 1, "after"],
    ["before a trial of a line search", 2, "before"],
    ["after a trial of a line search", 3, "after"],
    ["while a trial's loss is read", 4, "while waiting"],
  ])(
    "%s ends the step with a DeviceLostError, and a checkpoint goes on with the same bits",
    async (_, call, when) => {
      expect(facts).toBeDefined();
      const device = await request();
      const { model, optimizer, run, read, calls } = await setUp(device, {
        ...wolfe,
        maxIter: 2,
        maxEval: 12,
      });
      await optimizer.step(() => run());
      const checkpoint = await saveCheckpoint({ model, optimizer });
      const first = calls();
      optimizer.paramGroups[0]!.maxIter = 4;
      const losing = () => {
        const isNow = calls() === first + call - 1;
        if (isNow && when === "before") lose({ device });
        const loss = run();
        if (isNow && when === "after") lose({ device });
        const item = loss.item();
        if (isNow && when === "while waiting") lose({ device });
        return { item: () => item };
      };
      const step = () => optimizer.step(losing);
      await expectRefusal(step, DeviceLostError, "lost");
      await device.lost;
      // And so does everything after it.
      await expectRefusal(step, DeviceLostError, "lost");
      await expectRefusal(read, DeviceLostError, "lost");
      await expectRefusal(() => optimizer.stateDict(), DeviceLostError, "LBFGS.stateDict", "lost");
      const ended = await goOn(checkpoint);
      expect(await goOn(null)).toEqual(ended);
      expect(ended.state.state[0]!["n_iter"]).toBeGreaterThan(2);
    },
  );
});
