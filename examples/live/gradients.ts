// Gradients by name: how a loss changes with its inputs
import { Device, grad } from "webgpu-lstm";

const x = { data: Float32Array.of(-1, 0, 2), shape: [3] };
const device = await Device.request();
const step = await device.compile(
  ({ x }) => {
    const y = x.tanh().square().sum();
    const [dx] = grad(y, [x]);
    return { y, dx: dx! };
  },
  { inputs: { x } },
);
const { y, dx } = step.run({ x });
console.log(`y ${(await y.item()).toFixed(4)}`);
console.log(`dy/dx ${Array.from((await dx.read()).data, (v) => v.toFixed(4)).join(" ")}`);
device.dispose();
