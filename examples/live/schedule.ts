// A learning rate that falls: half of it every ten updates
import { Device, manualSeed, nn, optim, randn } from "webgpu-lstm";
import { plot } from "./plot.ts";

manualSeed(0);
const layer = new nn.Linear(4, 2);
const criterion = new nn.MSELoss();
const optimizer = new optim.SGD(layer.parameters(), { lr: 0.4 });
const schedule = new optim.lrScheduler.StepLR(optimizer, 10, { gamma: 0.5 });
const x = randn([16, 4]);
const y = randn([16, 2]);

const device = await Device.request();
const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(layer.forward(x), y) }), {
  inputs: { x, y },
  optimizer,
});
const rates: number[] = [];
for (let i = 1; i <= 40; i++) {
  const { loss } = step.run({ x, y });
  rates.push(optimizer.lr);
  if (i % 10 === 0) console.log(`update ${i}: rate ${optimizer.lr}, loss ${(await loss.item()).toFixed(4)}`);
  schedule.step();
}
plot("learning rate", { rate: rates });
device.dispose();
