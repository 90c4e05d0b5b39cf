// Sequences of different lengths: packed, each ends where it ends
import { Device, manualSeed, nn, randn } from "webgpu-lstm";

const { packPaddedSequence } = nn.utils.rnn;

manualSeed(0);
const gru = new nn.GRU(1, 2, { batchFirst: true });
const x = randn([3, 6, 1]);
const lengths = { data: Int32Array.of(6, 2, 4), shape: [3] };

const device = await Device.request();
const step = await device.compile(
  ({ x, lengths }) => {
    const packed = packPaddedSequence(x, lengths, { batchFirst: true, enforceSorted: false });
    return { padded: gru.forward(x).state, packed: gru.forward(packed).state };
  },
  { inputs: { x, lengths } },
);
const results = step.run({ x, lengths });
for (const name of ["padded", "packed"] as const) {
  const { data } = await results[name].read(); // [1, 3, 2]
  console.log(`${name}: ${Array.from(data, (value) => value.toFixed(4)).join(" ")}`);
}
device.dispose();
