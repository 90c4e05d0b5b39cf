import { type Device, nn, optim, type Tensor, Trainer } from "webgpu-lstm";
import { loadOnnx } from "webgpu-lstm/formats";
import { LSTM } from "webgpu-lstm/nn";
import { openDevice } from "webgpu-lstm/node";
import { createStudy } from "webgpu-lstm/search";
import { JournalFile } from "webgpu-lstm/search/node";
import { connect } from "webgpu-lstm/worker";

export const layer: nn.LSTM = new LSTM(1, 2);
export const opened: Promise<Device> = openDevice();
export const rest = [loadOnnx, createStudy, JournalFile, connect] as const;
export const last = (x: Tensor): Tensor => layer.forward(x).output.select(1, -1);
export async function weights(device: Device): Promise<Float32Array<ArrayBuffer>> {
  const optimizer = new optim.Adam(layer.parameters());
  const trainer = new Trainer(device, new nn.Linear(1, 2), { loss: new nn.MSELoss(), optimizer });
  // @ts-expect-error A loader is needed: the types are not `any`.
  await trainer.fit();
  const state = await layer.stateDict();
  return state.get("weight_ih_l0")!.data as Float32Array<ArrayBuffer>;
}
