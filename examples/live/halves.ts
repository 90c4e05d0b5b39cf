// A carried state: two halves of a sequence give what the whole gives
import { Device, manualSeed, nn, randn } from "webgpu-lstm";

manualSeed(0);
const lstm = new nn.LSTM(1, 2);
const x = randn([20, 1, 1]);
const half = { data: x.data.slice(0, 10), shape: [10, 1, 1] };
const rest = { data: x.data.slice(10), shape: [10, 1, 1] };
const zero = { data: new Float32Array(2), shape: [1, 1, 2] };

const device = await Device.request();
const step = await device.compile(
  ({ x, h, c }) => {
    const { output, state } = lstm.forward(x, { h: h!, c: c! });
    return { last: output.select(0, -1), h: state.h, c: state.c };
  },
  { inputs: { x, h: zero, c: zero } },
);
const show = (name: string, data: ArrayLike<number>) =>
  console.log(`${name}: ${Array.from(data, (value) => value.toFixed(4)).join(" ")}`);

const whole = await step.ask({ x, h: zero, c: zero }, "last");
show("the whole", whole.data);
const { h, c } = step.run({ x: half, h: zero, c: zero }); // the state stays on the GPU
show("two halves", (await step.run({ x: rest, h, c }).last.read()).data);
device.dispose();
