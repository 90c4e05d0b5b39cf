/** The entry webgpu-lstm/formats in a page: a file of PyTorch opens, runs on the GPU and is saved. */
import { expect, test } from "vitest";
import { type NDArray, nn } from "webgpu-lstm";
import { inspect, loadTorch, saveTorch } from "webgpu-lstm/formats";
import lstmFile from "../goldens/torch_file_lstm.pt?url";
import { withDevice } from "./gpu.ts";

test("a state dict of PyTorch opens, runs, and is saved with the same values", () =>
  withDevice(async (device) => {
    const bytes = await (await fetch(lstmFile)).arrayBuffer();
    expect(inspect(bytes).tensors).toHaveLength(16);
    const state = loadTorch<Record<string, NDArray>>(bytes);
    const model = new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true });
    model.loadStateDict(state);
    const x = { data: new Float32Array(30), shape: [5, 2, 3] };
    const step = await device.compile(({ x }) => ({ output: model.forward(x).output }), { inputs: { x } });
    const output = await step.run({ x }).output.read();
    expect(output.shape).toEqual([5, 2, 8]);
    expect(output.data.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
    expect(loadTorch(saveTorch(await model.stateDict()))).toEqual(state);
    step.dispose();
    model.dispose();
  }));
