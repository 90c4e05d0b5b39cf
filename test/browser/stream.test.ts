/** Streams, one time step at a time: equal to the whole sequence, resets, many streams, one submission a step. */
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  DataError,
  type Device,
  DisposedError,
  GraphError,
  nn,
  OptionError,
  type Shape,
  ShapeError,
  type StatefulModel,
  Stream,
  type Tensor,
} from "webgpu-lstm";
import { refusals } from "../refusal.ts";
import { expectClose } from "./closeness.ts";
import { withDevice } from "./gpu.ts";
import { values } from "./tiny.ts";

afterEach(() => vi.restoreAllMocks());

/** Two kinds of layers, a state in an object and an array, an output without a time dimension. */
class Mixed extends nn.Module {
  readonly lstm = new nn.LSTM(3, 5, { batchFirst: true, numLayers: 2, dropout: 0.5 });
  readonly gru = new nn.GRU(5, 4, { batchFirst: true });
  readonly fc = new nn.Linear(4, 2);

  forward(x: Tensor, state?: { layers: [{ h: Tensor; c: Tensor }, Tensor] }) {
    const first = this.lstm.forward(x, state?.layers[0]);
    const second = this.gru.forward(first.output, state?.layers[1]);
    return {
      output: this.fc.forward(second.output.select(1, -1)),
      state: { layers: [first.state, second.state] },
    };
  }
}

/** Every step's output [T][N·O] of `model` over x [T, N, I], computed at once. */
async function atOnce(device: Device, model: StatefulModel, T: number, N: number, x: Float32Array) {
  const step = await device.compile(({ x }) => ({ output: model.forward(x).output }), {
    inputs: { x: [T, N, x.length / (T * N)] },
  });
  const { data } = await step.run({ x }).output.read();
  step.dispose();
  return Array.from({ length: T }, (_, t) =>
    data.subarray((t * data.length) / T, ((t + 1) * data.length) / T),
  );
}

const golden = (values: Float32Array, shape: Shape) =>
  ({ dtype: "F64", data: Float64Array.from(values), shape }) as const;

/** Rows [t] of x [T, N, I]. */
const stepsOf = (x: Float32Array, T: number) =>
  Array.from({ length: T }, (_, t) => x.subarray((t * x.length) / T, ((t + 1) * x.length) / T));

describe("a stream's answers equal the whole sequence's", () => {
  test.each([
    ["LSTM", () => new nn.LSTM(3, 33)],
    ["LSTM, two layers, projected", () => new nn.LSTM(3, 7, { numLayers: 2, projSize: 5 })],
    ["GRU, three layers", () => new nn.GRU(3, 9, { numLayers: 3 })],
    ["RNN, relu, no bias", () => new nn.RNN(3, 5, { nonlinearity: "relu", bias: false })],
  ] as [string, () => StatefulModel][])("%s", (_, make) =>
    withDevice(async (device) => {
      const [T, N] = [7, 5];
      const model = make();
      const x = values([T, N, 3]);
      const expected = await atOnce(device, model, T, N, x);
      const stream = await Stream.open(device, model, { streams: N });
      expect(stream.inputShape).toEqual([N, 3]);
      for (const [t, row] of stepsOf(x, T).entries()) {
        const { data, shape } = await stream.step(row);
        expect(shape).toEqual(stream.outputShape);
        expectClose(`step ${t}`, data, golden(expected[t]!, shape));
      }
      stream.dispose();
      model.dispose();
    }),
  );

  test("with a custom model: runs in evaluation mode, and restores the model's mode", () =>
    withDevice(async (device) => {
      const model = new Mixed();
      const [T, N] = [6, 3];
      const x = values([T, N, 3]);
      model.eval();
      // [N, t, 3] for every prefix; the model answers only for the last step.
      const expected: Float32Array[] = [];
      for (let t = 1; t <= T; t++) {
        const step = await device.compile(({ x }) => ({ output: model.forward(x).output }), {
          inputs: { x: [N, t, 3] },
        });
        const prefix = Float32Array.from({ length: N * t * 3 }, (_, i) => {
          const [n, s, f] = [Math.floor(i / (t * 3)), Math.floor(i / 3) % t, i % 3];
          return x[(s * N + n) * 3 + f]!;
        });
        expected.push((await step.run({ x: prefix }).output.read()).data);
        step.dispose();
      }
      model.train();
      const stream = await Stream.open(device, model, { streams: N, input: [3] });
      expect(model.training).toBe(true);
      expect(stream.outputShape).toEqual([N, 2]);
      for (const [t, row] of stepsOf(x, T).entries()) {
        const { data } = await stream.step({ data: row, shape: [N, 3] });
        expectClose(`step ${t}`, data, golden(expected[t]!, [N, 2]));
      }
      stream.dispose();
      model.dispose();
    }));

  test("with indices for an embedding: checks them first; a refused step leaves the state unchanged", () =>
    withDevice(async (device) => {
      class Characters extends nn.Module {
        readonly embedding = new nn.Embedding(11, 4);
        readonly gru = new nn.GRU(4, 6);
        forward(x: Tensor, state?: Tensor) {
          return this.gru.forward(this.embedding.forward(x), state);
        }
      }
      const model = new Characters();
      const stream = await Stream.open(device, model, { input: [] });
      const other = await Stream.open(device, model, { input: [] });
      await stream.step(Int32Array.of(3));
      await other.step(Int32Array.of(3));
      await expect(stream.step(Int32Array.of(11))).rejects.toThrow(DataError);
      await expect(stream.step(Float32Array.of(Number.NaN))).rejects.toThrow(/Stream.step.*finite/);
      const { data, shape } = await stream.step(Int32Array.of(10));
      expect(shape).toEqual([1, 6]);
      expect(data).toEqual((await other.step(Int32Array.of(10))).data);
      for (const owner of [stream, other, model]) owner.dispose();
    }));
});

describe("reset", () => {
  test("of all, or some of many streams: each restarts from zero", () =>
    withDevice(async (device) => {
      const model = new nn.LSTM(3, 5, { numLayers: 2 });
      const N = 6;
      const stream = await Stream.open(device, model, { streams: N });
      const fresh = await Stream.open(device, model, { streams: N });
      const xs = Array.from({ length: 4 }, (_, i) => values([N, 3], i));
      const row = (data: Float32Array, n: number) => [...data.subarray(n * 5, n * 5 + 5)];
      const begun = (await fresh.step(xs[2]!)).data;
      const other = await Stream.open(device, model, { streams: N });
      for (const x of xs.slice(0, 2)) await Promise.all([stream.step(x), other.step(x)]);
      const gone = (await other.step(xs[2]!)).data;

      stream.reset([1, 4]);
      stream.reset([5, 1]);
      const { data } = await stream.step(xs[2]!);
      for (let n = 0; n < N; n++) {
        expect(row(data, n), `stream ${n}`).toEqual(row([1, 4, 5].includes(n) ? begun : gone, n));
        expect(row(begun, n)).not.toEqual(row(gone, n));
      }
      stream.reset();
      expect((await stream.step(xs[2]!)).data).toEqual(begun);
      for (const owner of [stream, fresh, other, model]) owner.dispose();
    }));

  test("overlapping calls keep their order, including resets, however many", () =>
    withDevice(async (device) => {
      const model = new nn.GRU(3, 5);
      const stream = await Stream.open(device, model);
      const xs = Array.from({ length: 50 }, (_, i) => values([3], i));
      const answers = async (overlapping: boolean) => {
        stream.reset();
        const order: number[] = [];
        const found: Promise<Float32Array>[] = [];
        const x = new Float32Array(3);
        for (const [i, value] of xs.entries()) {
          if (i === 23) stream.reset();
          x.set(value);
          const answer = stream.step(x).then(({ data }) => {
            order.push(i);
            return data;
          });
          found.push(answer);
          if (!overlapping) await answer;
        }
        const all = await Promise.all(found);
        expect(order).toEqual([...xs.keys()]);
        return all;
      };
      const one = await answers(false);
      const { allocations } = device.memory;
      expect(await answers(true)).toEqual(one);
      expect(device.memory.allocations).toBe(allocations);
      stream.dispose();
      model.dispose();
    }));
});

test("a step is one submission and one mapping; nothing is created after the first", () =>
  withDevice(async (device) => {
    const model = new nn.LSTM(32, 128);
    const stream = await Stream.open(device, model, { streams: 2 });
    const x = values([2, 32]);
    await stream.step(x);
    const submit = vi.spyOn(GPUQueue.prototype, "submit");
    const map = vi.spyOn(GPUBuffer.prototype, "mapAsync");
    const makers = (
      [
        "createBuffer",
        "createBindGroup",
        "createBindGroupLayout",
        "createComputePipeline",
        "createComputePipelineAsync",
        "createShaderModule",
      ] as const
    ).map((name) => vi.spyOn(GPUDevice.prototype, name as "createBuffer"));
    for (let i = 0; i < 5; i++) await stream.step(x);
    stream.reset([1]);
    await stream.step(x);
    // Empty ones make a slow engine look for what is done.
    expect(submit.mock.calls.filter(([buffers]) => [...buffers].length > 0)).toHaveLength(6);
    expect(map).toHaveBeenCalledTimes(6);
    for (const maker of makers) expect(maker).not.toHaveBeenCalled();
    expect(await stream.describe()).toContain("lstm");
    stream.dispose();
    model.dispose();
  }));

test("dispose rejects pending answers and frees everything", () =>
  withDevice(async (device) => {
    const model = new nn.LSTM(3, 5);
    const before = device.memory.total;
    const stream = await Stream.open(device, model);
    const pending = Array.from({ length: 12 }, () => stream.step(values([3])));
    stream.dispose();
    for (const result of await Promise.allSettled(pending)) {
      expect(result).toMatchObject({ status: "rejected", reason: expect.any(DisposedError) });
    }
    expect(() => stream.reset()).toThrow(DisposedError);
    await expect(stream.step(values([3]))).rejects.toThrow(/Stream.step: the stream was disposed/);
    stream.dispose();
    model.dispose();
    expect(device.memory.total).toBe(before);
  }));

test("refuses bad options, models and values", () =>
  withDevice(async (device) => {
    const refuses = refusals(device);
    const lstm = new nn.LSTM(3, 5);
    const open = (model: unknown, options?: object) => Stream.open(device, model as StatefulModel, options);
    await refuses(() => Stream.open({} as Device, lstm), OptionError, "Stream.open", "must be a Device");
    await refuses(() => open({}), OptionError, "Stream.open", "extend nn.Module");
    await refuses(() => open(lstm, { stream: 2 }), OptionError, "Stream.open", '"stream"');
    await refuses(() => open(lstm, { streams: 0 }), OptionError, "Stream.open", "streams");
    await refuses(() => open(lstm, { input: [0] }), ShapeError, "Stream.open: input");
    await refuses(() => open(lstm, { batchFirst: 1 }), OptionError, "Stream.open", "batchFirst");
    await refuses(() => open(new Mixed()), OptionError, "Stream.open", "Mixed take", "input: [features]");
    const both = new nn.GRU(3, 5, { bidirectional: true });
    await refuses(() => open(both), OptionError, "Stream.open", "bidirectional");
    const linear = new nn.Linear(3, 5);
    await refuses(() => open(linear, { input: [3] }), GraphError, "Stream.open", "{ output, state }");

    class Forgetful extends nn.Module {
      readonly inputSize = 3;
      readonly keep: (state: Tensor, x: Tensor) => object;
      readonly fc = new nn.Linear(3, 2);
      constructor(keep: (state: Tensor, x: Tensor) => object) {
        super();
        this.keep = keep;
      }
      forward(x: Tensor) {
        return { output: this.fc.forward(x), ...this.keep(x.select(0, 0), x) };
      }
    }
    await refuses(() => open(new Forgetful(() => ({ state: null }))), GraphError, "returns no state");
    await refuses(
      () => open(new Forgetful(() => ({ state: 3 }))),
      GraphError,
      "model's state must be a tensor",
    );
    await refuses(() => open(new Forgetful((s) => ({ state: s.sum() }))), ShapeError, "count the streams");
    await refuses(
      () => open(new Forgetful((s, x) => ({ state: s, output: x.sum() }))),
      ShapeError,
      "must be [1, …]",
    );

    const stream = await open(lstm, { streams: 2 });
    await refuses(() => stream.step(new Float32Array(3)), ShapeError, "Stream.step", "[2, 3]", "got 3");
    await refuses(() => stream.step([1, 2, 3]), ShapeError, "Stream.step", "[2, 3]", "got 3");
    await refuses(() => stream.step("123456" as never), OptionError, "Stream.step", "6 numbers");
    await refuses(() => stream.reset([2]), OptionError, "Stream.reset", "0 to 1", "got 2");
    await refuses(() => stream.reset(1 as never), OptionError, "Stream.reset", "array");
    stream.dispose();
    lstm.dispose();
  }));
