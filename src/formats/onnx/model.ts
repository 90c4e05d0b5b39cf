import { isObject, listed, quote, show } from "../../checks.ts";
import { GraphError, OptionError, ShapeError } from "../../errors.ts";
import { Buffer, Parameter } from "../../graph/parameter.ts";
import { Tensor } from "../../graph/tensor.ts";
import { Module } from "../../nn/module.ts";
import { type Shape, showShape } from "../../shape.ts";
import { constantOf, type OnnxConstant } from "./constants.ts";
import { dtypeOf, isFloat } from "./dtype.ts";
import { arrayFor, type HostTensor } from "./host.ts";
import { Interpreter, missingError, missingIn, neededNodes } from "./interpret.ts";
import { constantsOf } from "./learned.ts";
import type { OnnxFile, OnnxGraph, Port } from "./read.ts";
import type { StoredTensor } from "./stored-tensor.ts";
import { isHost, literal, type Value } from "./value.ts";

/**
 * A model of an ONNX file. Its parameters are the file's initializers of floating-point numbers that have at least one axis, under their
 * names, or buffers where they are the running statistics of batch normalization; other initializers, constants, and numbers that PyTorch's
 * exporter has computed (`val_7`: a zero initial state, the 1/√2 of a GELU) stay as they are. It can be trained, saved and placed like any
 * module.
 */
export class OnnxModel extends Module {
  /** Names of the inputs that {@link forward} takes. */
  readonly inputNames: readonly string[];
  /** Names of the outputs that {@link forward} gives. */
  readonly outputNames: readonly string[];
  readonly #file: OnnxFile;
  readonly #given = new Map<string, HostTensor>();
  readonly #parameters = new Map<StoredTensor, Parameter>();
  readonly #constants = new Map<StoredTensor, HostTensor>();

  /** @internal */
  constructor(file: OnnxFile, constants: Readonly<Record<string, OnnxConstant>>) {
    super();
    this.#file = file;
    const { graph } = file;
    const missing = missingIn(neededNodes(graph));
    if (missing.length > 0) throw missingError("loadOnnx", missing);
    for (const [name, value] of Object.entries(constants)) {
      const port = graph.inputs.find((input) => input.name === name);
      if (!port) {
        const names = graph.inputs.map((input) => quote(input.name, 60));
        throw new OptionError(
          `loadOnnx: constants: the model has no input ${quote(name, 60)}; it has ${listed(names)}`,
        );
      }
      this.#given.set(name, constantOf("loadOnnx", port, value));
    }
    this.inputNames = graph.inputs.map(({ name }) => name).filter((name) => !this.#given.has(name));
    this.outputNames = graph.outputs.map(({ name }) => name);
    this.#register(graph, new Set());
  }

  /** Makes a parameter of every initializer that can be one. */
  #register(graph: OnnxGraph, names: Set<string>): void {
    // Training does not change what batch normalization has of its own training.
    const normalizing = graph.nodes.filter(({ operator }) => operator === "BatchNormalization");
    const statistics = new Set(normalizing.flatMap(({ inputs }) => inputs.slice(3, 5)));
    const isConstant = constantsOf(graph);
    for (const stored of graph.initializers.values()) {
      const { name, dtype, shape } = stored;
      if (!isFloat(dtype) || shape.length === 0 || shape.includes(0)) continue;
      const data = stored.values((length) => new Float32Array(length));
      if (isConstant(stored, data)) continue;
      // Two branches of an `If` may use one name.
      let own = name;
      for (let i = 1; names.has(own); i++) own = `${name}.${i}`;
      names.add(own);
      if (dtype === "F64" && !data.every((value) => Number.isFinite(value))) this.#checkOverflow(stored);
      const parameter = statistics.has(name) ? new Buffer(shape, data) : new Parameter(shape, data);
      this.#parameters.set(stored, parameter);
      if (parameter instanceof Buffer) this.registerBuffer(own, parameter);
      else this.registerParameter(own, parameter);
    }
    for (const { attributes } of graph.nodes) {
      for (const { graph: inner } of attributes.values()) if (inner) this.#register(inner, names);
    }
  }

  #checkOverflow(stored: StoredTensor): void {
    const exact = stored.values((length) => new Float64Array(length));
    const bad = exact.find((value) => Number.isFinite(value) && !Number.isFinite(Math.fround(value)));
    if (bad === undefined) return;
    throw this.#file.refuse(`float32 does not hold the ${bad} of the initializer ${quote(stored.name, 80)}`);
  }

  /**
   * Computes the outputs.
   * @param inputs A tensor of the trace for every name of {@link inputNames}. Integers and truth values are numbers like any other.
   * @returns A tensor for every name of {@link outputNames}.
   * @throws `ShapeError` for an input that is missing, or whose sizes are not those of the file; {@link GraphError} that names the
   * node for what is not computed here.
   */
  forward(inputs: Readonly<Record<string, Tensor>>, ...more: never[]): Record<string, Tensor> {
    const where = "OnnxModel.forward";
    const { graph, opset } = this.#file;
    if (more.length > 0 || !isObject(inputs) || inputs instanceof Tensor) {
      throw new OptionError(
        `${where}: expected one object with a tensor for each of ${listed(this.inputNames.map(show))}, got ${show(inputs)}`,
      );
    }
    const unknown = Object.keys(inputs).find((name) => !this.inputNames.includes(name));
    if (unknown !== undefined) {
      throw new OptionError(
        `${where}: the model has no input ${quote(unknown, 60)}; it takes ${listed(this.inputNames.map(show)) || "none"}`,
      );
    }
    const values = new Map<string, Value>(this.#given);
    const sizes = new Map<string, number>();
    for (const port of graph.inputs) {
      if (this.#given.has(port.name)) continue;
      const tensor = (Object.hasOwn(inputs, port.name) ? inputs[port.name] : undefined) as Tensor | undefined;
      if (!(tensor instanceof Tensor)) {
        throw new ShapeError(
          `${where}: input ${quote(port.name, 60)} must be a tensor of the trace, got ${show(tensor)}`,
        );
      }
      checkSizes(port, tensor.shape, sizes);
      values.set(port.name, { dtype: dtypeOf(port.type)?.dtype ?? "F32", tensor });
    }
    const interpreter = new Interpreter(opset, (owner, name) => this.#initializer(owner, name));
    const outputs = interpreter.run(graph, values);
    const result: Record<string, Tensor> = Object.create(null) as Record<string, Tensor>;
    for (const [i, name] of this.outputNames.entries()) result[name] = asTensor(name, outputs[i]!);
    return result;
  }

  /** Whether an input holds integers in the file. @internal */
  takesIntegers(name: string): boolean {
    const port = this.#file.graph.inputs.find((input) => input.name === name);
    const dtype = port && dtypeOf(port.type)?.dtype;
    return dtype !== undefined && dtype !== "BOOL" && !isFloat(dtype);
  }

  #initializer(graph: OnnxGraph, name: string): Value {
    const stored = graph.initializers.get(name)!;
    const parameter = this.#parameters.get(stored);
    if (parameter) return { dtype: stored.dtype, tensor: parameter };
    let constant = this.#constants.get(stored);
    if (!constant) {
      const { dtype, shape } = stored;
      constant = { dtype, shape, data: stored.values((length) => arrayFor(dtype, length)) };
      this.#constants.set(stored, constant);
    }
    return constant;
  }
}

/** An output that is known is a constant of the trace. */
function asTensor(name: string, value: Value): Tensor {
  if (!isHost(value)) return value.tensor;
  if (value.data.length > 0) return literal(value.data, value.shape);
  throw new GraphError(
    `OnnxModel.forward: output ${quote(name, 60)} of ${showShape(value.shape)} has no elements`,
  );
}

/** Throws unless an input has the sizes that the file gives; a name stands for one size. */
function checkSizes({ name, shape: wanted }: Port, shape: Shape, sizes: Map<string, number>): void {
  if (wanted === null) return;
  const fits = wanted.every((size, dim) => {
    // Exporters write 0 and -1 for sizes that they do not know.
    if (size === "?" || (typeof size === "number" && size <= 0)) return true;
    if (typeof size === "number") return size === shape[dim];
    const known = sizes.get(size) ?? shape[dim]!;
    sizes.set(size, known);
    return known === shape[dim];
  });
  if (fits && shape.length === wanted.length) return;
  const named = `[${listed(wanted.map((size) => (typeof size === "string" && sizes.has(size) ? `${size} = ${sizes.get(size)}` : String(size))))}]`;
  throw new ShapeError(
    `OnnxModel.forward: input ${quote(name, 60)} must be ${named}, got ${showShape(shape)}`,
  );
}
