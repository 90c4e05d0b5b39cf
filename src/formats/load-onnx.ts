import { checkOptions, isObject, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { OnDemand } from "../ondemand.ts";
import type { OnnxConstant } from "./onnx/constants.ts";
import type { OnnxModel } from "./onnx/model.ts";

/** Options of {@link loadOnnx}. */
export interface LoadOnnxOptions {
  /**
   * Values of inputs that decide about shapes or branches: `{ sr: 16000n }`. What depends only on them and on shapes is computed once, when
   * the model is traced. They are no inputs of `forward` then.
   */
  readonly constants?: Readonly<Record<string, OnnxConstant>>;
}

const opening = /* @__PURE__ */ new OnDemand(() => import("./onnx/open.ts"));

/**
 * Opens an ONNX model. Its `forward` interprets the file's graph while a function is traced; the initializers are parameters that can be
 * trained. docs/formats.md lists the operators.
 * @throws DataError for a file that is damaged, keeps data elsewhere, or wants more memory than four times its size and 16 MiB;
 * GraphError that lists every operator that is not computed here, with its node; OptionError for constants that do not fit.
 *
 * @see https://onnx.ai/onnx/operators/
 *
 * @example
 * const model = await loadOnnx(await (await fetch("tagger.onnx")).arrayBuffer());
 * const step = await device.compile(({ x }) => model.forward({ x }), { inputs: { x: [1, 20, 8] } });
 * const { logits } = step.run({ x });
 */
export async function loadOnnx(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadOnnxOptions = {},
  ...more: never[]
): Promise<OnnxModel> {
  checkOptions("loadOnnx", options, ["constants"], more);
  const { constants = {} } = options;
  if (!isObject(constants)) {
    throw new OptionError(`loadOnnx: constants must be an object of values by input, got ${show(constants)}`);
  }
  await opening.load();
  return opening.module.openOnnx(bytes, constants);
}
