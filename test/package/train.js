/** Copied into every project: two steps of a tiny model. PyTorch 2 prints 1.16580 for the second loss. */
import { Device, manualSeed, nn, optim } from "webgpu-lstm";

/** Trains on the given device, or on the one that the browser gives; returns the second loss to five digits. */
export async function train(device) {
  // Messages name classes, whatever a bundler makes of their names.
  if (nn.Linear.name !== "Linear") throw new Error(`nn.Linear is named ${nn.Linear.name}`);
  device ??= await Device.request();
  manualSeed(0);
  const lstm = new nn.LSTM(1, 4, { batchFirst: true });
  const criterion = new nn.MSELoss();
  const optimizer = new optim.Adam(lstm.parameters());
  const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(lstm.forward(x).output, y) }), {
    inputs: { x: [2, 3, 1], y: [2, 3, 4] },
    optimizer,
  });
  const inputs = { x: Float32Array.from({ length: 6 }, (_, i) => i / 10), y: new Float32Array(24).fill(1) };
  step.run(inputs);
  const loss = await step.run(inputs).loss.item();
  lstm.dispose();
  device.dispose();
  return loss.toFixed(5);
}
