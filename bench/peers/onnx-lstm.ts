import type { Problem } from "../../tasks/workloads/workload.ts";
import { type Constant, type Model, type Node, onnxFile } from "./onnx-model.ts";

/** The problem's LSTM layers as an ONNX model: x [T, B, I], h0 and c0 [L, B, H] to hn and cn, the last layer's, [1, B, H]. */
export function lstmModel({ workload, weights }: Problem, T: number): Uint8Array {
  const { inputSize: I, hiddenSize: H, numLayers: L, batch: B } = workload;
  const nodes: Node[] = [];
  const constants = new Map<string, Constant>();
  for (let layer = 0; layer < L; layer++) {
    addLayer({ nodes, constants, weights, layer, H, I: layer === 0 ? I : H, last: layer === L - 1 });
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

function addLayer({ nodes, constants, weights, layer, H, I, last }: Layer): void {
  const iofc = [0, 3, 1, 2];
  const of = (name: string) => gates(weights.get(`recurrent.${name}_l${layer}`)!.data, iofc);
  const bias = Float32Array.from([...of("bias_ih"), ...of("bias_hh")]);
  constants.set(`w${layer}`, { shape: [1, 4 * H, I], data: of("weight_ih") });
  constants.set(`r${layer}`, { shape: [1, 4 * H, H], data: of("weight_hh") });
  constants.set(`b${layer}`, { shape: [1, 8 * H], data: bias });
  const ends = last ? ["hn", "cn"] : [];
  nodes.push({
    op: "LSTM",
    inputs: [
      layer === 0 ? "x" : `y${layer - 1}`,
      `w${layer}`,
      `r${layer}`,
      `b${layer}`,
      "",
      `h${layer}`,
      `c${layer}`,
    ],
    outputs: [last ? "" : `all${layer}`, ...ends],
    attributes: { hidden_size: H },
  });
  if (last) return;
  // [T, 1, B, H] to [T, B, H]
  constants.set(`axis${layer}`, { shape: [1], data: BigInt64Array.of(1n) });
  nodes.push({ op: "Squeeze", inputs: [`all${layer}`, `axis${layer}`], outputs: [`y${layer}`] });
}
