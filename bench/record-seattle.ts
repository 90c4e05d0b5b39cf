/**
 * Trains the Seattle forecaster with every setting of a grid, for a few epochs each, and records the validation losses in
 * bench/seattle-runs.csv: the benchmark problem `Seattle` of bench/search.ts. `node tools/run.mjs bench/record-seattle.ts` goes on where an
 * earlier run has ended; it takes a quarter of an hour on two cores. Only losses count, so the machine need not be idle.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { forecastTask } from "../tasks/seattle/task.ts";
import { fitForecaster } from "../tasks/seattle/train.ts";
import { seattleCsv } from "../tasks/series/seattle-csv.ts";
import { DEFAULTS } from "../tasks/series/seattle-defaults.ts";
import { parseWeather } from "../tasks/series/weather.ts";
import { openDevice } from "../tasks/terminal/program.ts";

const EPOCHS = 6;
const HORIZON = 1;
const GRID = {
  hidden: [4, 8, 16, 32],
  // Dropout is between layers.
  stack: [
    { layers: 1, dropout: 0 },
    { layers: 2, dropout: 0 },
    { layers: 2, dropout: 0.3 },
  ],
  learningRate: [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1],
  batchSize: [32, 128],
  window: [3, 7, 14],
};
const file = fileURLToPath(new URL("seattle-runs.csv", import.meta.url));
const HEADER = `hidden,layers,dropout,lr,batch,window,${Array.from({ length: EPOCHS }, (_, i) => `epoch ${i + 1}`)}\n`;

if (!existsSync(file)) writeFileSync(file, HEADER);
const recorded = readFileSync(file, "utf8");
if (!recorded.startsWith(HEADER)) throw new Error(`${file} has another header; remove it to record anew`);

const weather = parseWeather(seattleCsv);
const device = await openDevice();
console.log(device.describe());
const { weightDecay, seed } = DEFAULTS;
for (const window of GRID.window) {
  const task = forecastTask(weather, { horizon: HORIZON, window });
  for (const hidden of GRID.hidden) {
    for (const stack of GRID.stack) {
      for (const batchSize of GRID.batchSize) {
        for (const learningRate of GRID.learningRate) {
          const row = [hidden, stack.layers, stack.dropout, learningRate, batchSize, window].join();
          if (recorded.includes(`\n${row},`)) continue;
          const settings = { hidden, ...stack, learningRate, batchSize, epochs: EPOCHS, weightDecay, seed };
          const fitted = await fitForecaster(device, task, settings);
          const losses = fitted!.validationLoss.map((loss) => loss.toPrecision(6));
          appendFileSync(file, `${row},${losses}\n`);
        }
      }
    }
    console.log(`window ${window}, ${hidden} units`);
  }
}
device.dispose();
