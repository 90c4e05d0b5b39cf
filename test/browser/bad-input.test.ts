/** Refused data and state dicts: every error names the problem, and nothing changes. */
import { describe, expect, test } from "vitest";
import { DataError, GraphError, nn, OptionError, ShapeError, StateDictError } from "webgpu-lstm";
import { expectRefusal, refusals, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny, tinyShapes, trainingStep, values } from "./tiny.ts";

const batch = { x: values(tinyShapes.x), y: values(tinyShapes.y) };
const criterion = new nn.MSELoss();

describe("step.run refuses", () => {
  test("unsuitable data, without changing anything", () =>
    withDevice(async (device) => {
      const refuses = refusals(device);
      const model = new Tiny();
      const step = await trainingStep(device, model);
      await step.run(batch).loss.item();
      const before = await bits(model);
      const run = (change: object) => () => step.run(wrong({ ...batch, ...change }));
      const spoiled = (value: number) => batch.x.with(5, value);

      await refuses(
        () => step.run(wrong(undefined)),
        OptionError,
        "step.run: expected { x, y }, got undefined",
      );
      const positional = wrong(step.run.bind(step));
      await refuses(
        () => positional(batch.x, batch.y),
        OptionError,
        "step.run: expected { x, y }, got Float32Array(24)",
      );
      await refuses(
        () => positional({ data: batch.x, shape: [4, 3, 2] }, { data: batch.y, shape: [4, 1] }),
        OptionError,
        'step.run: unknown input "data"; expected { x, y }',
      );
      await refuses(
        () => positional(batch, batch.y),
        OptionError,
        "step.run: options must be an object, got Float32Array(4)",
      );
      await refuses(run({ z: batch.x }), OptionError, 'step.run: unknown input "z"', "x, y");
      await refuses(run({ y: undefined }), OptionError, "input y", "[4, 1]", "got undefined");
      await refuses(
        run({ x: new DataView(new ArrayBuffer(24)) }),
        OptionError,
        "input x",
        "got DataView(24)",
      );
      await refuses(run({ x: [...batch.x, "1"] }), ShapeError, "input x", "got 25");
      await refuses(run({ x: [...batch.x.subarray(1), "1"] }), ShapeError, "input x", 'got "1" at index 23');
      await refuses(
        run({ x: new Float64Array(24).fill(1e39) }),
        DataError,
        "input x",
        "got 1e+39 at index 0",
      );
      await refuses(run({ x: batch.x.subarray(1) }), ShapeError, "input x", "[4, 3, 2] needs 24", "got 23");
      await refuses(run({ x: new Float32Array(0) }), ShapeError, "input x", "got 0");
      await refuses(
        run({ x: { data: batch.x, shape: [12, 2] } }),
        ShapeError,
        "input x",
        "[4, 3, 2]",
        "got shape [12, 2]",
      );
      await refuses(
        run({ x: { data: batch.x, shape: [4, 3, 3] } }),
        ShapeError,
        "got shape [4, 3, 3] with 24 values",
      );
      await refuses(
        run({ x: { data: batch.x, shape: [4.8, 2.5, 2] } }),
        ShapeError,
        "got shape [4.8, 2.5, 2]",
      );
      await refuses(
        run({ x: { data: batch.x, shape: wrong(["4", "3", "2"]) } }),
        ShapeError,
        "input x must be",
      );
      await refuses(
        run({ x: { data: batch.x, shape: [4, 2, 3] } }),
        ShapeError,
        "LSTM.forward",
        "got [4, 2, 3]",
      );
      await refuses(run({ y: batch.y.subarray(1) }), ShapeError, "MSELoss.forward", "[4, 1] and [3, 1]");
      await refuses(run({ x: spoiled(Number.NaN) }), DataError, "step.run: input x", "got NaN at index 5");
      await refuses(run({ x: spoiled(-Infinity) }), DataError, "input x must be finite, got -Infinity");
      await refuses(
        run({ y: { data: Float32Array.of(0, 1, 2, Infinity), shape: [4, 1] } }),
        DataError,
        "input y",
        "index 3",
      );

      const { loss } = step.run(batch);
      const after = await loss.item();
      await refuses(run({ y: loss }), ShapeError, "input y", "[4, 1]", "result loss of shape []");
      await step.run(batch).loss.item();

      // Refused runs do not count: the first good step and two more make three.
      const twin = new Tiny();
      twin.loadStateDict(fromBits(before, model));
      const twinStep = await trainingStep(device, twin);
      expect(await twinStep.run(batch).loss.item()).toBe(after);
      for (const owner of [step, twinStep, model, twin]) owner.dispose();
    }));

  test("reading results too late", () =>
    withDevice(async (device) => {
      const step = await device.compile(({ x }) => ({ out: x.add(x), sum: criterion.forward(x, x) }), {
        inputs: { x: [2] },
      });
      const first = step.run({ x: Float32Array.of(1, 2) });
      await expectRefusal(() => first.out.item(), GraphError, "Result.item: out has shape [2]", "read()");
      step.run({ x: Float32Array.of(3, 4) });
      await expectRefusal(() => first.out.read(), GraphError, "Result.read: out of run 1", "overwritten");
      await expectRefusal(() => step.run({ x: first.out }), GraphError, "step.run: input x: out of run 1");
      expect(await first.sum.item()).toBe(0);
      for (let i = 0; i < 1024; i++) {
        await step.ready();
        step.run({ x: Float32Array.of(3, 4) });
      }
      await expectRefusal(
        () => first.sum.item(),
        GraphError,
        "Result.item: sum of run 1",
        "within 1024 runs",
      );
      step.dispose();
    }));
});

/** A state dict from the bits of {@link bits}. */
function fromBits(state: Record<string, readonly number[]>, model: nn.Module) {
  const shapes = new Map([...model.namedParameters()].map(([name, { shape }]) => [name, shape]));
  return new Map(
    Object.entries(state).map(([name, words]) => [
      name,
      { shape: shapes.get(name)!, data: new Float32Array(Uint32Array.from(words).buffer) },
    ]),
  );
}

describe("loadStateDict on a device", () => {
  test("refuses unsuitable state dicts without changing a bit", () =>
    withDevice(async (device) => {
      const model = new Tiny();
      const step = await trainingStep(device, model);
      step.run(batch);
      const before = await bits(model);
      const zeros = [...(await model.stateDict())].map(
        ([name, { shape, data }]) => [name, { shape, data: new Float32Array(data.length) }] as const,
      );
      const load = (change: (state: Map<string, unknown>) => void) => () => {
        const state = new Map<string, unknown>(zeros);
        change(state);
        model.loadStateDict(wrong(state));
      };
      const refuses = refusals(device);
      const where = "Module.loadStateDict";
      await refuses(
        load((state) => state.delete("fc.bias")),
        StateDictError,
        where,
        "missing fc.bias",
        "Tiny",
      );
      await refuses(
        load((state) => state.set("head.bias", zeros[0]![1])),
        StateDictError,
        "unexpected head.bias",
      );
      await refuses(
        load((state) => state.set("fc.weight", { shape: [3, 1], data: new Float32Array(3) })),
        StateDictError,
        "fc.weight must have shape [1, 3], got [3, 1]",
      );
      await refuses(
        load((state) => state.set("fc.bias", { shape: [1], data: new Float32Array(2) })),
        StateDictError,
        "fc.bias must hold 1 values for [1], got 2",
      );
      expect(await bits(model)).toEqual(before);
      step.dispose();
      model.dispose();
    }));
});
