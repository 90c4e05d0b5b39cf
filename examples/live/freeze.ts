// Frozen layers: only the last one learns
import { Device, manualSeed, nn, optim, randn } from "webgpu-lstm";

manualSeed(0);
const body = new nn.Linear(3, 8);
const head = new nn.Linear(8, 1);
body.requiresGrad_(false);
const criterion = new nn.MSELoss();
const optimizer = new optim.Adam([...body.parameters(), ...head.parameters()], { lr: 0.05 });
const x = randn([32, 3]);
const y = randn([32, 1]);
const first = async (layer: nn.Module) => [...(await layer.stateDict()).values()][0]!.data[0]!.toFixed(4);

console.log(`before: body ${await first(body)}, head ${await first(head)}`);
const device = await Device.request();
const step = await device.compile(
  ({ x, y }) => ({ loss: criterion.forward(head.forward(body.forward(x).tanh()), y) }),
  { inputs: { x, y }, optimizer },
);
for (let i = 0; i < 30; i++) step.run({ x, y });
console.log(`after: body ${await first(body)}, head ${await first(head)}`);
device.dispose();
