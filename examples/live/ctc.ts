// Labels without times: CTC finds where they were said
import { Device, manualSeed, nn, randn } from "webgpu-lstm";

manualSeed(0);
const criterion = new nn.CTCLoss({ reduction: "none" });
const scores = randn([12, 2, 5]); // 12 steps, 2 sequences, a blank and 4 labels
const targets = { data: Int32Array.of(1, 2, 3, 4, 4, 0), shape: [2, 3] };
const steps = { data: Int32Array.of(12, 10), shape: [2] };
const labels = { data: Int32Array.of(3, 2), shape: [2] };

const device = await Device.request();
const step = await device.compile(
  ({ scores, targets, steps, labels }) => ({
    loss: criterion.forward(scores.logSoftmax(2), targets, steps, labels),
  }),
  { inputs: { scores, targets, steps, labels } },
);
const { data } = await step.ask({ scores, targets, steps, labels }, "loss");
console.log(`losses ${Array.from(data, (value) => value.toFixed(4)).join(" ")}`);
device.dispose();
