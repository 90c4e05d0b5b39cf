// Replaying a step: a hundred updates are on their way before the first loss is read
import { Device, manualSeed, nn, optim, randn } from "webgpu-lstm";
import { plot } from "./plot.ts";

manualSeed(1);
const lstm = new nn.LSTM(4, 8);
const criterion = new nn.MSELoss();
const optimizer = new optim.Adam(lstm.parameters(), { lr: 0.02 });
const x = randn([5, 8, 4]);
const y = randn([5, 8, 8]);

const device = await Device.request();
const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(lstm.forward(x).output, y) }), {
  inputs: { x, y },
  optimizer,
});
const results = Array.from({ length: 100 }, () => step.run({ x, y })); // nothing waits here
const losses = await Promise.all(results.map(({ loss }) => loss.item()));
plot("loss", { loss: losses });
console.log(`first ${losses[0]!.toFixed(4)}, last ${losses[99]!.toFixed(4)}`);
device.dispose();
