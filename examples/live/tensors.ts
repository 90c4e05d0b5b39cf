// Tensors: softmax, the best three, and what they are
import { Device } from "webgpu-lstm";

const logits = { data: Float32Array.of(0.5, 2, -1, 1, 0, 3), shape: [1, 6] };
const device = await Device.request();
const step = await device.compile(
  ({ logits }) => {
    const { values, indices } = logits.softmax(1).topk(3, 1);
    return { values, indices, sure: values.sum(1) };
  },
  { inputs: { logits } },
);
const { values, indices, sure } = step.run({ logits });
console.log(`classes ${(await indices.read()).data.join(" ")}`);
console.log(`with ${Array.from((await values.read()).data, (value) => value.toFixed(4)).join(" ")}`);
console.log(`together ${(await sure.item()).toFixed(4)}`);
device.dispose();
