// Weights in a file: safetensors, with PyTorch's names
import { loadSafetensors, manualSeed, nn, saveSafetensors } from "webgpu-lstm";

manualSeed(0);
const lstm = new nn.LSTM(2, 3);
const file = saveSafetensors(await lstm.stateDict());

const other = new nn.LSTM(2, 3);
const { tensors } = loadSafetensors(file);
other.loadStateDict(tensors);
for (const [key, { shape, data }] of await other.stateDict())
  console.log(`${key} [${shape.join(", ")}] ends with ${data.at(-1)!.toFixed(6)}`);
