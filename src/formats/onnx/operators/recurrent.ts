/** LSTM, GRU and RNN: each direction is one recurrent op over the whole sequence. */
import { apply, stack, type Tensor } from "../../../graph/tensor.ts";
import { packPaddedSequence } from "../../../nn/utils/rnn.ts";
import { gru } from "../../../ops/recurrent/gru.ts";
import type { RecurrentOp } from "../../../ops/recurrent/layer.ts";
import { lstm } from "../../../ops/recurrent/lstm.ts";
import { inputsByPosition, outputsByName } from "../../../ops/recurrent/operands.ts";
import { rnnRelu, rnnTanh } from "../../../ops/recurrent/rnn.ts";
import { showShape } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";
import { pick } from "../pick.ts";
import { isHost, literal, type Value } from "../value.ts";
import { packed } from "../weights.ts";
import { reshaped } from "./movement.ts";
import { type Direction, peeping, resetFirst } from "./unrolled.ts";

/** A cell as ONNX has it. */
interface Kind {
  readonly name: string;
  /** Gates in ONNX's order, by their slots in the kernels: for the input's weights, and for the hidden state's. */
  readonly input: readonly number[];
  readonly hidden: readonly number[];
  readonly width: 1 | 4;
  readonly hasCell: boolean;
}

const kinds = {
  // ONNX: i, o, f, c. The kernels: i, f, g, o.
  lstm: { name: "LSTM", input: [0, 3, 1, 2], hidden: [0, 3, 1, 2], width: 4, hasCell: true },
  // ONNX: z, r, h. The kernels: r, z, and n in two parts.
  gru: { name: "GRU", input: [1, 0, 2], hidden: [1, 0, 3], width: 4, hasCell: false },
  rnn: { name: "RNN", input: [0], hidden: [0], width: 1, hasCell: false },
} as const satisfies Record<string, Kind>;

/** Inputs of a recurrent node with time first. */
interface Inputs {
  /** [T, N, I] */
  readonly x: Tensor;
  readonly lengths: Tensor | null;
  readonly hiddenSize: number;
  /** Whether each direction runs from the end. */
  readonly directions: readonly boolean[];
  readonly batchFirst: boolean;
}

function inputsOf(call: Call, kind: Kind): Inputs {
  const direction = call.text("direction", "forward");
  call.only("direction", direction, ["forward", "reverse", "bidirectional"]);
  const directions = { forward: [false], reverse: [true], bidirectional: [false, true] }[direction]!;
  const batchFirst = call.int("layout", 0) !== 0;
  const given = call.tensor(0);
  if (given.shape.length !== 3)
    throw call.refuse(`its input must have three axes, got ${showShape(given.shape)}`);
  const x = batchFirst ? given.transpose(0, 1) : given;
  const gates = kind.input.length;
  const weight = call.shape(1);
  const hiddenSize = call.int("hidden_size", (weight[1] ?? 0) / gates);
  const D = directions.length;
  const wanted = [
    [D, gates * hiddenSize, x.shape[2]!],
    [D, gates * hiddenSize, hiddenSize],
    [D, 2 * gates * hiddenSize],
  ];
  for (const [i, shape] of wanted.entries()) {
    if (!call.optional(1 + i) && i === 2) continue;
    if (call.shape(1 + i).join() !== shape.join()) {
      throw call.refuse(
        `its input ${"WRB"[i]} must be ${showShape(shape)}, got ${showShape(call.shape(1 + i))}`,
      );
    }
  }
  const lengths = call.optional(4);
  if (!lengths) return { x, lengths: null, hiddenSize, directions, batchFirst };
  const known = isHost(lengths) ? Array.from(lengths.data) : lengths.tensor;
  const sequences = packPaddedSequence(x, known, { enforceSorted: false });
  // Sequences that all have T steps need no lengths.
  const isFull = sequences.knownLengths?.every((length) => length === x.shape[0]);
  if (isFull) return { x, lengths: null, hiddenSize, directions, batchFirst };
  return { x: sequences.data, lengths: sequences.lengths, hiddenSize, directions, batchFirst };
}

/** Part `index` of the first axis, without it. */
function part(call: Call, value: Value, index: number, shape: readonly number[]): Value {
  return reshaped(call, pick(call, value, 0, [index]), shape);
}

/** Rows `from` to `to` of a one-dimensional value. */
function rows(call: Call, value: Value, from: number, to: number): Value {
  return pick(
    call,
    value,
    0,
    Array.from({ length: to - from }, (_, i) => from + i),
  );
}

/** An initial state [D, N, H], or [N, D, H] with the batch first, of one direction; `null` for zeros. */
function stateOf(
  call: Call,
  index: number,
  direction: number,
  { x, hiddenSize, directions, batchFirst }: Inputs,
) {
  const value = call.optional(index);
  if (!value || (isHost(value) && value.data.every((number) => number === 0))) return null;
  const N = x.shape[1]!;
  const D = directions.length;
  const wanted = batchFirst ? [N, D, hiddenSize] : [D, N, hiddenSize];
  const tensor = call.toTensor(value);
  if (tensor.shape.join() !== wanted.join()) {
    throw call.refuse(`its initial state must be ${showShape(wanted)}, got ${showShape(tensor.shape)}`);
  }
  return tensor.select(batchFirst ? 1 : 0, direction);
}

/** Computes one direction. */
type RunDirection = (
  d: number,
  reverse: boolean,
) => { readonly output: Tensor; readonly h: Tensor; readonly c: Tensor | null };

/** A direction by the library's own recurrent op. */
function byOp(call: Call, kind: Kind, op: RecurrentOp, inputs: Inputs): RunDirection {
  const { x, lengths, hiddenSize: H } = inputs;
  const gates = kind.input.length;
  const weights = (index: number, d: number, slots: readonly number[]) => {
    const shape = call.shape(index).slice(1);
    return packed(call, part(call, call.value(index), d, shape), slots, kind.width, H);
  };
  return (d, reverse) => {
    const both = call.optional(3) ? part(call, call.value(3), d, [2 * gates * H]) : null;
    const bias = (from: number, slots: readonly number[]) =>
      both && packed(call, rows(call, both, from, from + gates * H), slots, kind.width, H);
    const operands = inputsByPosition<Tensor>({
      x,
      weightIh: weights(1, d, kind.input),
      weightHh: weights(2, d, kind.hidden),
      biasIh: bias(0, kind.input),
      biasHh: bias(gates * H, kind.hidden),
      h0: stateOf(call, 5, d, inputs),
      c0: kind.hasCell ? stateOf(call, 6, d, inputs) : null,
      lengths,
      weightHr: null,
    });
    const { output, h, c } = outputsByName<Tensor>(
      apply(kind.name, op, operands, { hiddenSize: H, reverse }),
    );
    return { output: output!, h: h!, c };
  };
}

/** A direction step by step. */
function byStep(
  call: Call,
  kind: Kind,
  inputs: Inputs,
  run: (direction: Direction, d: number) => ReturnType<RunDirection>,
): RunDirection {
  const { x, lengths, hiddenSize: H } = inputs;
  if (lengths) throw call.refuse("this variant is not computed with sequences of different lengths");
  const rowsOfGates = kind.input.length * H;
  const zeros = () => literal(new Float32Array(x.shape[1]! * H), [x.shape[1]!, H]);
  return (d, reverse) => {
    const both = call.optional(3) ? call.tensor(3).select(0, d) : null;
    const direction = {
      x,
      w: call.tensor(1).select(0, d),
      r: call.tensor(2).select(0, d),
      wb: both?.slice(0, 0, rowsOfGates) ?? null,
      rb: both?.slice(0, rowsOfGates) ?? null,
      h0: stateOf(call, 5, d, inputs) ?? zeros(),
      c0: kind.hasCell ? (stateOf(call, 6, d, inputs) ?? zeros()) : null,
      reverse,
      hiddenSize: H,
    };
    return run(direction, d);
  };
}

/** Runs every direction and gives Y, Y_h and Y_c. */
function run(
  call: Call,
  kind: Kind,
  { directions, batchFirst }: Inputs,
  runs: RunDirection,
): readonly (Value | null)[] {
  const results = directions.map((reverse, d) => runs(d, reverse));
  const { dtype } = call.value(0);
  const states = (name: "h" | "c") => {
    return call.device(
      dtype,
      stack(
        results.map((result) => result[name]!),
        batchFirst ? 1 : 0,
      ),
    );
  };
  const outputs = results.map(({ output }) => (batchFirst ? output.transpose(0, 1) : output));
  const y = call.device(dtype, stack(outputs, batchFirst ? 2 : 1));
  return kind.hasCell ? [y, states("h"), states("c")] : [y, states("h")];
}

/** The functions of a direction's gates, in lower case; the defaults if none are named. */
function activationsOf(call: Call, defaults: readonly string[]): readonly string[] {
  const directions = call.text("direction", "forward") === "bidirectional" ? 2 : 1;
  const named = call.texts("activations");
  if (!named) return defaults;
  const all = named.map((name) => name.toLowerCase());
  const first = all.slice(0, defaults.length);
  const isSame =
    all.length === directions * defaults.length && all.every((name, i) => name === first[i % first.length]);
  if (!isSame)
    throw call.refuse(`the activations ${named.join(", ")} differ between directions, or are too few`);
  return first;
}

/** Throws for variants that no kernel computes. */
function refuseVariants(call: Call): void {
  if (call.has("clip")) throw call.refuse("gates with clip are not computed here");
}

const longShortTerm: Operator = (call) => {
  refuseVariants(call);
  call.only("activations", activationsOf(call, ["sigmoid", "tanh", "tanh"]).join(), ["sigmoid,tanh,tanh"]);
  call.only("input_forget", call.int("input_forget", 0), [0]);
  const { lstm: kind } = kinds;
  const inputs = inputsOf(call, kind);
  const peepholes = call.optional(7);
  if (!peepholes || (isHost(peepholes) && peepholes.data.every((weight) => weight === 0))) {
    return run(call, kind, inputs, byOp(call, kind, lstm, inputs));
  }
  const of = (d: number) => part(call, peepholes, d, [3 * inputs.hiddenSize]);
  return run(
    call,
    kind,
    inputs,
    byStep(call, kind, inputs, (direction, d) => peeping(call, direction, of(d))),
  );
};

const gated: Operator = (call) => {
  refuseVariants(call);
  call.only("activations", activationsOf(call, ["sigmoid", "tanh"]).join(), ["sigmoid,tanh"]);
  const { gru: kind } = kinds;
  const inputs = inputsOf(call, kind);
  const byKernels = call.int("linear_before_reset", 0) !== 0;
  const runs = byKernels
    ? byOp(call, kind, gru, inputs)
    : byStep(call, kind, inputs, (direction) => resetFirst(call, direction));
  return run(call, kind, inputs, runs);
};

const elman: Operator = (call) => {
  refuseVariants(call);
  const [activation] = activationsOf(call, ["tanh"]) as [string];
  call.only("activations", activation, ["tanh", "relu"]);
  const inputs = inputsOf(call, kinds.rnn);
  const op = activation === "relu" ? rnnRelu : rnnTanh;
  return run(call, kinds.rnn, inputs, byOp(call, kinds.rnn, op, inputs));
};

export const recurrents: Readonly<Record<string, Operator>> = { LSTM: longShortTerm, GRU: gated, RNN: elman };
