// Exploding gradients: their norm before clipping, and a step that stays small
import { Device, manualSeed, nn, optim, randn } from "webgpu-lstm";
import { plot } from "./plot.ts";

manualSeed(0);
const rnn = new nn.RNN(1, 8, { nonlinearity: "relu" });
for (const weights of rnn.parameters()) nn.init.uniform_(weights, { a: 0, b: 0.4 }); // grows at every step
const optimizer = new optim.SGD(rnn.parameters(), { lr: 0.01 });
const x = randn([20, 4, 1]);

const device = await Device.request();
const step = await device.compile(
  ({ x }) => {
    const loss = rnn.forward(x).output.square().mean();
    return { loss, norm: nn.utils.clipGradNorm_(rnn.parameters(), 1) };
  },
  { inputs: { x }, optimizer, minimize: "loss" },
);
const norms: number[] = [];
for (let i = 0; i < 60; i++) {
  const { loss, norm } = step.run({ x });
  norms.push(await norm.item());
  const log10 = (value: number) => Math.log10(value).toFixed(2);
  if (i % 20 === 0) console.log(`loss 10^${log10(await loss.item())}, norm 10^${log10(norms.at(-1)!)}`);
}
plot("log10 of the norm", { norm: norms.map(Math.log10) });
device.dispose();
