// Inside a cell: the four gates of an LSTM by hand, and by the layer
import { Device, manualSeed, nn, randn, type Tensor } from "webgpu-lstm";

manualSeed(0);
const cell = new nn.LSTMCell(3, 2);
const x = randn([1, 3]);
const h = randn([1, 2]);
const c = randn([1, 2]);

const device = await Device.request();
const step = await device.compile(
  ({ x, h, c }) => {
    const [wx, wh, bx, bh] = cell.parameters();
    const product = (value: Tensor, weight: Tensor) => value.matmul(weight.transpose(0, 1));
    const all = product(x, wx!).add(bx!).add(product(h, wh!)).add(bh!);
    const [i, f, g, o] = all.chunk(4, 1);
    const next = f!.sigmoid().mul(c).add(i!.sigmoid().mul(g!.tanh()));
    return { hand: o!.sigmoid().mul(next.tanh()), layer: cell.forward(x, { h, c }).h };
  },
  { inputs: { x, h, c } },
);
for (const [name, result] of Object.entries(step.run({ x, h, c }))) {
  const { data } = await result.read();
  console.log(`by ${name}: ${Array.from(data, (value) => value.toFixed(4)).join(" ")}`);
}
device.dispose();
