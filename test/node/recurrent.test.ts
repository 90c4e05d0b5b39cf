/** Recurrent modules without a GPU: initial weights, options, shapes. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { manualSeed, nn, OptionError, ShapeError, type Tensor } from "webgpu-lstm";
import { Graph } from "../../src/graph/graph.ts";
import { recording } from "../../src/graph/tensor.ts";
import { gru } from "../../src/ops/recurrent/gru.ts";
import { lstm } from "../../src/ops/recurrent/lstm.ts";
import { rnnRelu, rnnTanh } from "../../src/ops/recurrent/rnn.ts";
import { StepRandom } from "../../src/run/step-random.ts";
import { CELLS } from "../../tasks/reference/recurrent.ts";
import { floatsFromHex, goldenJson } from "../goldens.ts";
import { expectRefusal, wrong } from "../refusal.ts";

const initial =
  goldenJson<Record<string, { name: string; shape: number[]; bits: string }[]>>("recurrent_init.json");

const makers = {
  LSTM: () => new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true, projSize: 2 }),
  GRU: () => new nn.GRU(3, 4, { numLayers: 2, bidirectional: true }),
  RNN: () => new nn.RNN(3, 4, { numLayers: 2, bias: false }),
  LSTMCell: () => new nn.LSTMCell(3, 4),
  GRUCell: () => new nn.GRUCell(3, 4),
  RNNCell: () => new nn.RNNCell(3, 4, { bias: false }),
};

test.each(Object.keys(makers) as (keyof typeof makers)[])(
  "%s has PyTorch's parameters: names, order, shapes and, with the same seed, bits",
  async (name) => {
    manualSeed(0);
    const module = makers[name]();
    const state = await module.stateDict();
    expect([...state.keys()]).toEqual(initial[name]!.map(({ name }) => name));
    for (const { name: key, shape, bits } of initial[name]!) {
      expect(state.get(key)!.shape, key).toEqual(shape);
      expect([...state.get(key)!.data], key).toEqual([...floatsFromHex(bits)]);
    }
    module.loadStateDict(state);
    expect(await module.stateDict()).toEqual(state);
  },
);

test.each([
  ["lstm", lstm],
  ["gru", gru],
  ["tanh", rnnTanh],
  ["relu", rnnRelu],
] as const)("%s has the gates and states of the float64 reference, in its order", (kind, { cell }) => {
  expect(Object.keys(cell.gates)).toEqual(CELLS[kind].gates);
  expect(cell.states).toEqual(CELLS[kind].states);
});

/** Traces `fn` over inputs of the given shapes; nothing is computed. */
function trace<T>(shapes: readonly (readonly number[])[], fn: (...inputs: Tensor[]) => T): T {
  const graph = new Graph(new StepRandom().trace());
  return recording.into(graph, () => fn(...shapes.map((shape) => graph.input(shape))));
}

describe("options", () => {
  afterEach(() => vi.restoreAllMocks());

  test("are PyTorch's defaults", () => {
    expect({ ...new nn.RNN(2, 3) }).toMatchObject({
      numLayers: 1,
      bias: true,
      batchFirst: false,
      dropout: 0,
      bidirectional: false,
      nonlinearity: "tanh",
      projSize: 0,
    });
  });

  test("are refused by name if invalid", async () => {
    const lstm = (options: unknown) => () => new nn.LSTM(2, 3, wrong(options));
    await expectRefusal(
      lstm({ projSize: 3 }),
      OptionError,
      "LSTM: projSize must be smaller than hiddenSize 3, got 3",
    );
    await expectRefusal(lstm({ projSize: -1 }), OptionError, "LSTM: projSize", "got -1");
    await expectRefusal(
      lstm({ dropout: 1.5 }),
      OptionError,
      "LSTM: dropout must be a probability from 0 to 1, got 1.5",
    );
    await expectRefusal(lstm({ dropout: -0.1 }), OptionError, "got -0.1");
    await expectRefusal(
      lstm({ bidirectional: 1 }),
      OptionError,
      "LSTM: bidirectional must be true or false, got 1",
    );
    await expectRefusal(lstm({ num_layers: 2 }), OptionError, 'unknown option "num_layers"', "numLayers");
    await expectRefusal(lstm(null), OptionError, "LSTM: options must be an object, got null");
    await expectRefusal(
      () => new nn.GRU(2, 3, wrong({ projSize: 1 })),
      OptionError,
      'unknown option "projSize"',
    );
    await expectRefusal(() => new nn.GRU(0, 3), OptionError, "GRU: inputSize", "got 0");
    await expectRefusal(
      () => new nn.RNN(2, 3, wrong({ nonlinearity: "gelu" })),
      OptionError,
      '"tanh" or "relu", got "gelu"',
    );
    await expectRefusal(() => new nn.RNN(2, 3, wrong(null)), OptionError, "RNN: options must be an object");
    await expectRefusal(
      () => new nn.RNNCell(2, 3, wrong({ nonlinearity: 1 })),
      OptionError,
      "RNNCell: nonlinearity",
    );
    await expectRefusal(() => new nn.LSTMCell(2, 1.5), OptionError, "LSTMCell: hiddenSize", "got 1.5");
    await expectRefusal(
      () => new nn.GRUCell(2, 3, wrong({ numLayers: 1 })),
      OptionError,
      'unknown option "numLayers"',
    );
  });

  test("dropout with one layer warns that it has no effect", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    new nn.GRU(2, 3, { dropout: 0.5, numLayers: 2 });
    expect(warn).not.toHaveBeenCalled();
    new nn.GRU(2, 3, { dropout: 0.5 });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(/^GRU: dropout acts between layers.* 0\.5 does nothing/),
    );
  });
});

describe("shapes", () => {
  test("of outputs and states match PyTorch", () => {
    const lstm = new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true, projSize: 2, batchFirst: true });
    const batched = trace([[5, 7, 3]], (x) => lstm.forward(x));
    expect(batched.output.shape).toEqual([5, 7, 4]);
    expect(batched.state.h.shape).toEqual([4, 5, 2]);
    expect(batched.state.c.shape).toEqual([4, 5, 4]);
    const single = trace([[7, 3]], (x) => lstm.forward(x));
    expect(single.output.shape).toEqual([7, 4]);
    expect(single.state.c.shape).toEqual([4, 4]);
    const gru = new nn.GRU(3, 4, { bidirectional: true });
    const { output, state } = trace([[7, 5, 3]], (x) => gru.forward(x));
    expect(output.shape).toEqual([7, 5, 8]);
    expect(state.shape).toEqual([2, 5, 4]);
    expect(trace([[3]], (x) => new nn.GRUCell(3, 4).forward(x)).shape).toEqual([4]);
  });

  test("are refused by name if they do not fit", async () => {
    const gru = new nn.GRU(3, 4, { numLayers: 2 });
    const lstm = new nn.LSTM(3, 4, { projSize: 2 });
    const refuse = (fn: (...inputs: Tensor[]) => unknown, shapes: number[][], ...parts: string[]) =>
      expectRefusal(() => trace(shapes, fn), ShapeError, ...parts);
    await refuse(
      (x) => gru.forward(x),
      [[5, 2, 4]],
      "GRU.forward: input must be [T, N, 3] or [T, 3], got [5, 2, 4]",
    );
    await refuse((x) => gru.forward(x), [[3]], "got [3]; add the missing axes");
    await refuse((x) => gru.forward(x), [[1, 5, 2, 3]], "got [1, 5, 2, 3]; reshape it");
    await refuse(() => gru.forward(wrong([1])), [], "must be a tensor or a PackedSequence, got [1]");
    await refuse(
      (x, h) => gru.forward(x!, h),
      [
        [5, 2, 3],
        [1, 2, 4],
      ],
      "GRU.forward: state must be [2, 2, 4], got [1, 2, 4]",
    );
    await refuse(
      (x) => gru.forward(x!, wrong({ h: x })),
      [[5, 2, 3]],
      "GRU.forward: state must be [2, 2, 4]",
    );
    await refuse(
      (x, h, c) => lstm.forward(x!, { h: h!, c: c! }),
      [
        [5, 2, 3],
        [1, 2, 4],
        [1, 2, 4],
      ],
      "LSTM.forward: state.h must be [1, 2, 2], got [1, 2, 4]",
    );
    await refuse(
      (x, h) => lstm.forward(x!, wrong({ h })),
      [
        [5, 2, 3],
        [1, 2, 2],
      ],
      "state must be { h, c }",
    );
    const cell = new nn.LSTMCell(3, 4);
    await refuse(
      (x) => cell.forward(x),
      [[2, 5, 3]],
      "LSTMCell.forward: input must be [N, 3] or [3], got [2, 5, 3]",
    );
    await refuse(
      (x, h) => cell.forward(x!, { h: h!, c: h! }),
      [
        [2, 3],
        [3, 4],
      ],
      "state h must be [2, 4], got [3, 4]",
    );
  });
});
