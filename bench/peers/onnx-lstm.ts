import type { Problem } from "../../tasks/workloads/workload.ts";
import { type Constant, type Model, type Node, onnxFile } from "./onnx-model.ts";

/** The form of the recurrence. */
export type Writing =
  /** The LSTM operator. */
  | "operator"
  /** Products and activations, step by step, for a provider without an LSTM operator. */
  | "unrolled";

/** The problem's LSTM layers as an ONNX model: x [T, B, I], h0 and c0 [L, B, H] to hn and cn, the last layer's, [1, B, H]. */
export function lstmModel({ workload, weights }: Problem, T: number, writing: Writing): Uint8Array {
  const { inputSize: I, hiddenSize: H, numLayers: L, batch: B } = workload;
  const nodes: Node[] = [];
  const constants = new Map<string, Constant>();
  const writer = writing === "operator" ? operatorLayer : unrolledLayer;
  for (let layer = 0; layer < L; layer++) {
    writer({ nodes, constants, weights, layer, T, B, H, I: layer === 0 ? I : H, last: layer === L - 1 });
  }
  const state = Object.fromEntries(
    Array.from({ length: L }, (_, layer) => [
      [`h${layer}`, [1, B, H]],
      [`c${layer}`, [1, B, H]],
    ]).flat() as [string, number[]][],
  );
  const model: Model = {
    inputs: { x: [T, B, I], ...state },
    outputs: { hn: [1, B, H], cn: [1, B, H] },
    constants,
    nodes,
  };
  return onnxFile(model);
}

interface Layer {
  readonly nodes: Node[];
  readonly constants: Map<string, Constant>;
  readonly weights: Problem["weights"];
  readonly layer: number;
  readonly T: number;
  readonly B: number;
  readonly H: number;
  readonly I: number;
  readonly last: boolean;
}

/** Rows of PyTorch's gates (i, f, g, o) in another order. */
function gates(data: Float32Array, order: readonly number[]): Float32Array {
  const block = data.length / 4;
  const out = new Float32Array(data.length);
  for (const [to, from] of order.entries())
    out.set(data.subarray(from * block, (from + 1) * block), to * block);
  return out;
}

const inputOf = (layer: number) => (layer === 0 ? "x" : `y${layer - 1}`);

function operatorLayer({ nodes, constants, weights, layer, H, I, last }: Layer): void {
  const iofc = [0, 3, 1, 2];
  const of = (name: string) => gates(weights.get(`recurrent.${name}_l${layer}`)!.data, iofc);
  const bias = Float32Array.from([...of("bias_ih"), ...of("bias_hh")]);
  constants.set(`w${layer}`, { shape: [1, 4 * H, I], data: of("weight_ih") });
  constants.set(`r${layer}`, { shape: [1, 4 * H, H], data: of("weight_hh") });
  constants.set(`b${layer}`, { shape: [1, 8 * H], data: bias });
  const ends = last ? ["hn", "cn"] : [];
  nodes.push({
    op: "LSTM",
    inputs: [inputOf(layer), `w${layer}`, `r${layer}`, `b${layer}`, "", `h${layer}`, `c${layer}`],
    outputs: [last ? "" : `all${layer}`, ...ends],
    attributes: { hidden_size: H },
  });
  if (last) return;
  // [T, 1, B, H] to [T, B, H]
  constants.set(`axis${layer}`, { shape: [1], data: BigInt64Array.of(1n) });
  nodes.push({ op: "Squeeze", inputs: [`all${layer}`, `axis${layer}`], outputs: [`y${layer}`] });
}

/** One product for the inputs of the whole sequence, then twelve small operators for each step. */
function unrolledLayer({ nodes, constants, weights, layer, T, B, H, I, last }: Layer): void {
  const ifog = [0, 1, 3, 2];
  const of = (name: string) => gates(weights.get(`recurrent.${name}_l${layer}`)!.data, ifog);
  const [ih, hh] = [of("bias_ih"), of("bias_hh")];
  constants.set(`w${layer}`, { shape: [I, 4 * H], data: transposed(of("weight_ih"), 4 * H, I) });
  constants.set(`r${layer}`, { shape: [H, 4 * H], data: transposed(of("weight_hh"), 4 * H, H) });
  constants.set(`b${layer}`, { shape: [4 * H], data: ih.map((value, i) => value + hh[i]!) });
  constants.set("sigmoids", { shape: [2], data: BigInt64Array.of(BigInt(3 * H), BigInt(H)) });
  constants.set("three", { shape: [3], data: BigInt64Array.of(BigInt(H), BigInt(H), BigInt(H)) });
  constants.set("state", { shape: [2], data: BigInt64Array.of(BigInt(B), BigInt(H)) });
  constants.set("full", { shape: [3], data: BigInt64Array.of(1n, BigInt(B), BigInt(H)) });
  const add = (op: string, inputs: string[], outputs: string[], attributes: Node["attributes"] = {}) =>
    nodes.push({ op, inputs, outputs, attributes });
  add("MatMul", [inputOf(layer), `w${layer}`], [`product${layer}`]);
  add("Add", [`product${layer}`, `b${layer}`], [`projected${layer}`]);
  let [h, c] = [`hs${layer}`, `cs${layer}`];
  add("Reshape", [`h${layer}`, "state"], [h]);
  add("Reshape", [`c${layer}`, "state"], [c]);
  const all: string[] = [];
  for (let t = 0; t < T; t++) {
    const at = (name: string) => `${name}_${layer}_${t}`;
    constants.set(`t${t}`, { shape: [], data: BigInt64Array.of(BigInt(t)) });
    add("Gather", [`projected${layer}`, `t${t}`], [at("x")], { axis: 0 });
    add("MatMul", [h, `r${layer}`], [at("hr")]);
    add("Add", [at("x"), at("hr")], [at("gates")]);
    add("Split", [at("gates"), "sigmoids"], [at("ifo"), at("g")], { axis: 1 });
    add("Sigmoid", [at("ifo")], [at("s")]);
    add("Split", [at("s"), "three"], [at("i"), at("f"), at("o")], { axis: 1 });
    add("Tanh", [at("g")], [at("tg")]);
    add("Mul", [at("i"), at("tg")], [at("new")]);
    add("Mul", [at("f"), c], [at("kept")]);
    add("Add", [at("kept"), at("new")], [at("c")]);
    add("Tanh", [at("c")], [at("tc")]);
    add("Mul", [at("o"), at("tc")], [at("h")]);
    [h, c] = [at("h"), at("c")];
    if (!last) {
      add("Reshape", [h, "full"], [at("row")]);
      all.push(at("row"));
    }
  }
  if (last) {
    add("Reshape", [h, "full"], ["hn"]);
    add("Reshape", [c, "full"], ["cn"]);
  } else {
    add("Concat", all, [`y${layer}`], { axis: 0 });
  }
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  return data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
}
