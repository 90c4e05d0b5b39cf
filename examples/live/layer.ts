// One layer: a sequence goes in, an output for each step comes out, and the last state
import { Device, manualSeed, nn, randn } from "webgpu-lstm";

manualSeed(0);
const lstm = new nn.LSTM(2, 3);
const x = randn([8, 1, 2]); // 8 time steps, a batch of 1, 2 features

const device = await Device.request();
const step = await device.compile(
  ({ x }) => {
    const { output, state } = lstm.forward(x);
    return { output, h: state.h, c: state.c };
  },
  { inputs: { x } },
);
for (const [name, result] of Object.entries(step.run({ x }))) {
  const { shape, data } = await result.read();
  const last = Array.from(data.slice(-3), (value) => value.toFixed(4));
  console.log(`${name} [${shape.join(", ")}] ends in ${last.join(" ")}`);
}
device.dispose();
