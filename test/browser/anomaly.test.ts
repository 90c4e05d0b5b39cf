/** `detectAnomaly` names the op that makes the first NaN or infinity, forward, backward or in an update. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  AnomalyError,
  cat,
  type Device,
  DivergedError,
  grad,
  manualSeed,
  nn,
  OptionError,
  optim,
  type Tensor,
  Trainer,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { dispose, Passes, setUp, stateOf } from "./diverging-case.ts";
import { GpuFrame } from "./gpu.ts";
import { bits } from "./tiny.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

type Results = Record<string, Tensor>;

/** The anomaly of one run; `null` if there is none. */
async function anomalyIn(
  device: Device,
  fn: (x: Tensor) => Results,
  x: readonly number[],
  optimizer?: optim.Optimizer,
): Promise<AnomalyError | null> {
  const step = await device.compile(({ x }) => fn(x), {
    inputs: { x: [x.length] },
    detectAnomaly: true,
    ...(optimizer && { optimizer }),
  });
  try {
    for (const result of Object.values(step.run({ x }))) await result.read();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(AnomalyError);
    return error as AnomalyError;
  } finally {
    step.dispose();
  }
}

type Found = readonly [op: string, direction: AnomalyError["direction"], tensor: string, part: string];

function expectAnomaly(error: AnomalyError | null, [op, direction, tensor, part]: Found): void {
  expect(error, "no anomaly").not.toBeNull();
  const { message } = error!;
  expect([error!.op, error!.direction, error!.tensor], message).toEqual([op, direction, tensor]);
  expect(message).toContain(part);
  expect(message).toMatch(/^step\.run: in run 1 /);
}

const negativeInfinity = (x: Tensor) => x.sub(x).log();

describe("forward", () => {
  test.each<[string, (x: Tensor) => Results, number[], Found]>([
    [
      "log of 0",
      (x) => ({ y: x.log() }),
      [1, 0],
      ["log", "forward", "output", "infinity in its output [2], first at [1]; log of 0"],
    ],
    [
      "log of -1",
      (x) => ({ y: x.add(1).log() }),
      [1, 2, -2],
      ["log", "forward", "output", "NaN in its output [3], first at [2]; log of a number below 0"],
    ],
    ["exp of 100", (x) => ({ y: x.exp() }), [100], ["exp", "forward", "output", "subtract the maximum"]],
    [
      "a division by 0",
      (x) => ({ y: x.div(x.mul(0).reshape([1, 2])) }),
      [1, 2],
      ["div", "forward", "output", "infinity in its output [1, 2], first at [0, 0]"],
    ],
    ["0/0", (x) => ({ y: x.div(x) }), [1, 0], ["div", "forward", "output", "0/0"]],
    [
      "a sum that overflows",
      (x) => ({ y: x.sum() }),
      [3e38, 3e38],
      ["sum", "forward", "output", "infinity in its output []; "],
    ],
    [
      "a product",
      (x) => ({ y: x.reshape([1, 2]).matmul(x.reshape([2, 1])) }),
      [1e30, 1e30],
      ["matmul", "forward", "output", "scale the data"],
    ],
    [
      "∞ - ∞ comes from the first ∞",
      (x) => ({ y: x.exp().sub(x.mul(2).exp()) }),
      [100],
      ["exp", "forward", "output", "infinity"],
    ],
    [
      "softmax of a row of -∞",
      (x) => ({ y: negativeInfinity(x).softmax(0) }),
      [1, 2],
      ["log", "forward", "output", "log of 0"],
    ],
    [
      "a NaN that a ReLU keeps",
      (x) => ({ y: x.log().relu().reshape([2, 1]).permute([1, 0]) }),
      [-1, 1],
      ["log", "forward", "output", "NaN"],
    ],
    ["a scaled result", (x) => ({ y: x.mul(1e30) }), [1e30], ["scale", "forward", "output", "infinity"]],
    [
      "squares of a loss",
      (x) => ({ loss: new nn.MSELoss().forward(x, x.mul(-1)) }),
      [1e30, 1],
      ["squared", "forward", "output", "a difference"],
    ],
  ])("%s", (_, fn, x, found) =>
    frame.run(async (device) => expectAnomaly(await anomalyIn(device, fn, x), found)),
  );

  /** A layer, and what it makes of x in a shape of its own. */
  const withShape = (layer: nn.Linear | nn.LayerNorm) => ({
    layer,
    run: (x: Tensor) => layer.forward(x.reshape([1, 2])),
  });
  const recurrent = (layer: nn.LSTM | nn.GRU | nn.RNN) => ({
    layer,
    run: (x: Tensor) => layer.forward(x.reshape([1, 1, 2])).output,
  });
  test.each<[string, () => ReturnType<typeof withShape | typeof recurrent>, number[], Found]>([
    ["linear", () => withShape(new nn.Linear(2, 3)), [3e38, 3e38], ["linear", "forward", "output", "[1, 3]"]],
    [
      "layer_norm",
      () => withShape(new nn.LayerNorm(2)),
      [1e30, -1e30],
      ["layer_norm", "forward", "output", "sum of squares"],
    ],
    ["lstm", () => recurrent(new nn.LSTM(2, 3)), [3e38, 3e38], ["lstm", "forward", "output 0", "NaN"]],
    ["gru", () => recurrent(new nn.GRU(2, 3)), [3e38, 3e38], ["gru", "forward", "output 0", "NaN"]],
    [
      "rnn",
      () => recurrent(new nn.RNN(2, 3, { nonlinearity: "relu" })),
      [3e38, 3e38],
      ["rnn", "forward", "output 0", "infinity"],
    ],
  ])("%s", (_, make, x, found) =>
    frame.run(async (device) => {
      const { layer, run } = make();
      const state = await layer.stateDict();
      // Products of both signs: in gates they end in NaN.
      for (const [name, { data }] of state) {
        const gates = layer instanceof nn.LSTM || layer instanceof nn.GRU;
        for (const i of data.keys()) data[i] = name.includes("bias") ? 0 : gates && i % 2 === 1 ? -2 : 2;
      }
      layer.loadStateDict(state);
      expectAnomaly(await anomalyIn(device, (x) => ({ y: run(x) as Tensor }), x), found);
      layer.dispose();
    }),
  );

  test("a parameter that is NaN is named", () =>
    frame.run(async (device) => {
      const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Tanh());
      const state = await model.stateDict();
      state.get("0.bias")!.data[1] = Number.NaN;
      model.loadStateDict(state);
      const error = await anomalyIn(device, (x) => ({ y: model.forward(x.reshape([1, 2])) }), [1, 2]);
      expectAnomaly(error, [
        "parameter",
        "forward",
        "parameter 0.bias",
        "parameter 0.bias [2], first at [1], holds NaN",
      ]);
      model.dispose();
    }));

  test("a mask of -∞ that a softmax takes is none, made by an op or held by a buffer", () =>
    frame.run(async (device) => {
      const mask = new nn.Buffer([3], Float32Array.of(0, Number.NEGATIVE_INFINITY, 0));
      const fns = [
        (x: Tensor) => ({ y: x.add(mask).softmax(0) }),
        (x: Tensor) => ({ y: x.add(mask), z: x.sum() }),
        (x: Tensor) => ({ y: cat([x, negativeInfinity(x)]).softmax(0) }),
      ];
      for (const fn of fns) expect(await anomalyIn(device, fn, [1, 2, 3])).toBeNull();
      const reaches = await anomalyIn(device, (x) => ({ y: x.add(mask).sum() }), [1, 2, 3]);
      expectAnomaly(reaches, ["parameter", "forward", "parameter of no model", "holds infinity"]);
      mask.dispose();
    }));

  test("a mask of a whole row is what the softmax takes in a wrong way, not what adds it", () =>
    frame.run(async (device) => {
      const mask = new nn.Buffer([3], new Float32Array(3).fill(Number.NEGATIVE_INFINITY));
      const masked = await anomalyIn(device, (x) => ({ y: x.add(mask).mul(2).softmax(0) }), [1, 2, 3]);
      expectAnomaly(masked, ["softmax", "forward", "output", "no score above -∞"]);
      mask.dispose();
    }));
});

describe("backward", () => {
  test.each<[string, (x: Tensor) => Tensor, number[], Found]>([
    ["log", (x) => x.log().mul(1e3), [1e-36], ["log", "backward", "gradient of input x", "1/x"]],
    ["div", (x) => x.mul(0).add(1).div(x), [1e-20], ["div", "backward", "gradient of input x", "divisor"]],
    ["exp", (x) => x.exp().mul(1e10), [80], ["exp", "backward", "gradient of input x", "infinity"]],
    [
      "matmul",
      (x) =>
        x
          .reshape([1, 1])
          .matmul(x.mul(0).add(1e30).reshape([1, 1]))
          .mul(1e10),
      [0],
      ["matmul", "backward", "gradient of operand 0", "infinity"],
    ],
    [
      "mul",
      (x) => x.mul(x.mul(0).add(1e30)).mul(1e10),
      [0],
      ["mul", "backward", "gradient of input x", "infinity"],
    ],
  ])("%s", (_, fn, x, found) =>
    frame.run(async (device) => {
      const traced = (x: Tensor) => ({ dx: grad(fn(x).sum(), [x])[0]! });
      expectAnomaly(await anomalyIn(device, traced, x), found);
    }),
  );

  test("the gradient of a layer's parameter is named, with where the op was recorded", () =>
    frame.run(async (device) => {
      const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1));
      const state = await model.stateDict();
      for (const { data } of state.values()) data.fill(0);
      state.get("0.bias")!.data.fill(1e30);
      model.loadStateDict(state);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const fn = (x: Tensor) => ({
        loss: model
          .forward(x.reshape([1, 2]))
          .mul(1e10)
          .sum(),
      });
      const error = await anomalyIn(device, fn, [1, 2], optimizer);
      expectAnomaly(error, [
        "linear",
        "backward",
        "gradient of parameter 1.weight",
        "[1, 2], first at [0, 0]",
      ]);
      expect((error!.cause as Error).message).toBe("linear was recorded here");
      expect((error!.cause as Error).stack).toContain("anomaly.test");
      expect(error!.shape).toEqual([1, 2]);
      model.dispose();
    }));

  test.each(["lstm", "gru", "rnn"] as const)("%s", (kind) =>
    frame.run(async (device) => {
      const layer = {
        lstm: () => new nn.LSTM(1, 2),
        gru: () => new nn.GRU(1, 2),
        rnn: () => new nn.RNN(1, 2),
      }[kind]();
      const state = await layer.stateDict();
      for (const { data } of state.values()) data.fill(1e-4);
      layer.loadStateDict(state);
      // The gradient of an output is 5e37, that of a weight some 5000 times as large.
      const fn = (x: Tensor) => {
        const output = layer.forward(x.reshape([3, 1, 1])).output as Tensor;
        return { loss: output.mul(5e37).sum() };
      };
      const optimizer = new optim.Adam(layer.parameters());
      const error = await anomalyIn(device, fn, [5000, 5000, 5000], optimizer);
      expect([error?.op, error?.direction], error?.message).toEqual([kind, "backward"]);
      expect(error!.tensor).toMatch(/^gradient of parameter weight_ih_l0/);
      layer.dispose();
    }),
  );
});

describe("updates", () => {
  const makers: Record<string, (list: nn.Parameter[]) => optim.Optimizer> = {
    sgd: (list) => new optim.SGD(list, { lr: 1e38 }),
    adam: (list) => new optim.Adam(list, { lr: 3e38, weightDecay: 10 }),
    rmsprop: (list) => new optim.RMSprop(list, { lr: 3e38 }),
  };
  test.each(Object.entries(makers))("%s: a parameter that overflows is named", (op, make) =>
    frame.run(async (device) => {
      manualSeed(1);
      const model = new nn.Sequential(new nn.Linear(2, 1));
      const step = await device.compile(({ x }) => ({ loss: model.forward(x).mul(100).sum() }), {
        inputs: { x: [1, 2] },
        optimizer: make(model.parameters()),
        detectAnomaly: true,
      });
      const results = [1, 2, 3].map(() => step.run({ x: [[5, 5]] }));
      const errors = await Promise.all(
        results.map(({ loss }) =>
          loss.item().then(
            () => null,
            (error: unknown) => error,
          ),
        ),
      );
      const first = errors.find(Boolean) as AnomalyError;
      expect([first.op, first.direction, first.tensor]).toEqual([op, "update", "parameter 0.weight"]);
      // What follows from it is reported as it.
      expect(errors.at(-1)).toBe(first);
      step.dispose();
      model.dispose();
    }),
  );
});

describe("a step", () => {
  test("an infinity that an update left is reported as it, also where a later NaN is made of it", () =>
    frame.run(async (device) => {
      const factor = new nn.Parameter([2], Float32Array.of(1, 0));
      const step = await device.compile(({ x }) => ({ loss: factor.mul(x).log().sum() }), {
        inputs: { x: [2] },
        optimizer: new optim.SGD([factor], { lr: 0.5 }),
        detectAnomaly: true,
      });
      for (let run = 0; run < 2; run++) {
        await expectRefusal(
          () => step.run({ x: [1, 1] }).loss.item(),
          AnomalyError,
          "in run 1 log makes infinity",
        );
      }
      step.dispose();
      factor.dispose();
    }));

  test("every way to read a result rejects; what an earlier run left is reported as it; other shapes are checked", () =>
    frame.run(async (device) => {
      const step = await device.compile(
        ({ x, h }) => {
          const y = x.log().add(h);
          return { y, total: y.mul(0.5).sum(), h: y, same: x };
        },
        { inputs: { x: [2], h: [2] }, carry: { h: "h" }, detectAnomaly: true },
      );
      expect((await step.ask({ x: [1, 1] }, "y")).data).toEqual(Float32Array.of(0, 0));
      await expectRefusal(
        () => step.ask({ x: [1, -1] }, "y"),
        AnomalyError,
        "in run 2 log makes NaN",
        "first at [1]",
      );
      const { y, total, same } = step.run({ x: [1, 1] });
      for (const read of [() => y.read(), () => total.item(), () => same.read()]) {
        await expectRefusal(read, AnomalyError, "in run 2 log makes NaN");
      }
      step.dispose();

      const rows = await device.compile(({ x }) => ({ y: x.log() }), {
        inputs: { x: [2, 1] },
        detectAnomaly: true,
      });
      await rows.run({ x: [1, 1] }).y.read();
      await expectRefusal(() => rows.run({ x: [1, 1, 0] }).y.read(), AnomalyError, "[3, 1], first at [2, 0]");
      rows.dispose();
    }));

  test("computes the same bits, and packed sequences have no anomaly", () =>
    frame.run(async (device) => {
      const run = async (detectAnomaly: boolean) => {
        manualSeed(2);
        const model = new nn.ModuleList([
          new nn.LSTM(2, 5, { numLayers: 2, dropout: 0.2, bidirectional: true }),
        ] as const);
        const head = new nn.Linear(10, 1);
        const all = new nn.ModuleList([model, head]);
        const step = await device.compile(
          ({ x, y }) => {
            const packed = nn.utils.rnn.packPaddedSequence(x, [4, 2, 1], { enforceSorted: false });
            const { output } = nn.utils.rnn.padPackedSequence(
              model.at(0).forward(packed).output as nn.utils.rnn.PackedSequence,
            );
            const loss = new nn.MSELoss().forward(head.forward(output), y);
            return { loss, norm: nn.utils.clipGradNorm_(all.parameters(), 1) };
          },
          {
            inputs: { x: [4, 3, 2], y: [4, 3, 1] },
            optimizer: new optim.AdamW(all.parameters()),
            accumulate: { runs: 2 },
            random: { seed: 3, runs: 0 },
            detectAnomaly,
          },
        );
        const x = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i));
        const losses = [];
        for (let i = 0; i < 6; i++) losses.push(await step.run({ x, y: x.subarray(0, 12) }).loss.item());
        const weights = await bits(all);
        step.dispose();
        all.dispose();
        return { losses, weights };
      };
      expect(await run(true)).toEqual(await run(false));
    }));

  test("refuses other values", () =>
    frame.run(async (device) => {
      const options = { inputs: { x: [1] }, detectAnomaly: wrong(1) };
      await expectRefusal(
        () => device.compile(({ x }) => ({ x }), options),
        OptionError,
        "detectAnomaly must be true or false",
      );
      expect(
        () =>
          new Trainer(
            device,
            wrong(new nn.Linear(1, 1)),
            wrong({
              loss: new nn.MSELoss(),
              optimizer: new optim.SGD(new nn.Linear(1, 1).parameters()),
              detectAnomaly: 1,
            }),
          ),
      ).toThrow("detectAnomaly");
    }));
});

describe("Trainer", () => {
  const isBad = (pass: number, batch: number) => pass === 2 && batch === 3;

  test("DivergedError has the op as its cause; model and optimizer are as without", () =>
    frame.run(async (device) => {
      const run = async (detectAnomaly: boolean) => {
        const parts = setUp(device, { detectAnomaly });
        const error = await Promise.resolve(parts.trainer.fit(new Passes(isBad), { epochs: 3 })).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(DivergedError);
        const state = await stateOf(parts);
        await dispose(parts);
        return { error: error as DivergedError, state };
      };
      const [plain, detected] = [await run(false), await run(true)];
      expect(detected.state).toEqual(plain.state);
      expect(plain.error.cause).toBeUndefined();
      expect(detected.error.message).toContain(plain.error.message);
      expect(detected.error.batch).toBe(4);
      const cause = detected.error.cause as AnomalyError;
      expect(cause).toBeInstanceOf(AnomalyError);
      expect([cause.direction, detected.error.message.endsWith(cause.message)]).toEqual(["forward", true]);
    }));

  test.each(["skip", "ignore"] as const)(
    "onNonFinite %s: fit, evaluate and predict throw the AnomalyError",
    (onNonFinite) =>
      frame.run(async (device) => {
        const parts = setUp(device, { detectAnomaly: true, onNonFinite });
        const { trainer } = parts;
        await expectRefusal(
          () => trainer.fit(new Passes(isBad), { epochs: 3 }),
          AnomalyError,
          "in run 11 ",
          "makes infinity",
        );
        const state = await parts.model.stateDict();
        for (const { data } of state.values()) data.fill(2);
        parts.model.loadStateDict(state);
        await expectRefusal(() => trainer.evaluate(new Passes(() => true)), AnomalyError, "in run 1 ");
        await expectRefusal(() => trainer.predict([[3e38, 3e38, 3e38]]), AnomalyError, "in run 1 ");
        await dispose(parts);
      }),
  );
});
