// Attention over a sequence: every step looks at every other one
import { Device, manualSeed, nn, randn } from "webgpu-lstm";

manualSeed(0);
const attention = new nn.MultiheadAttention(4, 2, { batchFirst: true });
const x = randn([1, 5, 4]);

const device = await Device.request();
const step = await device.compile(
  ({ x }) => {
    const { output, weights } = attention.forward(x, x, x);
    return { output, weights: weights! };
  },
  { inputs: { x } },
);
const { output, weights } = step.run({ x });
const first = (await output.read()).data.slice(0, 4);
console.log(`the first step becomes ${Array.from(first, (v) => v.toFixed(4)).join(" ")}`);
const looks = (await weights.read()).data.slice(0, 5);
console.log(`it looks at the five by ${Array.from(looks, (v) => v.toFixed(3)).join(" ")}`);
device.dispose();
