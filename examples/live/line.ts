// Training without a trainer: a line through four points
import { Device, manualSeed, nn, optim } from "webgpu-lstm";
import { plot } from "./plot.ts";

manualSeed(0);
const line = new nn.Linear(1, 1);
const criterion = new nn.MSELoss();
const optimizer = new optim.SGD(line.parameters(), { lr: 0.1 });
const x = { data: Float32Array.of(0, 1, 2, 3), shape: [4, 1] };
const y = { data: Float32Array.of(1, 3, 5, 7), shape: [4, 1] }; // 2x + 1

const device = await Device.request();
const step = await device.compile(
  ({ x, y }) => ({ loss: criterion.forward(line.forward(x), y) }),
  { inputs: { x, y }, optimizer }, // the loss is minimized
);
const losses: number[] = [];
for (let i = 1; i <= 50; i++) {
  losses.push(await step.run({ x, y }).loss.item());
  if (i % 10 === 0) console.log(`step ${i}: loss ${losses.at(-1)!.toFixed(4)}`);
}
plot("loss", { loss: losses });
const [weight, bias] = [...(await line.stateDict()).values()];
console.log(`${weight!.data[0]!.toFixed(2)} x + ${bias!.data[0]!.toFixed(2)}`);
device.dispose();
