/**
 * Model files of other programs: ONNX, PyTorch's `.pt`, TensorFlow.js and Keras layers, and what any file is.
 * @packageDocumentation
 */

export type { FileInfo, TensorInfo } from "./file-info.ts";
export { inspect } from "./inspect.ts";
export { inspectKeras } from "./inspect-keras.ts";
export { loadKeras } from "./load-keras.ts";
export { type LoadOnnxOptions, loadOnnx } from "./load-onnx.ts";
export { loadTfjs } from "./load-tfjs.ts";
export { type LoadTorchOptions, loadTorch, type TorchTensor, type TorchValue } from "./load-torch.ts";
export type { FileFormat } from "./magic.ts";
export type { OnnxConstant } from "./onnx/constants.ts";
export type { SaveOnnxOptions } from "./onnx/export/options.ts";
export type { OnnxModel } from "./onnx/model.ts";
export { saveOnnx } from "./save-onnx.ts";
export { saveTorch } from "./save-torch.ts";
export type { TfjsModel } from "./tfjs/model.ts";
export type { TfjsWeights } from "./tfjs/shards.ts";
export type { TorchArray } from "./torch-storage.ts";
