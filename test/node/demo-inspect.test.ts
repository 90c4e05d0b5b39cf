/** The GPU-free parts of the demo's Inspect view: files, layers, statistics, gates, inputs. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { manualSeed, nn, saveSafetensors } from "webgpu-lstm";
import { Breather } from "../../demo/inspect/breather.ts";
import { FileError, type ModelFile, readModelFile, type StoredTensor } from "../../demo/inspect/file/file.ts";
import { layersOf, readoutOf } from "../../demo/inspect/file/layers.ts";
import { recurrentStackOf } from "../../demo/inspect/file/stack.ts";
import { BINS, statisticsOf } from "../../demo/inspect/file/statistics.ts";
import { traceStack } from "../../demo/inspect/layer-run/gates.ts";
import { makeSignal, parseSignal } from "../../demo/inspect/layer-run/signals.ts";
import { goldenBytes, goldens } from "../goldens.ts";
import { problemOf } from "../recurrent-problem.ts";

const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** Tensors of zeros with these names and shapes. */
function zeros(shapes: Readonly<Record<string, readonly number[]>>): StoredTensor[] {
  return Object.entries(shapes).map(([name, shape]) => {
    const data = new Float32Array(shape.reduce((size, n) => size * n, 1));
    return { name, dtype: "F32", shape, data, bytes: data.byteLength };
  });
}

async function stored(module: nn.Module, prefix = ""): Promise<StoredTensor[]> {
  const state = [...(await module.stateDict())];
  return state.map(([name, { data, shape }]) => ({
    name: prefix + name,
    dtype: "F32",
    shape,
    data,
    bytes: data.byteLength,
  }));
}

describe("gates on the host", () => {
  // Zero initial states and equal lengths, as in the view.
  const plain = goldens("recurrent").filter(
    (golden) => !golden.boolean("initial_state") && golden.numbers("lengths").length === 0,
  );

  test.each(plain.map((golden) => [golden.name, golden] as const))(
    "%s is PyTorch's output",
    async (_, golden) => {
      const { layer, inputs, sizes } = problemOf(golden);
      const { data, shape } = inputs.get("x")!;
      const expected = golden.tensor("out.output");
      const { seqLen: T, batch: N, inputSize: I } = sizes;
      const width = expected.shape.at(-1)!;
      const row = (t: number, n: number) => (layer.batchFirst && shape.length === 3 ? n * T + t : t * N + n);
      const stack = recurrentStackOf(new Map((await stored(layer)).map((tensor) => [tensor.name, tensor])));
      if (typeof stack === "string") throw new Error(stack);
      const relu = layer instanceof nn.RNN && layer.nonlinearity === "relu";
      let worst = 0;
      for (let n = 0; n < N; n++) {
        const x = Float64Array.from(
          { length: T * I },
          (_, i) => data[row(Math.floor(i / I), n) * I + (i % I)]!,
        );
        const { output } = await traceStack(stack, x, T, new Breather(), relu);
        for (let i = 0; i < output.length; i++) {
          const wanted = expected.data[row(Math.floor(i / width), n) * width + (i % width)]!;
          worst = Math.max(worst, Math.abs(output[i]! - wanted));
        }
      }
      expect(worst).toBeLessThan(1e-12);
    },
  );

  test("cover every kind, both directions and projections", () => {
    expect(new Set(plain.map((golden) => golden.text("kind")))).toEqual(
      new Set(["lstm", "proj", "gru", "rnn", "relu"]),
    );
    expect(plain.some((golden) => golden.boolean("bidirectional"))).toBe(true);
  });

  test("gates reproduce the states", async () => {
    manualSeed(1);
    const lstm = new nn.LSTM(2, 5);
    const stack = recurrentStackOf(new Map((await stored(lstm)).map((tensor) => [tensor.name, tensor])));
    if (typeof stack === "string") throw new Error(stack);
    const steps = 7;
    const x = Float64Array.from(makeSignal("noise", steps, 2).data);
    const { series } = (await traceStack(stack, x, steps, new Breather())).layers[0]!;
    const at = (name: string, t: number, j: number) => (t < 0 ? 0 : series.get(name)![t * 5 + j]!);
    expect([...series.keys()]).toEqual(["i", "f", "g", "o", "c", "h"]);
    for (let t = 0; t < steps; t++) {
      for (let j = 0; j < 5; j++) {
        const c = at("f", t, j) * at("c", t - 1, j) + at("i", t, j) * at("g", t, j);
        expect(at("c", t, j)).toBeCloseTo(c, 14);
        expect(at("h", t, j)).toBeCloseTo(at("o", t, j) * Math.tanh(c), 14);
      }
    }
  });

  test("stops at a pause when cancelled", async () => {
    const tensors = await stored(new nn.RNN(1, 2));
    const stack = recurrentStackOf(new Map(tensors.map((tensor) => [tensor.name, tensor])));
    if (typeof stack === "string") throw new Error(stack);
    const breather = new Breather(AbortSignal.abort(new Error("left")));
    await expect(traceStack(stack, new Float64Array(3), 3, breather)).rejects.toThrow("left");
  });
});

describe("layers", () => {
  test("are recognized by names and shapes", async () => {
    const tensors = [
      ...(await stored(new nn.Embedding(11, 3), "embedding.")),
      ...(await stored(
        new nn.LSTM(3, 6, { numLayers: 2, bidirectional: true, projSize: 2 }),
        "encoder.rnn.",
      )),
      ...(await stored(new nn.GRU(4, 5, { bias: false }), "gru.")),
      ...(await stored(new nn.RNN(4, 5), "rnn.")),
      ...(await stored(new nn.LSTMCell(4, 5), "cell.")),
      ...(await stored(new nn.LayerNorm(6), "norm.")),
      ...(await stored(new nn.Linear(4, 2), "fc.")),
      ...(await stored(new nn.Linear(4, 2, { bias: false }), "out.")),
      ...zeros({
        "bn.weight": [3],
        "bn.bias": [3],
        "bn.running_mean": [3],
        "conv.weight": [2, 3, 5],
        scale: [1],
      }),
    ];
    const layers = layersOf(tensors);
    expect(layers.map(({ name, kind, sizes }) => [name, kind, sizes])).toEqual([
      ["embedding", "Embedding", "11 entries of 3"],
      ["encoder.rnn", "LSTM", "input 3, hidden 6, projected to 2, 2 layers, both directions"],
      ["gru", "GRU", "input 4, hidden 5, 1 layer, without bias"],
      ["rnn", "RNN", "input 4, hidden 5, 1 layer"],
      ["cell", "LSTMCell", "input 4, hidden 5, 1 layer"],
      ["norm", "LayerNorm", "6 features"],
      ["fc", "Linear", "4 → 2"],
      ["out", "Linear", "4 → 2, without bias"],
      ["bn", "BatchNorm", "3 features"],
      ["conv", "Convolution", "[2, 3, 5]"],
      ["", "Other", "[1]"],
    ]);
    // 2 directions of 2 values: the first Linear that takes 4.
    expect(readoutOf(layers, layers[1]!)?.name).toBe("fc");
    expect(readoutOf(layers, layers[2]!)).toBeUndefined();
  });

  test("an incomplete recurrent layer says what does not fit", () => {
    const shapes = { weight_ih_l0: [8, 3], weight_hh_l0: [8, 2], bias_ih_l0: [8], bias_hh_l0: [8] };
    const sizesOf = (change: Readonly<Record<string, readonly number[]>>, without = "") =>
      layersOf(zeros({ ...shapes, ...change }).filter(({ name }) => name !== without)).map(
        ({ kind, sizes, stack }) => [kind, stack === undefined, sizes],
      );
    const refused = "Recurrent, not whole";
    expect(sizesOf({})).toEqual([["LSTM", false, "input 3, hidden 2, 1 layer"]]);
    expect(sizesOf({}, "bias_hh_l0")).toEqual([[refused, true, "bias_hh_l0 is missing"]]);
    expect(sizesOf({}, "weight_hh_l0")[0]![2]).toContain("weight_hh_l0 is missing");
    expect(sizesOf({ weight_ih_l0: [9, 3] })[0]![2]).toContain("has 9 rows; with 2 hidden units");
    expect(sizesOf({ weight_hh_l0: [7, 2] })).toEqual([
      [refused, true, "weight_hh_l0 is [7, 2] and should be [8, 2]"],
    ]);
    expect(sizesOf({ bias_ih_l3: [8] })).toEqual([[refused, true, "bias_ih_l3 belongs to no layer"]]);
  });
});

describe("files", () => {
  const titleOf = (bytes: Uint8Array): [string, string] => {
    try {
      readModelFile(bufferOf(bytes));
    } catch (error) {
      if (error instanceof FileError) return [error.title, error.message];
      throw error;
    }
    throw new Error("it was read");
  };

  test("a checkpoint from PyTorch has model, optimizer and config", () => {
    const file: ModelFile = readModelFile(bufferOf(goldenBytes("interchange_checkpoint.safetensors")));
    expect(file.tensors.map(({ name }) => name)).toEqual([
      "fc.bias",
      "fc.weight",
      "lstm.bias_hh_l0",
      "lstm.bias_ih_l0",
      "lstm.weight_hh_l0",
      "lstm.weight_ih_l0",
    ]);
    const values = file.tensors.reduce((sum, { data }) => sum + data.length, 0);
    expect(file.tensors.every(({ dtype, bytes, data }) => dtype === "F32" && bytes === 4 * data.length)).toBe(
      true,
    );
    // exp_avg, exp_avg_sq and max_exp_avg_sq of each value.
    expect(file.optimizerBytes).toBe(3 * 4 * values);
    expect(file.config).toEqual({ inputSize: 3, hiddenSize: 7, outputSize: 2, steps: 10 });
  });

  test("types are the file's, values float32", () => {
    const { tensors } = readModelFile(bufferOf(goldenBytes("file_types.safetensors")));
    expect(new Set(tensors.map(({ dtype }) => dtype)).size).toBeGreaterThan(3);
    expect(tensors.every(({ data }) => data instanceof Float32Array)).toBe(true);
  });

  test("metadata of another program is ignored", () => {
    const tensor = { data: Float32Array.of(1, 2), shape: [2] };
    const bytes = saveSafetensors(new Map([["a", tensor]]), { optimizer: "Lion", config: "{}" });
    const file = readModelFile(bufferOf(bytes));
    expect(file.tensors.map(({ name }) => name)).toEqual(["a"]);
    expect(file.optimizer).toBeUndefined();
  });

  test("a header with the length of a pickle's first byte is still a header", () => {
    const { data } = zeros({ a: [3] })[0]!;
    const name = "a".repeat(128 - `{"":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}`.length);
    const bytes = saveSafetensors(new Map([[name, { data, shape: [3] }]]));
    expect(bytes[0]).toBe(0x80);
    expect(readModelFile(bufferOf(bytes)).tensors).toHaveLength(1);
  });

  test("broken and foreign files get different errors", () => {
    const good = goldenBytes("interchange_checkpoint.safetensors");
    const text = (value: string) => new TextEncoder().encode(value);
    expect(titleOf(good.subarray(0, good.length - 10))).toEqual([
      "This file is cut off",
      expect.stringContaining("its tensors take"),
    ]);
    expect(titleOf(good.subarray(0, 100))[1]).toContain("its header should take");
    expect(titleOf(text("a,b\n1,2\n3,4\n"))[0]).toBe("This is no safetensors file");
    expect(titleOf(new Uint8Array())[1]).toContain("0 bytes");
    expect(titleOf(Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0))[1]).toContain("torch.save writes");
    expect(titleOf(Uint8Array.of(0x80, 2, 0, 0, 0, 0, 0, 0, 0, 0))[1]).toContain("pickle");
    const noJson = text(`xxxxxxxx{"a":1,,}`);
    noJson.set([9, 0, 0, 0, 0, 0, 0, 0]);
    expect(titleOf(noJson)[1]).toContain("not JSON");
    const noTensor = text(`xxxxxxxx{"a":null}`);
    noTensor.set([10, 0, 0, 0, 0, 0, 0, 0]);
    expect(titleOf(noTensor)[0]).toBe("This file cannot be read");
  });

  test("the example matches its script", () => {
    const bytes = readFileSync(new URL("../../demo/inspect/examples/example.safetensors", import.meta.url));
    const { tensors, optimizer, config } = readModelFile(bufferOf(bytes));
    expect(layersOf(tensors).map(({ kind, sizes }) => `${kind} ${sizes}`)).toEqual([
      "Linear 12 → 1",
      "LSTM input 1, hidden 12, 2 layers",
    ]);
    expect(optimizer?.param_groups).toHaveLength(1);
    expect(config).toMatchObject({ hiddenSize: 12, numLayers: 2 });
  });
});

describe("statistics", () => {
  test("are right for plain values", async () => {
    const statistics = await statisticsOf(Float32Array.of(0, 1, 2, 3, 0, -6), new Breather());
    expect(statistics).toMatchObject({ min: -6, max: 3, mean: 0, zeros: 2 / 6, nan: 0, infinite: 0 });
    expect(statistics.std).toBeCloseTo(Math.sqrt(50 / 6), 14);
    expect(statistics.histogram).toHaveLength(BINS);
    expect(statistics.histogram.reduce((a, b) => a + b)).toBe(6);
    expect([statistics.histogram[0], statistics.histogram.at(-1)]).toEqual([1, 1]);
  });

  test("count NaN and infinities, and exclude them", async () => {
    const data = Float32Array.of(Number.NaN, 2, Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY);
    const statistics = await statisticsOf(data, new Breather());
    expect(statistics).toMatchObject({ min: 2, max: 2, mean: 2, std: 0, nan: 1, infinite: 2 });
    expect(statistics.histogram.reduce((a, b) => a + b)).toBe(2);
    expect(await statisticsOf(Float32Array.of(Number.NaN), new Breather())).toMatchObject({
      min: Number.NaN,
      nan: 1,
    });
    expect(await statisticsOf(new Float32Array(), new Breather())).toMatchObject({
      max: Number.NaN,
      zeros: Number.NaN,
    });
  });
});

describe("inputs", () => {
  test("are made to size", () => {
    expect(makeSignal("step", 8, 1).data).toEqual(Float32Array.of(0, 0, 1, 1, 1, 1, 1, 1));
    const { data } = makeSignal("sine", 24, 2);
    expect(data[0]).toBe(0);
    expect(data[12]).toBeCloseTo(1, 6); // step 6 of 24: a quarter of a period
    expect(data[1]).toBeCloseTo(0, 6); // half a period later
    expect(makeSignal("noise", 5, 3).data).toEqual(makeSignal("noise", 5, 3).data);
  });

  test("are read from text", () => {
    expect(parseSignal("1, 2\n-3;4e-1", 1)).toEqual({ data: Float32Array.of(1, 2, -3, 0.4), steps: 4 });
    expect(parseSignal("1 2\n\n3\t4\r\n", 2)).toEqual({ data: Float32Array.of(1, 2, 3, 4), steps: 2 });
    expect(() => parseSignal(" \n", 1)).toThrow("Paste some numbers");
    expect(() => parseSignal("1 2\n3", 2)).toThrow("Line 2 has 1 numbers; this model takes 2");
    expect(() => parseSignal("1 x", 1)).toThrow("“x” is no number");
    expect(() => parseSignal("1e39", 1)).toThrow("“1e39” is no number that float32 can hold");
    expect(() => parseSignal("0 ".repeat(257), 1)).toThrow("257 steps; at most 256");
  });
});
