import type { Module } from "../nn/module.ts";
import { OnDemand } from "../ondemand.ts";
import type { SaveOnnxOptions } from "./onnx/export/options.ts";

const saving = /* @__PURE__ */ new OnDemand(() => import("./onnx/export/save.ts"));

/**
 * Writes a model as ONNX, in evaluation mode: its traced graph with LSTM, GRU and RNN operators, and its parameters as initializers.
 * Indices and lengths are int64 inputs, others float.
 * @throws OptionError for options that do not fit; GraphError for an op that ONNX has no operator for, and for sizes that depend on the
 * dynamic ones in no simple way.
 *
 * @see https://onnx.ai/onnx/operators/
 *
 * @example
 * const bytes = await saveOnnx(model, { inputs: { x: [1, 20, 8] }, dynamic: { x: { 0: "batch", 1: "time" } } });
 */
export async function saveOnnx(
  model: Module,
  options: SaveOnnxOptions,
  ...more: never[]
): Promise<Uint8Array> {
  await saving.load();
  return saving.module.saveOnnxFile(model, options, more);
}
