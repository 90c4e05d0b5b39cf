/** Model files of other programs: PyTorch's `.pt`, and what any file is. */

export { type FileInfo, inspect, type TensorInfo } from "./inspect.ts";
export { type LoadTorchOptions, loadTorch, type TorchTensor, type TorchValue } from "./load-torch.ts";
export type { FileFormat } from "./magic.ts";
export { saveTorch } from "./save-torch.ts";
export type { TorchArray } from "./torch-storage.ts";
