// A smaller output: an LSTM with many cells that shows few of them
import { Device, manualSeed, nn, randn } from "webgpu-lstm";

manualSeed(0);
const lstm = new nn.LSTM(2, 8, { projSize: 2 });
const x = randn([8, 1, 2]);

const device = await Device.request();
const step = await device.compile(
  ({ x }) => {
    const { output, state } = lstm.forward(x);
    return { output, c: state.c };
  },
  { inputs: { x } },
);
const { output, c } = step.run({ x });
const { shape, data } = await output.read();
console.log(`output [${shape.join(", ")}], cells [${c.shape.join(", ")}]`);
console.log(`the last step: ${Array.from(data.slice(-2), (value) => value.toFixed(4)).join(" ")}`);
device.dispose();
