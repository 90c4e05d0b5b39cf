/**
 * Makes the trained models that the Forecast view opens with: `node tools/run.mjs demo/forecast/shipped/make-models.ts [SERIES…]`. Each is trained as
 * the view trains the first preset of its series. The view computes their scores; none are stored.
 */
import { writeFileSync } from "node:fs";
import { loadSeries } from "../../../tasks/series/index.ts";
import { saveModel } from "../../../tasks/series/model-file.ts";
import { BUILT_IN } from "../../../tasks/series/series.ts";
import { ForecastTask } from "../../../tasks/series/task.ts";
import { trainingOf } from "../../../tasks/series/training.ts";
import { openDevice } from "../../../tasks/terminal/program.ts";

const asked = process.argv.slice(2);
const device = await openDevice();
for (const id of BUILT_IN.filter((id) => asked.length === 0 || asked.includes(id))) {
  const series = await loadSeries(id);
  const { settings } = series.presets[0];
  const task = new ForecastTask(series, settings);
  const { model, trainer, loaders, best } = trainingOf(device, task, settings);
  for await (const { epoch, loss, validationLoss } of trainer.fit(loaders.train, {
    epochs: settings.epochs,
    validation: loaders.validation,
    callbacks: [best],
  })) {
    if (epoch === 1 || epoch % 10 === 0) console.log(id, epoch, loss, validationLoss);
  }
  const bytes = await saveModel(model, task, settings);
  writeFileSync(new URL(`./models/${id}.safetensors`, import.meta.url), bytes);
  console.log(`${id}: the weights of epoch ${best.bestEpoch}, ${bytes.length} bytes`);
  trainer.dispose();
  model.dispose();
}
device.dispose();
