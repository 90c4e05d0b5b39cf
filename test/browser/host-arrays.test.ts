/** Arrays of arrays and arrays of any number type, wherever the library takes host data: all give the same bits. */
import { describe, expect, test } from "vitest";
import {
  DataError,
  data,
  nn,
  OptionError,
  optim,
  ShapeError,
  Stream,
  type Tensor,
  Trainer,
  tensor,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";

const rows = [
  [1, 2, 3],
  [4, 5, 6],
];
const flat = rows.flat();
const shape = [2, 3];

/** One array, in every form with a shape. */
const shaped: [string, data.NumberNDArray | data.NestedNumbers][] = [
  ["arrays of arrays", rows],
  ["arrays of typed arrays", rows.map((row) => Float32Array.from(row))],
  ["arrays of bigints in typed arrays", rows.map((row) => BigInt64Array.from(row, BigInt))],
  ["a plain array with its shape", { data: flat, shape }],
  ["Float64Array", { data: Float64Array.from(flat), shape }],
  ["Uint8Array", { data: Uint8Array.from(flat), shape }],
  ["Int32Array", { data: Int32Array.from(flat), shape }],
  ["BigUint64Array", { data: BigUint64Array.from(flat, BigInt), shape }],
];

describe.each(shaped)("%s", (_, x) => {
  test("as an input, a constant, samples and a step's values", () =>
    withDevice(async (device) => {
      const step = await device.compile(({ x }) => ({ y: x.mul(2) }), { inputs: { x } });
      const twice = await step.run({ x }).y.read();
      expect(twice).toEqual({ data: Float32Array.from(flat, (value) => 2 * value), shape });
      step.dispose();

      const model = new nn.Sequential(new nn.Linear(3, 1));
      const optimizer = new optim.SGD(model.parameters());
      const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
      const exact = { data: Float32Array.from(flat), shape };
      expect(await trainer.predict(x)).toEqual(await trainer.predict(exact));
      expect(new data.TensorDataset(x, x).y).toEqual(exact);
      const loader = [{ x, y: { data: new Float32Array(2), shape: [2, 1] } }];
      if ("shape" in x) expect((await trainer.evaluate(wrong(loader))).loss).toBeGreaterThan(0);
      await trainer.dispose();
      model.dispose();

      const lstm = new nn.LSTM(3, 1);
      const stream = await Stream.open(device, lstm, { streams: 2 });
      const answer = await stream.step(x);
      stream.reset();
      expect(await stream.step(exact)).toEqual(answer);
      stream.dispose();
      lstm.dispose();
    }));
});

test("numbers in one array are a constant, an input of any number of rows, and a step's values", () =>
  withDevice(async (device) => {
    const constants = [
      tensorOf(rows),
      tensorOf(rows, [3, 2]),
      tensorOf(flat, shape),
      tensorOf(7),
      tensorOf([[[1]]]),
    ];
    function tensorOf(...given: Parameters<typeof tensor>): (x: Tensor) => Tensor {
      return () => tensor(...given);
    }
    const step = await device.compile(
      ({ x }) => ({ ...Object.fromEntries(constants.map((make, i) => [`c${i}`, make(x)])), y: x.neg() }),
      { inputs: { x: [2, 3] } },
    );
    const results: Record<string, { shape: readonly number[]; read(): Promise<{ data: Float32Array }> }> =
      step.run({
        x: [...flat, 7, 8, 9],
      });
    expect(results["y"]!.shape).toEqual([3, 3]);
    expect(constants.map((_, i) => results[`c${i}`]!.shape)).toEqual([shape, [3, 2], shape, [], [1, 1, 1]]);
    for (const i of [0, 1, 2]) expect([...(await results[`c${i}`]!.read()).data]).toEqual(flat);
    step.dispose();
  }));

test("what has no plain meaning is refused by its place", () =>
  withDevice(async (device) => {
    const step = await device.compile(({ x }) => ({ y: x.mul(2) }), { inputs: { x: [2, 3] } });
    const run = (x: unknown) => () => step.run({ x: wrong(x) });
    const ragged = [
      [1, 2, 3],
      [4, 5],
    ];
    const parts = ["must have rows of one length", "[2, 3]", "got [4, 5] in dim 1"];
    await expectRefusal(run(ragged), ShapeError, "step.run: input x", ...parts);
    await expectRefusal(
      () => new data.TensorDataset(ragged, ragged),
      ShapeError,
      "TensorDataset: x",
      ...parts,
    );
    await expectRefusal(run([[1, 2, 3], 4]), ShapeError, "got 4 in dim 1");
    await expectRefusal(
      run([
        [1, 2, "3"],
        [4, 5, 6],
      ]),
      ShapeError,
      "input x",
      'got "3" at index 2',
    );
    await expectRefusal(run({ data: [1, 2, 3, 4, 5, null], shape }), ShapeError, "got null at index 5");
    await expectRefusal(
      run([
        [1, 2, Number.NaN],
        [4, 5, 6],
      ]),
      DataError,
      "got NaN at index 2",
    );
    await expectRefusal(
      run([
        [1, 2, 1e39],
        [4, 5, 6],
      ]),
      DataError,
      "float32's range",
    );
    await expectRefusal(
      run([
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ]),
      ShapeError,
      "got shape [1, 2, 3]",
    );
    await expectRefusal(
      run(new DataView(new ArrayBuffer(24))),
      OptionError,
      "numbers in an array",
      "got DataView(24)",
    );
    await expectRefusal(
      run(BigUint64Array.of(0n, 1n, 2n, 3n, 4n, 2n ** 25n)),
      DataError,
      "-2^24 to 2^24",
      "index 5",
    );
    step.dispose();
  }));
