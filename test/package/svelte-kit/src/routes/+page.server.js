import { data, nn } from "webgpu-lstm";

/** Layers and data sets need no GPU until they are placed on one. */
export function load() {
  const weights = new nn.LSTM(1, 4).parameters().length;
  const windows = data.slidingWindows(new Float32Array(30), { length: 20 });
  return { said: `${weights} parameters, ${windows.length} windows` };
}
