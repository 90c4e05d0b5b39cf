/** Random models with random numbers, as fast-check draws and shrinks them, and their run on the GPU. */
import * as fc from "fast-check";
import { type Device, Generator, grad, type NDArray, nn, type Tensor } from "webgpu-lstm";
import { type RecurrentLayer, testCells } from "../recurrent-problem.ts";
import { type Block, type ModelSizes, widthOf } from "../reference/model.ts";
import { quotientsOf } from "./unusual-values.ts";

const { packPaddedSequence, padPackedSequence, PackedSequence } = nn.utils.rnn;

/** Values at the edges of what float32's activations tell apart; the reference knows what comes out. */
const SPECIAL = [0, -0, 1e-40, -1e-40, 1e-30, 8, -8, 20, -20];
/** Values that saturate every gate. */
const SATURATING = [88, -89, 104, -104, 1e4, -1e4];

export interface RandomModel extends ModelSizes {
  readonly batchFirst: boolean;
  readonly headBias: boolean;
  /** Whether the first block has an initial state. */
  readonly initialState: boolean;
  /** Whether lengths are an input, and no numbers while tracing. */
  readonly lengthsAsInput: boolean;
  readonly seed: number;
  /** Elements of x, counted round and round, and their values. */
  readonly special: readonly (readonly [at: number, value: number])[];
  /** Elements of x, states and parameters that are NaN or infinite: the number of the tensor, and of the element, counted so too. */
  readonly unusual?: readonly (readonly [tensor: number, at: number, value: number])[];
}

const anyBlock: fc.Arbitrary<Block> = fc
  .record({
    kind: fc.constantFrom("lstm", "gru", "tanh", "relu"),
    hiddenSize: fc.integer({ min: 2, max: 18 }),
    projects: fc.boolean(),
    numLayers: fc.integer({ min: 1, max: 2 }),
    bidirectional: fc.boolean(),
    bias: fc.boolean(),
    norm: fc.boolean(),
    activation: fc.constantFrom("none", "relu", "tanh", "sigmoid"),
  })
  .map(({ projects, ...block }) => ({
    ...block,
    projSize: projects && block.kind === "lstm" ? Math.floor(block.hiddenSize / 2) : 0,
  }));

export const anyModel: fc.Arbitrary<RandomModel> = fc
  .record({
    blocks: fc.array(anyBlock, { minLength: 1, maxLength: 2 }),
    inputSize: fc.integer({ min: 1, max: 9 }),
    outputSize: fc.integer({ min: 1, max: 5 }),
    seqLen: fc.integer({ min: 1, max: 7 }),
    batch: fc.integer({ min: 1, max: 6 }),
    fractions: fc.option(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
    ),
    last: fc.boolean(),
    batchFirst: fc.boolean(),
    headBias: fc.boolean(),
    initialState: fc.boolean(),
    lengthsAsInput: fc.boolean(),
    seed: fc.nat(1_000_000),
    special: fc.array(fc.tuple(fc.nat(1000), fc.constantFrom(...SPECIAL, ...SATURATING)), { maxLength: 4 }),
  })
  .map(({ fractions, ...model }) => {
    const { seqLen, batch, blocks } = model;
    const lengths = fractions?.slice(0, batch).map((share) => 1 + Math.floor(share * (seqLen - 1))) ?? null;
    // An Elman cell with a ReLU passes a large value on, until float32 overflows.
    const saturates = blocks[0]!.kind !== "relu";
    // At 0 a ReLU has no derivative that a difference quotient could show.
    const bends = blocks.some(({ kind, activation }) => kind === "relu" || activation === "relu");
    const special = model.special.filter(
      ([, value]) => (saturates || Math.abs(value) <= 20) && !(bends && Math.abs(value) < 1),
    );
    return { ...model, lengths, special };
  });

/** Models with NaN and infinities, and otherwise with numbers at which no gate saturates. */
export const anyUnusualModel: fc.Arbitrary<RandomModel> = fc
  .record({
    model: anyModel,
    unusual: fc.array(
      fc.tuple(
        fc.nat(1000),
        fc.nat(1000),
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ model, unusual }) => ({ ...model, special: [], unusual }));

/** A model of the drawn form. */
class Model extends nn.Module {
  readonly layers: nn.ModuleList<RecurrentLayer>;
  readonly norms: nn.ModuleList;
  readonly head: nn.Linear;
  readonly #form: RandomModel;

  constructor(form: RandomModel) {
    super();
    const { blocks, inputSize, outputSize, batchFirst, headBias } = form;
    const widths = [inputSize, ...blocks.map(widthOf)];
    this.layers = new nn.ModuleList(
      blocks.map((block, i) => {
        const { kind, hiddenSize, projSize, numLayers, bidirectional, bias } = block;
        const options = { numLayers, bidirectional, bias, batchFirst, ...(projSize > 0 && { projSize }) };
        return testCells[kind].make(widths[i]!, hiddenSize, options);
      }),
    );
    this.norms = new nn.ModuleList(
      blocks.map((block) => (block.norm ? new nn.LayerNorm(widthOf(block)) : new nn.Flatten())),
    );
    this.head = new nn.Linear(widths[blocks.length]!, outputSize, { bias: headBias });
    this.#form = form;
  }

  /** @param states h and c by name, of those blocks that have them. */
  forward(
    x: Tensor,
    lengths: Tensor | readonly number[] | null,
    states: Readonly<Record<string, Tensor>>,
  ): Tensor {
    const { blocks, batchFirst, seqLen, last } = this.#form;
    let sequence = x;
    for (const [i, block] of blocks.entries()) {
      const layer = this.layers.at(i);
      const [h, c] = [states[`h${i}`], states[`c${i}`]];
      const input = lengths
        ? packPaddedSequence(sequence, lengths, { batchFirst, enforceSorted: false })
        : sequence;
      const { output } =
        layer instanceof nn.LSTM
          ? layer.forward(input, h && c ? { h, c } : undefined)
          : layer.forward(input, h);
      sequence =
        output instanceof PackedSequence
          ? padPackedSequence(output, { batchFirst, totalLength: seqLen }).output
          : output;
      const norm = this.norms.at(i);
      if (norm instanceof nn.LayerNorm) sequence = norm.forward(sequence);
      if (block.activation !== "none") sequence = sequence[block.activation]();
    }
    return this.head.forward(last ? sequence.select(batchFirst ? 1 : 0, -1) : sequence);
  }
}

/** Swaps the first two dimensions of [a, b, rest]. */
function swapped(values: Float32Array, a: number, b: number): Float32Array {
  const rest = values.length / (a * b);
  return Float32Array.from(values, (_, i) => {
    const [outer, inner, k] = [Math.floor(i / (a * rest)), Math.floor(i / rest) % a, i % rest];
    return values[(inner * b + outer) * rest + k]!;
  });
}

/** A model's numbers and what the GPU makes of them, sequences as [T, N, …]. */
export interface ModelRun {
  /** Parameters, and the initial states as `h0` and `c0`. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly x: Float32Array;
  readonly target: Float32Array;
  readonly output: Float32Array;
  readonly loss: number;
  /** Gradients of x and of all parameters, by name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Draws a model's numbers and runs it forward and backward. */
export async function runModel(device: Device, form: RandomModel): Promise<ModelRun> {
  const { seqLen, batch, inputSize, outputSize, batchFirst, last, lengths, seed } = form;
  const generator = new Generator(seed);
  // In small models of small numbers float32 and float64 saturate alike.
  const most = form.unusual ? 0.3 : 1;
  const draw = (size: number) => generator.uniform_(new Float32Array(size), -most, most);
  const model = new Model(form);
  const state = await model.stateDict();
  for (const { data } of state.values()) data.set(draw(data.length));

  const x = draw(seqLen * batch * inputSize);
  for (const [at, value] of form.special) x[at % x.length] = value;
  const target = draw((last ? 1 : seqLen) * batch * outputSize);
  const first = form.blocks[0]!;
  const rows = first.numLayers * (first.bidirectional ? 2 : 1);
  const stateOf = (width: number): NDArray => ({
    data: draw(rows * batch * width),
    shape: [rows, batch, width],
  });
  const states: Record<string, NDArray> = {};
  if (form.initialState) {
    states["h0"] = stateOf(first.projSize || first.hiddenSize);
    if (first.kind === "lstm") states["c0"] = stateOf(first.hiddenSize);
  }

  const names = ["x", ...Object.keys(states), ...[...model.namedParameters()].map(([name]) => name)];
  const arrays = new Map<string, Float32Array>([
    ["x", x],
    ...Object.entries(states).map(([name, { data }]) => [name, data] as const),
    ...[...state].map(([name, { data }]) => [name, data] as const),
  ]);
  for (const [tensor, at, value] of form.unusual ?? []) {
    const array = arrays.get(names[tensor % names.length]!)!;
    array[at % array.length] = value;
  }
  model.loadStateDict(state);
  // Sequences go in and out as the model has them.
  const order = (a: number, b: number) => (batchFirst ? [b, a] : [a, b]);
  const turn = (values: Float32Array, a: number, b: number) => (batchFirst ? swapped(values, a, b) : values);
  const ordered = order(seqLen, batch);
  const inputs = {
    x: { data: turn(x, seqLen, batch), shape: [...ordered, inputSize] },
    target: last
      ? { data: target, shape: [batch, outputSize] }
      : { data: turn(target, seqLen, batch), shape: [...ordered, outputSize] },
    ...states,
    ...(lengths && form.lengthsAsInput && { lengths: { data: [...lengths], shape: [batch] } }),
  };
  const quotients = form.unusual
    ? ["x", ...Object.keys(states)].map((name) => [name, inputs[name as "x"]] as const)
    : [];
  const plain = Object.entries(inputs).filter(([name]) => !quotients.some(([other]) => other === name));
  const given: Record<string, NDArray | { data: number[]; shape: number[] }> = {
    ...Object.fromEntries(plain),
    ...quotientsOf(new Map(quotients)),
  };
  const step = await device.compile(
    (all: Readonly<Record<string, Tensor>>) => {
      const made = quotients.map(([name]) => [name, all[`${name}.over`]!.div(all[`${name}.under`]!)]);
      const tensors: Readonly<Record<string, Tensor>> = { ...all, ...Object.fromEntries(made) };
      const known = lengths && (tensors["lengths"] ?? lengths);
      const output = model.forward(tensors["x"]!, known, tensors);
      const loss = new nn.MSELoss().forward(output, tensors["target"]!);
      const own = new Map(model.namedParameters());
      const gradients = grad(
        loss,
        names.map((name) => tensors[name] ?? own.get(name)!),
      );
      return { output, loss, ...Object.fromEntries(names.map((name, i) => [`grad ${name}`, gradients[i]!])) };
    },
    { inputs: given },
  );
  const results: Readonly<Record<string, { read(): Promise<NDArray> }>> = step.run(given);
  const read = async (name: string) => (await results[name]!.read()).data;
  const timeMajor = (values: Float32Array) => (batchFirst ? swapped(values, batch, seqLen) : values);
  const gradients = new Map(
    await Promise.all(names.map(async (name) => [name, await read(`grad ${name}`)] as const)),
  );
  gradients.set("x", timeMajor(gradients.get("x")!));
  const output = await read("output");
  const run = {
    parameters: new Map([
      ...[...state].map(([name, { data }]) => [name, data] as const),
      ...Object.entries(states).map(([name, { data }]) => [name, data] as const),
    ]),
    x,
    target,
    output: last ? output : timeMajor(output),
    loss: (await read("loss"))[0]!,
    gradients,
  };
  step.dispose();
  model.dispose();
  return run;
}
