/** The part of `loadOnnx` that loads on demand: the reader, the operators and the model. */
import { viewOf } from "../refuse.ts";
import type { OnnxConstant } from "./constants.ts";
import { OnnxModel } from "./model.ts";
import { readOnnx } from "./read.ts";

export function openOnnx(
  bytes: Uint8Array | ArrayBuffer,
  constants: Readonly<Record<string, OnnxConstant>>,
): OnnxModel {
  return new OnnxModel(readOnnx("loadOnnx", viewOf("loadOnnx", bytes)), constants);
}
