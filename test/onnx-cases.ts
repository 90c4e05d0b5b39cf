/** The ONNX project's node tests, run through loadOnnx: with inputs as tensors of the trace, as constants, or some of each. */
import { type Device, GraphError, ShapeError, type Tensor } from "webgpu-lstm";
import { loadOnnx, type OnnxConstant } from "webgpu-lstm/formats";
import { Budget } from "../src/formats/budget.ts";
import { dtypeOf, isFloat } from "../src/formats/onnx/dtype.ts";
import { storedTensor } from "../src/formats/onnx/stored-tensor.ts";
import { refuser } from "../src/formats/refuse.ts";

/** A tensor of a test. */
interface PackedTensor {
  readonly name: string;
  readonly type: number;
  readonly shape: number[];
  readonly data: string;
}

export interface OnnxCase {
  readonly name: string;
  readonly operator: string;
  readonly rtol: number;
  readonly model: string;
  /** `null` for what is no tensor of numbers. */
  readonly inputs: readonly (PackedTensor | null)[];
  readonly outputs: readonly (PackedTensor | null)[];
}

/** How a test went: the message that refused it, or what was wrong. */
export interface Outcome {
  readonly state: "passed" | "refused" | "failed";
  readonly message: string;
}

interface Values {
  readonly name: string;
  readonly isFloat: boolean;
  readonly half: boolean;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

const refuse = refuser("test", "not a tensor of a test");

function valuesOf(packed: PackedTensor): Values {
  const rawData = fromBase64(packed.data);
  const proto = { name: packed.name, dims: packed.shape, dataType: packed.type, rawData };
  const stored = storedTensor(proto, "test", new Budget(2 ** 28, refuse), refuse);
  return {
    name: packed.name,
    isFloat: isFloat(stored.dtype),
    half: stored.dtype === "F16" || stored.dtype === "BF16",
    shape: packed.shape,
    data: stored.values((length) => new Float64Array(length)),
  };
}

/** Runs a test once, with the inputs of `constants` known before the model runs. */
async function attempt(
  device: Device,
  one: OnnxCase,
  inputs: readonly Values[],
  isConstant: (input: Values) => boolean,
): Promise<Outcome> {
  const constants: Record<string, OnnxConstant> = Object.fromEntries(
    inputs.filter(isConstant).map(({ name, data, shape }) => [name, { data, shape }]),
  );
  const given = Object.fromEntries(
    inputs
      .filter((input) => !isConstant(input))
      .map(({ name, data, shape }) => [name, { data: Float32Array.from(data), shape }]),
  );
  try {
    const model = await loadOnnx(fromBase64(one.model), { constants });
    // A step has at least one input.
    const data = { ...given, unused: Float32Array.of(0) };
    const step = await device.compile(
      ({ unused, ...tensors }: Record<string, Tensor>) => model.forward(tensors),
      { inputs: data },
    );
    try {
      const results = step.run(data);
      const wrong: string[] = [];
      for (const packed of one.outputs) {
        if (!packed) continue;
        const { data, shape } = await results[packed.name]!.read();
        wrong.push(...difference(packed, data, shape, one.rtol));
      }
      return { state: wrong.length > 0 ? "failed" : "passed", message: wrong.join("; ") };
    } finally {
      step.dispose();
      model.dispose();
    }
  } catch (error) {
    if (
      error instanceof GraphError ||
      error instanceof ShapeError ||
      /^loadOnnx: |^step.run: input /.test((error as Error).message)
    ) {
      return { state: "refused", message: (error as Error).message };
    }
    return { state: "failed", message: String((error as Error).stack) };
  }
}

function difference(
  packed: PackedTensor,
  data: Float32Array,
  shape: readonly number[],
  rtol: number,
): string[] {
  const wanted = valuesOf(packed);
  if (shape.join() !== wanted.shape.join()) {
    return [`${packed.name} has shape [${shape}], wanted [${wanted.shape}]`];
  }
  // The tests' own bounds; a result of 16 bits is rounded to them there, and is float32 here.
  const [relative, absolute] = wanted.half ? [1e-2, 1e-3] : wanted.isFloat ? [rtol, 1e-6] : [0, 0];
  const bad = wanted.data.findIndex((value, i) => {
    const got = data[i]!;
    return !(
      Object.is(got, value) ||
      got === value ||
      Math.abs(got - value) <= relative * Math.abs(value) + absolute
    );
  });
  if (bad < 0) return [];
  return [`${packed.name}[${bad}] is ${data[bad]}, wanted ${wanted.data[bad]}`];
}

/** Runs a test in every way that its inputs allow. It has passed if one way gives the right numbers, and none gives wrong ones. */
export async function runCase(device: Device, one: OnnxCase): Promise<Outcome> {
  const packed = one.inputs.filter((input) => input !== null);
  if (packed.length < one.inputs.length || one.outputs.includes(null)) {
    return {
      state: "refused",
      message: "an input or a result is a text, a sequence, or of a type that is not read",
    };
  }
  if (packed.some(({ type }) => !dtypeOf(type))) return { state: "refused", message: "its type is not read" };
  const inputs = packed.map(valuesOf);
  // Data on the host must be finite, and tensors have elements.
  const mustBeConstant = ({ data }: Values) => data.length === 0 || !data.every(Number.isFinite);
  const ways = [
    (input: Values) => mustBeConstant(input) || !input.isFloat,
    (input: Values) => mustBeConstant(input),
    (input: Values) => mustBeConstant(input) || input !== inputs[0],
    () => true,
  ];
  const distinct = new Map(ways.map((way) => [inputs.map(way).join(), way]));
  const outcomes: Outcome[] = [];
  for (const way of distinct.values()) outcomes.push(await attempt(device, one, inputs, way));
  const found = (state: Outcome["state"]) => outcomes.find((outcome) => outcome.state === state);
  return found("failed") ?? found("passed") ?? outcomes[0]!;
}
