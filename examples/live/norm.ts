// Layer normalization: each step's outputs get mean 0 and variance 1
import { Device, manualSeed, nn, randn } from "webgpu-lstm";

manualSeed(0);
const model = new nn.Sequential(new nn.Linear(3, 4), new nn.LayerNorm(4), new nn.SiLU());
const x = randn([6, 3]);

const device = await Device.request();
const step = await device.compile(({ x }) => ({ y: model.forward(x) }), { inputs: { x } });
const { data } = await step.ask({ x }, "y");
for (let row = 0; row < 2; row++)
  console.log(Array.from(data.slice(row * 4, row * 4 + 4), (value) => value.toFixed(4)).join(" "));
device.dispose();
