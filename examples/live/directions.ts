// Both directions: the output's second half has read the sequence from its end
import { Device, manualSeed, nn, randn } from "webgpu-lstm";

manualSeed(0);
const rnn = new nn.RNN(1, 2, { bidirectional: true });
const x = randn([16, 1, 1]);

const device = await Device.request();
const step = await device.compile(({ x }) => ({ output: rnn.forward(x).output }), { inputs: { x } });
const { shape, data } = await step.ask({ x }, "output");
console.log(`output [${shape.join(", ")}]`);
const show = (from: number) => Array.from(data.slice(from, from + 2), (v) => v.toFixed(4)).join(" ");
console.log(`forwards, after the last step: ${show(15 * 4)}`);
console.log(`backwards, after the first step: ${show(2)}`);
device.dispose();
