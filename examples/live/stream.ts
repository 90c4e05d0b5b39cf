// One value at a time: a stream keeps the state on the GPU between two answers
import { Device, manualSeed, nn, Stream } from "webgpu-lstm";
import { plot } from "./plot.ts";

manualSeed(0);
const gru = new nn.GRU(1, 3);

const device = await Device.request();
const stream = await Stream.open(device, gru, { streams: 1, input: [1] });
const first: number[] = [];
for (let t = 0; t < 40; t++) {
  const { data } = await stream.step(Float32Array.of(Math.sin(t / 4)));
  first.push(data[0]!);
  if (t % 10 === 9) console.log(`${t + 1}: ${Array.from(data, (value) => value.toFixed(4)).join(" ")}`);
}
plot("the first unit", { unit: first });
device.dispose();
