/** A recurrent layer with numbers to run it on: from a golden, or of any sizes with random numbers. */
import { Generator, type NDArray, nn, type Shape } from "webgpu-lstm";
import { CELLS, type Kind, type ReferenceCell, type Sizes } from "../tasks/reference/recurrent.ts";
import type { GoldenCase } from "./golden-case.ts";

export type RecurrentLayer = nn.LSTM | nn.GRU | nn.RNN;

export interface RecurrentProblem {
  readonly layer: RecurrentLayer;
  /** x, h0 and c0 where there is an initial state, target_output, target_h, and an LSTM's target_c. */
  readonly inputs: ReadonlyMap<string, NDArray>;
  readonly lengths: readonly number[] | null;
  readonly enforceSorted: boolean;
  readonly sizes: Sizes;
}

/** A recurrent cell: in float64, and as the library's layer. */
export interface TestCell {
  readonly reference: ReferenceCell;
  /** Whether the layer takes `projSize`. */
  readonly projects?: boolean;
  make(inputSize: number, hiddenSize: number, options: nn.LstmOptions): RecurrentLayer;
}

export const testCells: Readonly<Record<Kind, TestCell>> = {
  lstm: { reference: CELLS.lstm, projects: true, make: (...given) => new nn.LSTM(...given) },
  gru: { reference: CELLS.gru, make: (...given) => new nn.GRU(...given) },
  tanh: { reference: CELLS.tanh, make: (...given) => new nn.RNN(...given) },
  relu: {
    reference: CELLS.relu,
    make: (inputSize, hiddenSize, options) =>
      new nn.RNN(inputSize, hiddenSize, { ...options, nonlinearity: "relu" }),
  },
};

/** What a layer is made with. */
interface LayerOptions {
  readonly cell: TestCell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly projSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly bidirectional: boolean;
  /** Steps of a chunk in which gates are computed again; kept if not given. */
  readonly recompute?: number | null;
}

function makeLayer(given: LayerOptions): RecurrentLayer {
  const { cell, inputSize, hiddenSize, projSize, numLayers, bias, batchFirst, bidirectional } = given;
  const options = { numLayers, bias, batchFirst, bidirectional, recompute: given.recompute ?? false };
  return cell.make(inputSize, hiddenSize, cell.projects ? { ...options, projSize } : options);
}

/** Draws a problem's numbers in the order in which tools/goldens/recurrent.py does. */
export function drawProblem(
  options: LayerOptions & {
    readonly seed: number;
    /** Parameters are uniform in ±bound. */
    readonly bound: number;
    /** Inputs are uniform in ±inputBound. */
    readonly inputBound: number;
    readonly seqLen: number;
    readonly batch: number;
    readonly unbatched: boolean;
    readonly initialState: boolean;
    readonly lengths: readonly number[] | null;
    readonly enforceSorted: boolean;
  },
): RecurrentProblem {
  const { hiddenSize, seqLen, batch, lengths, enforceSorted } = options;
  const cell = options.cell.reference;
  const layer = makeLayer(options);
  const generator = new Generator(options.seed);
  const draw = (shape: Shape, bound: number): NDArray => {
    const data = new Float32Array(shape.reduce((size, n) => size * n, 1));
    return { data: generator.uniform_(data, -bound, bound), shape };
  };
  layer.loadStateDict(
    new Map([...layer.namedParameters()].map(([name, { shape }]) => [name, draw(shape, options.bound)])),
  );
  const width = options.projSize || hiddenSize;
  const directions = options.bidirectional ? 2 : 1;
  const sequence = options.unbatched ? [seqLen] : options.batchFirst ? [batch, seqLen] : [seqLen, batch];
  const states = [options.numLayers * directions, ...(options.unbatched ? [] : [batch])];
  const hasCell = cell.states.length > 1;
  const inputs = new Map([["x", draw([...sequence, options.inputSize], options.inputBound)]]);
  if (options.initialState) {
    inputs.set("h0", draw([...states, width], 1));
    if (hasCell) inputs.set("c0", draw([...states, hiddenSize], 1));
  }
  inputs.set("target_output", draw([...sequence, directions * width], 1));
  inputs.set("target_h", draw([...states, width], 1));
  if (hasCell) inputs.set("target_c", draw([...states, hiddenSize], 1));
  const sizes = { ...options, cell, lengths: lengths ?? Array<number>(batch).fill(seqLen) };
  return { layer, inputs, lengths, enforceSorted, sizes };
}

/** The problem of a golden of tools/goldens/recurrent.py. */
export function problemOf(golden: GoldenCase, recompute: number | null = null): RecurrentProblem {
  const kinds: Record<string, Kind> = { lstm: "lstm", proj: "lstm", gru: "gru", rnn: "tanh", relu: "relu" };
  const lengths = golden.numbers("lengths");
  return drawProblem({
    cell: testCells[kinds[golden.text("kind")]!],
    recompute,
    inputSize: golden.number("input_size"),
    hiddenSize: golden.number("hidden_size"),
    projSize: golden.number("proj_size"),
    numLayers: golden.number("num_layers"),
    bias: golden.boolean("bias"),
    batchFirst: golden.boolean("batch_first"),
    bidirectional: golden.boolean("bidirectional"),
    seed: golden.number("seed"),
    bound: golden.number("weight_bound"),
    inputBound: 2,
    seqLen: golden.number("seq_len"),
    batch: golden.number("batch"),
    unbatched: golden.boolean("unbatched"),
    initialState: golden.boolean("initial_state"),
    lengths: lengths.length > 0 ? lengths : null,
    enforceSorted: golden.boolean("enforce_sorted"),
  });
}

/** The problem of a golden of tools/goldens/lstm.py, whose numbers are in the file. */
export function storedProblemOf(golden: GoldenCase): RecurrentProblem {
  const options = {
    cell: testCells.lstm,
    inputSize: golden.number("input_size"),
    hiddenSize: golden.number("hidden_size"),
    projSize: 0,
    numLayers: golden.number("num_layers"),
    bias: golden.boolean("bias"),
    batchFirst: golden.boolean("batch_first"),
    bidirectional: false,
  };
  const layer = makeLayer(options);
  layer.loadStateDict(new Map(golden.names("param.").map((name) => [name, golden.input(`param.${name}`)])));
  const states = golden.boolean("initial_state") ? ["h0", "c0"] : [];
  const names = ["x", ...states, "target_output", "target_h", "target_c"];
  const sizes = {
    ...options,
    cell: options.cell.reference,
    seqLen: golden.number("seq_len"),
    batch: golden.number("batch"),
  };
  return {
    layer,
    inputs: new Map(names.map((name) => [name, golden.input(name)])),
    lengths: null,
    enforceSorted: true,
    sizes,
  };
}

/** The class and the options of a golden, as the parity page names them. */
export function rowOf(
  { layer, inputs, lengths }: RecurrentProblem,
  name: string,
): { section: string; row: string } {
  const section = layer instanceof nn.LSTM ? "nn.LSTM" : layer instanceof nn.GRU ? "nn.GRU" : "nn.RNN";
  const options = [
    ...(layer.projSize ? ["proj_size"] : []),
    ...(layer instanceof nn.RNN && layer.nonlinearity === "relu" ? ["nonlinearity relu"] : []),
    ...(layer.numLayers > 1 ? ["layers"] : []),
    ...(layer.bidirectional ? ["bidirectional"] : []),
    ...(inputs.has("h0") ? ["initial state"] : []),
    ...(lengths ? ["packed"] : []),
    ...(layer.bias ? [] : ["no bias"]),
    ...(layer.batchFirst ? ["batch_first"] : []),
    ...(inputs.get("x")!.shape.length === 2 ? ["unbatched"] : []),
    ...(name.endsWith("saturated") ? ["saturated gates"] : []),
  ];
  return { section, row: options.join(", ") || "defaults" };
}
