/** Finds recurrent layers among an ONNX file's initializers, by their shapes, with PyTorch's names and gate order. */
import type { StoredTensor } from "./file.ts";
import type { Layer } from "./layers.ts";
import { describeStack, layersOf } from "./layers.ts";
import { recurrentStackOf } from "./stack.ts";

/**
 * Where each gate of PyTorch lies in ONNX: i, f, g, o in iofc; r, z, n in zrh.
 * https://onnx.ai/onnx/operators/onnx__LSTM.html, https://onnx.ai/onnx/operators/onnx__GRU.html
 */
const ORDERS: Readonly<Record<number, readonly number[]>> = { 4: [0, 2, 3, 1], 3: [1, 0, 2], 1: [0] };

/** Initializers W [D, G·H, I], R [D, G·H, H] and B [D, 2·G·H] that follow one another, in any place of B. */
interface Trio {
  readonly w: StoredTensor;
  readonly r: StoredTensor;
  readonly b: StoredTensor;
  readonly gates: number;
}

function trioOf(three: readonly StoredTensor[]): Trio | undefined {
  const [w, r] = three.filter(({ shape }) => shape.length === 3);
  const b = three.find(({ shape }) => shape.length === 2);
  if (!w || !r || !b || three.length !== 3) return undefined;
  const [directions, rows, hidden] = r.shape as [number, number, number];
  const gates = rows / hidden;
  const fits =
    directions <= 2 &&
    w.shape[0] === directions &&
    w.shape[1] === rows &&
    String(b.shape) === `${directions},${2 * rows}`;
  return fits && ORDERS[gates] ? { w, r, b, gates } : undefined;
}

/** The layers of an ONNX file: its recurrent ones by shapes, the others as {@link layersOf} finds them. */
export function onnxLayersOf(tensors: readonly StoredTensor[]): Layer[] {
  const layers: Layer[] = [];
  let others: StoredTensor[] = [];
  const flush = () => {
    layers.push(...layersOf(others));
    others = [];
  };
  for (let i = 0; i < tensors.length; i++) {
    const trio = trioOf(tensors.slice(i, i + 3));
    if (!trio) {
      others.push(tensors[i]!);
      continue;
    }
    flush();
    layers.push(layerOf(trio, layers.filter(({ stack }) => stack).length + 1));
    i += 2;
  }
  flush();
  return layers;
}

function layerOf({ w, r, b, gates }: Trio, number: number): Layer {
  const own = new Map<string, StoredTensor>();
  const rows = r.shape[1]!;
  const part = (from: StoredTensor, key: string, at: number, shape: number[]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const data = inOrder(from.data.subarray(at, at + size), gates);
    own.set(key, {
      name: `${from.name} (${key})`,
      dtype: from.dtype,
      shape,
      data,
      bytes: (from.bytes / from.data.length) * size,
    });
  };
  for (let d = 0; d < r.shape[0]!; d++) {
    const suffix = `_l0${d === 0 ? "" : "_reverse"}`;
    part(w, `weight_ih${suffix}`, d * rows * w.shape[2]!, [rows, w.shape[2]!]);
    part(r, `weight_hh${suffix}`, d * rows * r.shape[2]!, [rows, r.shape[2]!]);
    part(b, `bias_ih${suffix}`, 2 * d * rows, [rows]);
    part(b, `bias_hh${suffix}`, (2 * d + 1) * rows, [rows]);
  }
  const stack = recurrentStackOf(own);
  const tensors = [w, r, b];
  if (typeof stack === "string")
    return { name: w.name, kind: "Other", sizes: stack, tensors, stack: undefined };
  return {
    name: `${stack.className} ${number}`,
    kind: stack.className,
    sizes: describeStack(stack),
    tensors,
    stack,
  };
}

/** The rows of all gates in PyTorch's order. */
function inOrder(data: Float32Array, gates: number): Float32Array {
  const size = data.length / gates;
  const result = new Float32Array(data.length);
  for (const [to, from] of ORDERS[gates]!.entries()) {
    result.set(data.subarray(from * size, (from + 1) * size), to * size);
  }
  return result;
}
