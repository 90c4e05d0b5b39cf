// Three optimizers, one start: the same layer learns the same thing
import { Device, manualSeed, nn, optim, randn } from "webgpu-lstm";
import { plot } from "./plot.ts";

const optimizers = {
  SGD: (of: nn.Parameter[]) => new optim.SGD(of, { lr: 0.5, momentum: 0.9 }),
  RMSprop: (of: nn.Parameter[]) => new optim.RMSprop(of, { lr: 0.01 }),
  Adam: (of: nn.Parameter[]) => new optim.Adam(of, { lr: 0.02 }),
};

const device = await Device.request();
const lines: Record<string, number[]> = {};
for (const [name, make] of Object.entries(optimizers)) {
  manualSeed(3);
  const gru = new nn.GRU(2, 6);
  const criterion = new nn.MSELoss();
  const x = randn([6, 8, 2]);
  const y = randn([6, 8, 6]).data.map((value) => value / 2);
  const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(gru.forward(x).output, y) }), {
    inputs: { x, y: [6, 8, 6] },
    optimizer: make(gru.parameters()),
  });
  const results = Array.from({ length: 50 }, () => step.run({ x, y }));
  lines[name] = await Promise.all(results.map(({ loss }) => loss.item()));
  console.log(`${name}: from ${lines[name][0]!.toFixed(4)} to ${lines[name][49]!.toFixed(4)}`);
}
plot("loss", lines);
device.dispose();
