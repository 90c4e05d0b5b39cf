/** The models of model.ts on a tape, for gradients where NaN and infinities leave nothing for a difference quotient. */
import { type Block, type ModelSizes, widthOf } from "./model.ts";
import { type Scalar, Tape } from "./tape.ts";

type Named = ReadonlyMap<string, readonly Scalar[]>;

/** A model's outputs, its loss and the gradients, by the names of the parameters and `x`. */
export interface TapedModel {
  readonly output: readonly number[];
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, readonly number[]>;
}

/** Runs a model forward and backward. The parameters have the names that test/browser/random-model.ts gives. */
export function tapedModel(
  sizes: ModelSizes,
  parameters: ReadonlyMap<string, ArrayLike<number>>,
  x: ArrayLike<number>,
  target: ArrayLike<number>,
): TapedModel {
  const tape = new Tape();
  const named = new Map([...parameters].map(([name, values]) => [name, tape.leaves(values)]));
  const inputs = tape.leaves(x);
  const output = forward(tape, sizes, named, inputs);
  const squares = output.map((value, i) => {
    const difference = tape.sub(value, tape.leaf(target[i]!));
    return tape.mul(difference, difference);
  });
  const scale = tape.leaf(1 / output.length);
  const loss = tape.mul(
    squares.reduce((sum, square) => tape.add(sum, square)),
    scale,
  );
  const by = tape.derivatives(loss);
  const gradients = [...named, ["x", inputs] as const].map(
    ([name, scalars]) => [name, scalars.map((scalar) => by(scalar))] as const,
  );
  return {
    output: output.map((scalar) => tape.value(scalar)),
    loss: tape.value(loss),
    gradients: new Map(gradients),
  };
}

function forward(tape: Tape, sizes: ModelSizes, named: Named, x: readonly Scalar[]): Scalar[] {
  const { seqLen, batch } = sizes;
  let [sequence, features] = [[...x], sizes.inputSize];
  for (const [i, block] of sizes.blocks.entries()) {
    sequence = recurrent(tape, sizes, block, named, i, sequence, features);
    features = widthOf(block);
    if (block.norm) {
      sequence = normalized(tape, sequence, named.get(`norms.${i}.weight`)!, named.get(`norms.${i}.bias`)!);
    }
    const { activation } = block;
    if (activation !== "none") sequence = sequence.map((value) => tape[activation](value));
  }
  if (sizes.last) sequence = sequence.slice((seqLen - 1) * batch * features);
  return rowsOf(sequence, features).flatMap((row) =>
    affine(tape, named.get("head.weight")!, named.get("head.bias"), row),
  );
}

function rowsOf(values: readonly Scalar[], width: number): Scalar[][] {
  return Array.from({ length: values.length / width }, (_, row) =>
    values.slice(row * width, (row + 1) * width),
  );
}

function affine(
  tape: Tape,
  weight: readonly Scalar[],
  bias: readonly Scalar[] | undefined,
  vector: readonly Scalar[],
): Scalar[] {
  return rowsOf(weight, vector.length).map((row, i) => tape.dot(row, vector, bias?.[i]));
}

function normalized(
  tape: Tape,
  x: readonly Scalar[],
  weight: readonly Scalar[],
  bias: readonly Scalar[],
): Scalar[] {
  const part = tape.leaf(1 / weight.length);
  const total = (values: readonly Scalar[]) => values.reduce((sum, value) => tape.add(sum, value));
  return rowsOf(x, weight.length).flatMap((row) => {
    const mean = tape.mul(total(row), part);
    const centered = row.map((value) => tape.sub(value, mean));
    const variance = tape.mul(total(centered.map((value) => tape.mul(value, value))), part);
    const factor = tape.rsqrt(tape.add(variance, tape.leaf(1e-5)));
    return centered.map((value, k) => tape.add(tape.mul(tape.mul(value, factor), weight[k]!), bias[k]!));
  });
}

/** Layers of one kind, over x [T, N, I]; steps past a sequence's end are zero and take no part. */
function recurrent(
  tape: Tape,
  { seqLen: T, batch: N, lengths }: ModelSizes,
  block: Block,
  named: Named,
  index: number,
  x: readonly Scalar[],
  inputSize: number,
): Scalar[] {
  const { kind, hiddenSize: H, numLayers } = block;
  const R = block.projSize || H;
  const directions = block.bidirectional ? ["", "_reverse"] : [""];
  const D = directions.length;
  let [sequence, features] = [x, inputSize];
  for (let layer = 0; layer < numLayers; layer++) {
    const output = Array.from({ length: T * N * D * R }, () => tape.leaf(0));
    for (const [d, direction] of directions.entries()) {
      const get = (name: string) => named.get(`layers.${index}.${name}_l${layer}${direction}`);
      for (let n = 0; n < N; n++) {
        const row = (layer * D + d) * N + n;
        const initial = (name: string, width: number) =>
          named.get(`${name}${index}`)?.slice(row * width, (row + 1) * width) ??
          Array.from({ length: width }, () => tape.leaf(0));
        let h = initial("h", R);
        let c = initial("c", H);
        const length = lengths?.[n] ?? T;
        for (let s = 0; s < length; s++) {
          const t = direction === "" ? s : length - 1 - s;
          const input = sequence.slice((t * N + n) * features, (t * N + n + 1) * features);
          const ofInput = rowsOf(affine(tape, get("weight_ih")!, get("bias_ih"), input), H);
          const ofHidden = rowsOf(affine(tape, get("weight_hh")!, get("bias_hh"), h), H);
          const state = step(tape, kind, ofInput, ofHidden, h, c);
          const projection = get("weight_hr");
          h = projection ? affine(tape, projection, undefined, state.h) : state.h;
          c = state.c;
          output.splice(((t * N + n) * D + d) * R, R, ...h);
        }
      }
    }
    sequence = output;
    features = D * R;
  }
  return [...sequence];
}

/** One step of a cell, from W_ih x + b_ih and W_hh h + b_hh of each gate. */
function step(
  tape: Tape,
  kind: Block["kind"],
  ofInput: readonly Scalar[][],
  ofHidden: readonly Scalar[][],
  h: readonly Scalar[],
  c: readonly Scalar[],
): { h: Scalar[]; c: Scalar[] } {
  const units = ofInput[0]!.map((_, j) => j);
  const sum = (gate: number, j: number) => tape.add(ofInput[gate]![j]!, ofHidden[gate]![j]!);
  if (kind === "lstm") {
    const cells = units.map((j) => {
      const kept = tape.mul(tape.sigmoid(sum(1, j)), c[j]!);
      return tape.add(kept, tape.mul(tape.sigmoid(sum(0, j)), tape.tanh(sum(2, j))));
    });
    return { h: units.map((j) => tape.mul(tape.sigmoid(sum(3, j)), tape.tanh(cells[j]!))), c: cells };
  }
  if (kind === "gru") {
    const next = units.map((j) => {
      const [r, z] = [tape.sigmoid(sum(0, j)), tape.sigmoid(sum(1, j))];
      const n = tape.tanh(tape.add(ofInput[2]![j]!, tape.mul(r, ofHidden[2]![j]!)));
      // As PyTorch computes (1 - z)·n + z·h.
      return tape.add(tape.mul(tape.sub(h[j]!, n), z), n);
    });
    return { h: next, c: [...c] };
  }
  return { h: units.map((j) => tape[kind](sum(0, j))), c: [...c] };
}
