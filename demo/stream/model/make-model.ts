/**
 * Makes `sensor.safetensors`, with which the Stream view opens: `node tools/run.mjs demo/stream/model/make-model.ts`. It learns the same recordings
 * as the page does, for longer and at a falling rate; the config has what is normal for it.
 */
import { writeFileSync } from "node:fs";
import { type Device, data, manualSeed, nn, optim, Stream, saveCheckpoint, Trainer } from "webgpu-lstm";
import { runInTerminal } from "../../../tasks/terminal/program.ts";
import { normalSensors } from "../signals/sensor.ts";
import { normalOf } from "../watching/detector.ts";
import { BATCH, lessonOf } from "./lesson.ts";
import { NextValue, Predictions } from "./model.ts";
import { heldOutResiduals } from "./residuals.ts";

const EPOCHS = 200;

await runInTerminal(import.meta.url, async (device: Device, print) => {
  const lesson = lessonOf(normalSensors());
  const { mean, std } = lesson.scale;
  manualSeed(0);
  const model = new NextValue();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.015 });
  const trainer = new Trainer(device, new Predictions(model), { loss: new nn.MSELoss(), optimizer });
  const windows = new data.TensorDataset(lesson.x, lesson.y);
  const loader = new data.DataLoader(windows, { batchSize: BATCH, shuffle: true, dropLast: true, seed: 0 });
  const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, EPOCHS);
  for await (const { epoch, loss } of trainer.fit(loader, { epochs: EPOCHS, schedule })) {
    if (epoch % 20 === 0) print(`epoch ${epoch} loss ${loss.toFixed(5)}`);
  }
  const stream = await Stream.open(device, model, { streams: lesson.heldOut.length, input: [1] });
  const residuals = await heldOutResiduals(lesson, async (values) => {
    const { data } = await stream.step(values.map((value) => (value - mean) / std));
    return data.map((value) => value * std + mean);
  });
  stream.dispose();
  const normal = normalOf(residuals, lesson.heldOut.length);
  const bytes = await saveCheckpoint({ model, config: { normal: { ...normal }, epochs: EPOCHS } });
  writeFileSync(new URL("./sensor.safetensors", import.meta.url), bytes);
  print(`${bytes.length} bytes, ${JSON.stringify(normal)}`);
  await trainer.dispose();
});
