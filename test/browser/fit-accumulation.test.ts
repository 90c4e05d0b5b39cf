/** Accumulating gradients of several runs for one update equals one large batch. */
import { describe, expect, test } from "vitest";
import { type Device, GraphError, manualSeed, type NDArray, nn, OptionError, optim } from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { expectClose } from "./closeness.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny, values } from "./tiny.ts";

const N = 13;
const x: NDArray = { data: values([N, 3, 2]), shape: [N, 3, 2] };
const y: NDArray = { data: values([N, 1], 1), shape: [N, 1] };

const rows = ({ data, shape }: NDArray, from: number, to: number): NDArray => {
  const size = data.length / N;
  return { data: data.slice(from * size, to * size), shape: [to - from, ...shape.slice(1)] };
};

/** Trains on batches that end at these samples; the last one always updates. */
async function train(
  device: Device,
  ends: readonly number[],
  accumulate?: { runs: number; reduction?: "mean" | "sum" },
  epochs = 3,
) {
  manualSeed(4);
  const model = new Tiny();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const criterion = new nn.MSELoss(accumulate?.reduction === "sum" ? { reduction: "sum" } : {});
  const step = await device.compile(
    ({ x, y }) => {
      const loss = criterion.forward(model.forward(x), y);
      return { loss, norm: nn.utils.clipGradNorm_(model.parameters(), 0.05) };
    },
    {
      inputs: { x: [ends[0]!, 3, 2], y: [ends[0]!, 1] },
      minimize: "loss",
      optimizer,
      ...(accumulate && { accumulate }),
    },
  );
  const norms: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let from = 0;
    for (const to of ends) {
      const last = to === N ? { update: true } : {};
      const results = step.run(
        { x: rows(x, from, to), y: rows(y, from, to) },
        accumulate ? { ...(accumulate.reduction !== "sum" && { weight: to - from }), ...last } : {},
      );
      if (step.pending === 0) norms.push(await results.norm.item());
      from = to;
    }
  }
  const state = await model.stateDict();
  const weights = await bits(model);
  step.dispose();
  model.dispose();
  return { state, weights, norms, updates: optimizer.steps };
}

/** Compares two runs' values within PyTorch's float32 budget. */
const close = (name: string, actual: ArrayLike<number>, expected: ArrayLike<number>) =>
  expectClose(name, Float32Array.from(actual), {
    dtype: "F64",
    shape: [expected.length],
    data: Float64Array.from(expected),
  });

const flat = (state: ReadonlyMap<string, NDArray>) =>
  Float32Array.from([...state.values()].flatMap(({ data }) => [...data]));

describe("accumulation", () => {
  test.each([
    ["three batches, the last one shorter", [5, 10, 13]],
    ["batches of one", Array.from({ length: N }, (_, i) => i + 1)],
  ])("of %s equals one batch of all", (_, ends) =>
    withDevice(async (device) => {
      const whole = await train(device, [N]);
      const parts = await train(device, ends, { runs: ends.length });
      expect(parts.updates).toBe(3);
      close("weights", flat(parts.state), flat(whole.state));
      close("norms", parts.norms, whole.norms);
      const [first] = whole.norms;
      expect(first).toBeGreaterThan(0.05); // the gradients were clipped after accumulation
    }),
  );

  test("adds the gradients of a summed loss", () =>
    withDevice(async (device) => {
      const parts = await train(device, [5, 10, 13], { runs: 3, reduction: "sum" });
      const whole = await train(device, [N], { runs: 1, reduction: "sum" });
      close("norms", parts.norms, whole.norms);
      close("weights", flat(parts.state), flat(whole.state));
    }));

  test("of one run equals no accumulation, bit for bit", () =>
    withDevice(async (device) => {
      const plain = await train(device, [N]);
      // Multiplying and dividing by a weight may round: use weight 1.
      manualSeed(4);
      const model = new Tiny();
      const criterion = new nn.MSELoss();
      const step = await device.compile(
        ({ x, y }) => {
          nn.utils.clipGradNorm_(model.parameters(), 0.05);
          return { loss: criterion.forward(model.forward(x), y) };
        },
        {
          inputs: { x: x.shape, y: y.shape },
          minimize: "loss",
          optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }),
          accumulate: { runs: 1 },
        },
      );
      for (let i = 0; i < 3; i++) step.run({ x, y });
      expect(await bits(model)).toEqual(plain.weights);
      step.dispose();
      model.dispose();
    }));

  test("changes no weights before the update, and starts over after it", () =>
    withDevice(async (device) => {
      manualSeed(4);
      const model = new Tiny();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const criterion = new nn.MSELoss();
      const step = await device.compile(
        ({ x, y }) => {
          const loss = criterion.forward(model.forward(x), y);
          return { loss, norm: nn.utils.clipGradNorm_(model.parameters(), 1e9) };
        },
        { inputs: { x: x.shape, y: y.shape }, minimize: "loss", optimizer, accumulate: { runs: 3 } },
      );
      const before = await bits(model);
      const first = step.run({ x, y });
      const second = step.run({ x, y });
      expect(step.pending).toBe(2);
      expect(optimizer.steps).toBe(0);
      expect(await bits(model)).toEqual(before);
      expect(await first.loss.item()).toBe(await second.loss.item());
      await expectRefusal(
        () => second.norm.item(),
        GraphError,
        "Result.item: norm of run 2 was not computed",
      );
      await expectRefusal(() => second.norm.read(), GraphError, "was not computed");
      const third = step.run({ x, y });
      expect(step.pending).toBe(0);
      const norm = await third.norm.item();
      expect(optimizer.steps).toBe(1);
      const after = await bits(model);
      expect(after).not.toEqual(before);
      // A group of one batch: only its own gradient, nothing from before.
      const fourth = step.run({ x, y }, { update: true });
      expect(optimizer.steps).toBe(2);
      expect(await fourth.norm.item()).toBeLessThan(norm * 1.5);

      await expectRefusal(
        () => step.run({ x, y }, { weight: 0 }),
        OptionError,
        "step.run: weight",
        "above 0, got 0",
      );
      await expectRefusal(() => step.run({ x, y }, wrong({ update: 1 })), OptionError, "update", "got 1");
      await expectRefusal(() => step.run({ x, y }, wrong({ last: true })), OptionError, '"last"');
      expect(step.pending).toBe(0);
      step.dispose();
      model.dispose();
    }));

  test("a profiled run without an update has only its own dispatches", () =>
    withDevice(async (device) => {
      const model = new Tiny();
      const criterion = new nn.MSELoss();
      const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
        inputs: { x: x.shape, y: y.shape },
        minimize: "loss",
        optimizer: new optim.Adam(model.parameters()),
        accumulate: { runs: 2 },
      });
      const kernels = async () => (await step.profile({ x, y })).dispatches.map(({ kernel }) => kernel);
      const [adding, updating] = [await kernels(), await kernels()];
      expect(adding.at(-1)).toBe("gradient_accumulate");
      expect(updating).toEqual([...adding, "gradient_average", "adam"]);
      step.dispose();
      model.dispose();
    }));

  test("refuses wrong options, and leaves no memory behind", () =>
    withDevice(async (device) => {
      const model = new Tiny();
      const criterion = new nn.MSELoss();
      const compile =
        (options: object, training = true) =>
        () =>
          device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x!), y!) }), {
            inputs: { x: x.shape, y: y.shape },
            ...(training && { minimize: "loss", optimizer: new optim.Adam(model.parameters()) }),
            ...wrong(options),
          });
      await expectRefusal(
        compile({ accumulate: { runs: 0 } }),
        OptionError,
        "device.compile: accumulate: runs",
        "got 0",
      );
      await expectRefusal(compile({ accumulate: 4 }), OptionError, "device.compile: accumulate");
      await expectRefusal(
        compile({ accumulate: { runs: 2, reduction: "none" } }),
        OptionError,
        '"mean" or "sum", got "none"',
      );
      await expectRefusal(
        compile({ accumulate: { runs: 2 } }, false),
        OptionError,
        "accumulate goes with an optimizer",
      );
      await expectRefusal(compile({ random: { seed: -1, runs: 0 } }), OptionError, "random: seed", "got -1");
      const step = await compile({})();
      await expectRefusal(
        () => step.run({ x, y }, { weight: 2 }),
        OptionError,
        "step.run: weight and update are for a step that adds up gradients",
      );
      step.dispose();
      model.dispose();
    }));
});
