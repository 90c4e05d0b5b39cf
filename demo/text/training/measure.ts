/**
 * Measures what expected.ts says: `node tools/run.mjs demo/text/training/measure.ts [software | hardware]`. It trains as the view does, but
 * writes nothing meanwhile.
 */
import { openDevice } from "../../../tasks/terminal/program.ts";
import { DEFAULTS, ON_HARDWARE, STEPS_PER_REPORT } from "../settings.ts";
import { baselinesOf } from "./baselines.ts";
import { learningOf, SEED, taskOf } from "./learning.ts";

const { source, settings } = process.argv[2] === "hardware" ? ON_HARDWARE : DEFAULTS;
const task = await taskOf(source);
const device = await openDevice();
console.log(device.describe(), settings);
const { model, trainer, oneCycle, loaders } = learningOf(device, task, settings, SEED);
const start = performance.now();
for await (const { epoch, loss, validationLoss } of trainer.fit(loaders.train, {
  epochs: settings.steps / STEPS_PER_REPORT,
  batchesPerEpoch: STEPS_PER_REPORT,
  validation: loaders.validation,
  schedule: oneCycle,
})) {
  const seconds = Math.round((performance.now() - start) / 1000);
  const [train, heldOut] = [loss, validationLoss!].map((nats) => (nats / Math.LN2).toFixed(3));
  console.log(`step ${epoch * STEPS_PER_REPORT}, ${seconds} s: training ${train} bits, held out ${heldOut}`);
}
console.log(baselinesOf(task));
await trainer.dispose();
model.dispose();
device.dispose();
