/** Models of ONNX on the GPU: recurrent layers with their gradients, control flow, shapes, and what is refused while a model is traced. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Device, grad, manualSeed, nn, optim, randn, type Shape, type Tensor } from "webgpu-lstm";
import { loadOnnx } from "webgpu-lstm/formats";
import type { GoldenTensor } from "../golden-case.ts";
import { floats, type GraphInit, ints, node, onnxFile, port, type TensorInit } from "../onnx-file.ts";
import { expectClose } from "./closeness.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

/** Rows of PyTorch's gates in ONNX's order. */
const ORDER = { LSTM: [0, 3, 1, 2], GRU: [1, 0, 2], RNN: [0] };
const [T, N, I, H] = [5, 3, 4, 6];

type Kind = keyof typeof ORDER;

/** A layer's parameters as ONNX has them: W, R and B with an axis for the directions. */
async function weightsOf(
  layer: nn.LSTM | nn.GRU | nn.RNN,
  kind: Kind,
  bidirectional: boolean,
): Promise<TensorInit[]> {
  const state = await layer.stateDict();
  const suffixes = bidirectional ? ["_l0", "_l0_reverse"] : ["_l0"];
  const rows = (name: string) => {
    const { data } = state.get(name)!;
    const size = data.length / ORDER[kind].length;
    return ORDER[kind].flatMap((gate) => Array.from(data.subarray(gate * size, (gate + 1) * size)));
  };
  const all = (...names: string[]) =>
    suffixes.flatMap((suffix) => names.flatMap((name) => rows(name + suffix)));
  const [D, G] = [suffixes.length, ORDER[kind].length * H];
  return [
    floats("W", [D, G, I], all("weight_ih")),
    floats("R", [D, G, H], all("weight_hh")),
    floats("B", [D, 2 * G], all("bias_ih", "bias_hh")),
  ];
}

describe("recurrent operators", () => {
  const cases = (["LSTM", "GRU", "RNN"] as const).flatMap((kind) =>
    [false, true].map((bidirectional) => ({ kind, bidirectional })),
  );
  test.each(cases)(
    "$kind, bidirectional: $bidirectional, gives nn's numbers and gradients",
    ({ kind, bidirectional }) =>
      frame.run(async (device) => {
        manualSeed(71);
        const layer = new nn[kind](I, H, { bidirectional });
        const D = bidirectional ? 2 : 1;
        const attributes = {
          hidden_size: H,
          direction: bidirectional ? "bidirectional" : "forward",
          ...(kind === "GRU" && { linear_before_reset: 1 }),
        };
        const file = onnxFile({
          node: [
            node(kind, ["x", "W", "R", "B", "lengths", "h0"], ["y4", "h"], attributes),
            node("Transpose", ["y4"], ["yt"], { perm: [0, 2, 1, 3] }),
            node("Reshape", ["yt", "flat"], ["y"]),
          ],
          initializer: [...(await weightsOf(layer, kind, bidirectional)), ints("flat", [3], [0, 0, -1])],
          input: [port("x", ["T", "N", I]), port("lengths", ["N"], 6), port("h0", [D, "N", H])],
          output: [port("y", ["T", "N", D * H]), port("h", [D, "N", H])],
        });
        const model = await loadOnnx(file);
        const data = {
          x: randn([T, N, I]),
          lengths: Float32Array.of(5, 2, 4),
          h0: randn([D, N, H]),
          weight: randn([T, N, D * H]),
        };
        type Inputs = Record<"x" | "lengths" | "h0" | "weight", Tensor>;
        const ours = await device.compile(
          ({ x, lengths, h0, weight }: Inputs) => {
            const packed = nn.utils.rnn.packPaddedSequence(x, lengths, { enforceSorted: false });
            const c = h0.mul(0);
            const ran =
              kind === "LSTM"
                ? (layer as nn.LSTM).forward(packed, { h: h0, c })
                : (layer as nn.GRU).forward(packed, h0);
            const { output } = nn.utils.rnn.padPackedSequence(ran.output);
            const h = "h" in ran.state ? ran.state.h : (ran.state as Tensor);
            const loss = output.mul(weight).sum().add(h.mul(h).sum());
            const [dx, dh0] = grad(loss, [x, h0]);
            return { y: output, h, dx: dx!, dh0: dh0! };
          },
          { inputs: data },
        );
        const theirs = await device.compile(
          ({ x, lengths, h0, weight }: Inputs) => {
            const { y, h } = model.forward({ x, lengths, h0 });
            const loss = y!.mul(weight).sum().add(h!.mul(h!).sum());
            const [dx, dh0] = grad(loss, [x, h0]);
            return { y: y!, h: h!, dx: dx!, dh0: dh0! };
          },
          { inputs: data },
        );
        const [wanted, got] = [ours.run(data), theirs.run(data)];
        for (const name of ["y", "h", "dx", "dh0"] as const) {
          const [a, b] = [await got[name].read(), await wanted[name].read()];
          expect(a.shape).toEqual(b.shape);
          expectClose(name, a.data, golden(b.data, b.shape));
        }
        for (const one of [ours, theirs, layer, model]) one.dispose();
      }),
  );

  test.each(cases)("$kind, bidirectional: $bidirectional, trains as nn's does", ({ kind, bidirectional }) =>
    frame.run(async (device) => {
      manualSeed(72);
      const layer = new nn[kind](I, H, { bidirectional });
      const D = bidirectional ? 2 : 1;
      const direction = bidirectional ? "bidirectional" : "forward";
      const file = onnxFile({
        node: [
          node(kind, ["x", "W", "R", "B"], ["y4"], {
            hidden_size: H,
            direction,
            ...(kind === "GRU" && { linear_before_reset: 1 }),
          }),
          node("Transpose", ["y4"], ["yt"], { perm: [0, 2, 1, 3] }),
          node("Reshape", ["yt", "flat"], ["y"]),
        ],
        initializer: [...(await weightsOf(layer, kind, bidirectional)), ints("flat", [3], [0, 0, -1])],
        input: [port("x", [T, N, I])],
        output: [port("y", [T, N, D * H])],
      });
      const model = await loadOnnx(file);
      const data = { x: randn([T, N, I]), target: randn([T, N, D * H]) };
      const losses = async (module: nn.Module, forward: (x: Tensor) => Tensor) => {
        const optimizer = new optim.SGD(module.parameters(), { lr: 0.5, momentum: 0.9 });
        const criterion = new nn.MSELoss();
        const step = await device.compile(
          ({ x, target }: Record<"x" | "target", Tensor>) => ({
            loss: criterion.forward(forward(x), target),
          }),
          { inputs: data, optimizer },
        );
        const found: number[] = [];
        for (let i = 0; i < 10; i++) found.push(await step.run(data).loss.item());
        step.dispose();
        return found;
      };
      const wanted = await losses(layer, (x) => (layer as nn.GRU).forward(x).output);
      const got = await losses(model, (x) => model.forward({ x })["y"]!);
      expect(wanted[9]).toBeLessThan(0.98 * wanted[0]!);
      expectClose("losses", Float32Array.from(got), golden(wanted, [10]));
      const [trained, own] = [await weightsOf(layer, kind, bidirectional), await model.stateDict()];
      for (const { name, rawData } of trained) {
        const { data, shape } = own.get(name!)!;
        expectClose(name!, data, golden(new Float32Array(rawData!.slice().buffer), shape));
      }
      layer.dispose();
      model.dispose();
    }),
  );
});

function golden(values: ArrayLike<number>, shape: Shape): GoldenTensor {
  return { dtype: "F32", data: Float64Array.from(values), shape };
}

/** Runs a graph once. */
async function run(
  device: Device,
  graph: GraphInit,
  data: Readonly<Record<string, { data: Float32Array; shape: number[] }>>,
  constants: NonNullable<Parameters<typeof loadOnnx>[1]>["constants"] = {},
) {
  const model = await loadOnnx(onnxFile(graph), { constants });
  try {
    const step = await device.compile((inputs: Record<string, Tensor>) => model.forward(inputs), {
      inputs: data,
    });
    const results = step.run(data);
    const read = await Promise.all(
      model.outputNames.map(async (name) => [name, await results[name]!.read()] as const),
    );
    step.dispose();
    return Object.fromEntries(read);
  } finally {
    model.dispose();
  }
}

const x23 = { x: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] } };

describe("what is known while a model is traced", () => {
  const rated: GraphInit = {
    node: [
      node("Constant", [], ["rate"], { value: { t: ints("", [], [16000]) } }),
      node("Equal", ["sr", "rate"], ["fast"]),
      node("If", ["fast"], ["y"], {
        then_branch: {
          g: {
            node: [node("Mul", ["x", "two"], ["t"])],
            initializer: [floats("two", [1], [2])],
            output: [port("t", [])],
          },
        },
        // An operator that is missing does no harm in a branch that is not taken.
        else_branch: { g: { node: [node("NoSuchThing", ["x"], ["e"])], output: [port("e", [])] } },
      }),
    ],
    input: [port("x", [2, 3]), port("sr", [], 7)],
    output: [port("y", [2, 3])],
  };

  test("chooses an If's branch by a constant", () =>
    frame.run(async (device) => {
      const { y } = await run(device, rated, x23, { sr: 16000n });
      expect(Array.from(y!.data)).toEqual([2, 4, 6, 8, 10, 12]);
      await expect(run(device, rated, x23, { sr: 8000 })).rejects.toThrow(
        /OnnxModel.forward: 1 of the model's operators are not computed here: NoSuchThing: node 0 \(NoSuchThing\)/,
      );
    }));

  test("refuses an If whose condition is data, and says what to do", () =>
    frame.run(async (device) => {
      const inputs = { ...x23, sr: { data: Float32Array.of(16000), shape: [] } };
      await expect(run(device, rated, inputs)).rejects.toThrow(
        /node 2 \(If\): the condition must be known before the model runs.*constants/,
      );
    }));

  test("computes shapes from shapes: a reshape by Shape, Gather and Concat, and a loop as long as a dimension", () =>
    frame.run(async (device) => {
      const graph: GraphInit = {
        node: [
          node("Shape", ["x"], ["s"]),
          node("Constant", [], ["one"], { value: { t: ints("", [1], [1]) } }),
          node("Gather", ["s", "one"], ["columns"]),
          node("Constant", [], ["rest"], { value: { t: ints("", [1], [-1]) } }),
          node("Concat", ["columns", "rest"], ["wanted"], { axis: 0 }),
          node("Reshape", ["x", "wanted"], ["turned"]),
          node("Squeeze", ["columns"], ["trips"]),
          node("Loop", ["trips", "", "turned"], ["y", "steps"], {
            body: {
              g: {
                node: [
                  node("Add", ["v", "v"], ["v2"]),
                  node("Identity", ["go"], ["go2"]),
                  node("Identity", ["i"], ["scan"]),
                ],
                input: [port("i", [], 7), port("go", [], 9), port("v", [])],
                output: [port("go2", [], 9), port("v2", []), port("scan", [], 7)],
              },
            },
          }),
        ],
        input: [port("x", ["a", "b"])],
        output: [port("y", []), port("steps", [], 7)],
      };
      const { y, steps } = await run(device, graph, x23);
      expect(y).toEqual({ shape: [3, 2], data: Float32Array.of(8, 16, 24, 32, 40, 48) });
      expect(Array.from(steps!.data)).toEqual([0, 1, 2]);
    }));

  test("sums what comes before without taking anything back", () =>
    frame.run(async (device) => {
      const graph: GraphInit = {
        node: [node("CumSum", ["x", "axis"], ["y"], { exclusive: 1 })],
        initializer: [ints("axis", [], [1])],
        input: [port("x", ["a", "b"])],
        output: [port("y", [])],
      };
      const x = { data: Float32Array.of(1, 1e8, 3, -1e8, 2, 0.5), shape: [2, 3] };
      const { y } = await run(device, graph, { x });
      expect(y!.data).toEqual(Float32Array.of(0, 1, 1e8, 0, -1e8, -1e8));
    }));

  test("sums exponentials of infinities as ONNX Runtime does", () =>
    frame.run(async (device) => {
      const graph: GraphInit = {
        node: [node("Log", ["x"], ["y"]), node("ReduceLogSumExp", ["y"], ["z"], { axes: [1], keepdims: 0 })],
        input: [port("x", ["a", "b"])],
        output: [port("z", [])],
      };
      // Of the logarithms -∞, -∞; 88.6, 0; 0, 0
      const x = { data: Float32Array.of(0, 0, 3e38, 1, 1, 1), shape: [3, 2] };
      const { z } = await run(device, graph, { x });
      expect(z!.data[0]).toBe(Number.NEGATIVE_INFINITY);
      expect(z!.data[1]).toBeCloseTo(Math.log(3e38), 4);
      expect(z!.data[2]).toBeCloseTo(Math.LN2, 6);
    }));

  test.each([
    ["none", [NaN, -2, Infinity, 4, 5], [8, 0, -Infinity], [NaN, 0, Infinity, -Infinity, 8]],
    ["add", [NaN, -2, -0, Infinity, 5], [Infinity, 3, 4], [NaN, 1, -0, Infinity, Infinity]],
  ] as const)(
    "scatters infinities and NaN by computed places, each to its own (reduction: %s)",
    (reduction, data, updates, wanted) =>
      frame.run(async (device) => {
        const quotients = (name: string, values: readonly number[]) => [
          floats(
            `${name}1`,
            [values.length],
            values.map((n) => (Number.isFinite(n) ? n : Math.sign(n) || 0)),
          ),
          floats(
            `${name}2`,
            [values.length],
            values.map((n) => (Number.isFinite(n) ? 1 : 0)),
          ),
        ];
        const graph: GraphInit = {
          node: [
            node("Div", ["d1", "d2"], ["data"]),
            node("Div", ["u1", "u2"], ["updates"]),
            node("ScatterElements", ["data", "at", "updates"], ["y"], { reduction }),
          ],
          initializer: [...quotients("d", data), ...quotients("u", updates)],
          input: [port("at", [3], 7)],
          output: [port("y", [])],
        };
        const { y } = await run(device, graph, { at: { data: Float32Array.of(4, 1, 3), shape: [3] } });
        expect([...y!.data]).toEqual(wanted);
      }),
  );

  test("takes the larger half away before a transposed convolution's output, as ONNX Runtime does", () =>
    frame.run(async (device) => {
      const graphOf = (wanted: number): GraphInit => ({
        node: [
          node("ConvTranspose", ["x", "w"], ["y"], {
            strides: [2],
            output_shape: [wanted],
          }),
        ],
        initializer: [floats("w", [1, 1, 4], [1, 10, 100, 1000])],
        input: [port("x", [1, 1, 3])],
        output: [port("y", [])],
      });
      const x = { data: Float32Array.of(1, 2, 3), shape: [1, 1, 3] };
      const { y } = await run(device, graphOf(7), { x });
      expect([...y!.data]).toEqual([10, 102, 1020, 203, 2030, 300, 3000]);
      await expect(run(device, graphOf(9), { x })).rejects.toThrow(/output_shape 9 is 1 more/);
    }));

  test("holds inputs to the sizes of the file, and one name to one size", () =>
    frame.run(async (device) => {
      const graph: GraphInit = {
        node: [node("Add", ["a", "b"], ["y"])],
        input: [port("a", ["n", 3]), port("b", ["n", 3])],
        output: [port("y", ["n", 3])],
      };
      const of = (rows: number, columns: number) => ({
        data: new Float32Array(rows * columns),
        shape: [rows, columns],
      });
      await expect(run(device, graph, { a: of(2, 4), b: of(2, 4) })).rejects.toThrow(
        /input "a" must be \[n = 2, 3\], got \[2, 4\]/,
      );
      await expect(run(device, graph, { a: of(2, 3), b: of(1, 3) })).rejects.toThrow(
        /input "b" must be \[n = 2, 3\], got \[1, 3\]/,
      );
      await expect(run(device, graph, { a: of(2, 3) })).rejects.toThrow(
        /input "b" must be a tensor of the trace, got undefined/,
      );
      await expect(run(device, graph, { a: of(2, 3), b: of(2, 3), c: of(1, 1) })).rejects.toThrow(
        /no input "c"; it takes "a", "b"/,
      );
    }));

  test("names the node of what does not fit", () =>
    frame.run(async (device) => {
      const graph: GraphInit = {
        node: [{ ...node("MatMul", ["x", "w"], ["y"]), name: "head/MatMul" } as ReturnType<typeof node>],
        initializer: [floats("w", [2, 2], [1, 2, 3, 4])],
        input: [port("x", ["a", "b"])],
        output: [port("y", [])],
      };
      await expect(run(device, graph, x23)).rejects.toThrow(
        /^OnnxModel.forward: node "head\/MatMul" \(MatMul\): Tensor.matmul: .*\(its inputs: float \[2, 3\], float \[2, 2\]\)$/,
      );
    }));
});
