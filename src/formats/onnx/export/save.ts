/** The part of `saveOnnx` that loads on demand. */
import { checkOptions, isObject, quote, show } from "../../../checks.ts";
import { OptionError } from "../../../errors.ts";
import type { Parameter } from "../../../graph/parameter.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { Module } from "../../../nn/module.ts";
import { interpolate } from "../../../ops/layer/interpolate.ts";
import { isRecurrentOp } from "../../../ops/recurrent/layer.ts";
import { packGates } from "../../../ops/recurrent/pack-gates.ts";
import { checkShape } from "../../../shape.ts";
import { codeOf } from "../dtype.ts";
import { writeModel } from "../message.ts";
import { OnnxModel } from "../model.ts";
import type { DimensionProto, ValueInfoProto } from "../schema.ts";
import { Context, type Saved } from "./context.ts";
import { exportOf } from "./export-table.ts";
import type { SaveOnnxOptions } from "./options.ts";
import { sizeIn, type Traced, traceSizes } from "./traces.ts";
import { Writer } from "./writer.ts";

/** The version of ONNX's operators that is written, and of the format that came with it. */
const OPSET = 20;
const IR_VERSION = 9;

export async function saveOnnxFile(
  model: Module,
  options: SaveOnnxOptions,
  more: readonly never[],
): Promise<Uint8Array> {
  const where = "saveOnnx";
  if (!(model instanceof Module)) throw new OptionError(`${where}: expected a module, got ${show(model)}`);
  checkOptions(where, options, ["inputs", "dynamic", "forward"], more);
  const { inputs, dynamic = {}, forward } = options;
  checkInputs(inputs, dynamic);
  if (forward !== undefined && typeof forward !== "function") {
    throw new OptionError(`${where}: forward must be a function of the inputs, got ${show(forward)}`);
  }
  const parameters = new Map<Parameter, Saved>();
  for (const [name, parameter] of [...model.namedParameters(), ...model.namedBuffers()]) {
    parameters.set(parameter, { name, data: (await parameter.read()).data });
  }
  const traces = inEvaluation(model, () => traceSizes(inputs, dynamic, forward ?? ownForward(model)));
  const writer = new Writer();
  const context = new Context(writer, traces, parameters);
  const [first] = traces.traces;
  const isInteger = (name: string, tensor: Tensor) =>
    context.isIndex(tensor) || (model instanceof OnnxModel && model.takesIntegers(name));
  for (const [name, tensor] of first!.inputs) {
    const own = writer.name(name);
    // Where something else reads integers, it computes with floats.
    const isRead = context.isIndex(tensor) || !isInteger(name, tensor);
    context.names.set(tensor, isRead ? own : writer.node("Cast", [own], { to: codeOf("F32") }));
  }
  const results = [...first!.outputs.keys()].map((name) => writer.name(name));
  for (const [i, node] of first!.nodes.entries()) {
    // Weights are read where they were packed from.
    if (node.op === packGates) continue;
    const attributes = traces.traces.map((trace) => trace.nodes[i]!.attributes);
    const write = exportOf(context, node, attributes);
    // A recurrent layer's weights, states and lengths are named where they are written.
    const inputs = node.inputs.map((input, at) => {
      if (!input) return null;
      // What an operator does not read is not written.
      const isOwn = at > 0 && (isRecurrentOp(node.op) || node.op === interpolate);
      const isLater = context.isIndex(input) || isOwn;
      return isLater ? (context.names.get(input) ?? null) : context.nameOf(input);
    });
    const outputs = write(context, { node, attributes, inputs });
    for (const [index, output] of node.outputs.entries()) context.names.set(output, outputs[index]!);
  }
  for (const [i, tensor] of [...first!.outputs.values()].entries()) {
    writer.nodes.push({ opType: "Identity", input: [context.nameOf(tensor)], output: [results[i]!] });
  }
  /** An input or output with its sizes, the dynamic ones by name. */
  const port = (name: string, shapes: readonly (readonly number[])[], isInteger: boolean): ValueInfoProto => {
    const dim = shapes[0]!.map((_, at): DimensionProto => {
      const size = sizeIn(
        traces,
        shapes.map((shape) => shape[at]!),
      );
      if (size?.of.length === 0) return { dimValue: size.factor };
      return size?.of.length === 1 && size.factor === 1 && !("plus" in size) ? { dimParam: size.of[0]! } : {};
    });
    return { name, type: { tensorType: { elemType: codeOf(isInteger ? "I64" : "F32"), shape: { dim } } } };
  };
  const shapesOf = (kind: "inputs" | "outputs", name: string) =>
    context.shapes((trace) => trace[kind].get(name)!.shape);
  return writeModel({
    irVersion: IR_VERSION,
    producerName: "webgpu-lstm",
    opsetImport: [{ domain: "", version: OPSET }],
    graph: {
      name: model.constructor.name,
      node: writer.nodes,
      initializer: writer.initializers,
      input: [...first!.inputs].map(([name, tensor]) =>
        port(name, shapesOf("inputs", name), isInteger(name, tensor)),
      ),
      output: [...first!.outputs.keys()].map((name, i) =>
        port(results[i]!, shapesOf("outputs", name), false),
      ),
    },
  });
}

/** The model's own forward of the inputs in their order. */
function ownForward(model: Module): Traced {
  if (model instanceof OnnxModel) return (inputs) => model.forward(inputs);
  const { forward } = model as unknown as { forward?: unknown };
  if (typeof forward !== "function") {
    throw new OptionError(`saveOnnx: ${show(model)} has no forward; give one in { forward }`);
  }
  return (inputs) => forward.apply(model, Object.values<Tensor>(inputs)) as unknown;
}

/** Runs `fn` while every module is in evaluation mode, and puts the modes back. */
function inEvaluation<R>(model: Module, fn: () => R): R {
  const modes = model.modules().map((module) => [module, module.training] as const);
  for (const [module] of modes) module.training = false;
  try {
    return fn();
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}

function checkInputs(inputs: unknown, dynamic: unknown): void {
  const wanted = "saveOnnx: inputs must be an object with a shape for each input, as { x: [1, 20, 8] }";
  if (!isObject(inputs) || Object.keys(inputs).length === 0)
    throw new OptionError(`${wanted}, got ${show(inputs)}`);
  for (const [name, shape] of Object.entries(inputs)) checkShape(`saveOnnx: input ${quote(name, 60)}`, shape);
  if (!isObject(dynamic)) throw new OptionError(`saveOnnx: dynamic must be an object, got ${show(dynamic)}`);
  for (const [name, dims] of Object.entries(dynamic)) {
    const shape = inputs[name] as readonly number[] | undefined;
    const fits =
      shape !== undefined &&
      isObject(dims) &&
      Object.entries(dims).every(
        ([dim, size]) =>
          Object.hasOwn(shape, dim) && dim !== "length" && typeof size === "string" && size !== "",
      );
    if (!fits) {
      throw new OptionError(
        `saveOnnx: dynamic: ${quote(name, 60)} must be an input with names for some of its dimensions, as { x: { 0: "batch" } }, got ${show(dims)}`,
      );
    }
  }
}
