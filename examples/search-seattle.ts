/**
 * `npm run search`: tunes the forecast of `npm run train` in a terminal, with a live table of the best trials. At the end it says what the
 * held-out year gives for the best settings and for the defaults, and saves the best weights and plots. The study is a journal of Optuna:
 * the same command goes on with it. Ctrl-C ends the search, with what was found so far.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Device, saveSafetensors } from "webgpu-lstm";
import { createStudy, importances, type Study, samplers } from "webgpu-lstm/search";
import { JournalFile } from "webgpu-lstm/search/node";
import { halving } from "../tasks/search/halving.ts";
import { studyReport } from "../tasks/search/report.ts";
import { DEFAULT_PARAMS, defaultsTrial, SeattleSearch } from "../tasks/seattle/search.ts";
import { parseSearchOptions, SEARCH_USAGE, type SearchOptions } from "../tasks/seattle/search-options.ts";
import { bestTable, settingsLine, verdict } from "../tasks/seattle/search-table.ts";
import type { FittedForecaster } from "../tasks/seattle/train.ts";
import { seattleCsv } from "../tasks/series/seattle-csv.ts";
import { FEATURES, parseWeather } from "../tasks/series/weather.ts";
import { Board } from "../tasks/terminal/board.ts";
import { openDevice, runWithArguments } from "../tasks/terminal/program.ts";

/** Trials in the table. */
const SHOWN = 5;

async function main(args: readonly string[]): Promise<void> {
  const options = parseSearchOptions(args);
  if (!options) return console.log(SEARCH_USAGE);
  await mkdir(dirname(options.journal), { recursive: true });
  const study = await createStudy({
    name: `seattle-${options.horizon}-day-${options.epochs}-epochs`,
    sampler: new samplers.TPE({ seed: options.seed, multivariate: true, constantLiar: options.jobs > 1 }),
    pruner: halving(options.epochs),
    storage: new JournalFile(options.journal),
    loadIfExists: true,
  });
  if (study.trials.length > 0)
    console.log(`going on with ${study.trials.length} trials of ${options.journal}`);

  const device = await openDevice();
  try {
    console.log(device.describe());
    const search = new SeattleSearch(device, parseWeather(seattleCsv), options);
    const learnt = await run(study, search, options);
    await conclude(study, search, options, learnt, device);
  } finally {
    device.dispose();
  }
}

/** Runs the trials. @returns What the best trial and the one with the defaults have learnt, by their numbers */
async function run(study: Study, search: SeattleSearch, options: SearchOptions) {
  const board = new Board();
  const learnt = new Map<number, FittedForecaster>();
  const stop = new AbortController();
  // Only once: a second Ctrl-C ends the program at once.
  const onInterrupt = () => stop.abort();
  process.once("SIGINT", onInterrupt);
  let ended = 0;
  try {
    await search.enqueueDefaults(study);
    await study.optimize(
      search.objective({
        onProgress: (trial, { epoch, epochs, batch, batches, last }) => {
          const share = (ended + (epoch - 1 + batch / batches) / epochs) / options.trials;
          const loss = last ? `validation ${last.validationLoss.toFixed(4)}` : "";
          board.progress(Math.min(share, 1), `trial ${trial}  epoch ${epoch}/${epochs}  ${loss}`);
        },
        onFitted: (trial, fitted) => learnt.set(trial, fitted),
      }),
      {
        trials: options.trials,
        jobs: options.jobs,
        signal: stop.signal,
        callbacks: [
          () => {
            ended++;
            const { trials } = study;
            const defaults = defaultsTrial(trials);
            board.show(bestTable(trials, defaults, SHOWN));
            const best = trials.some(({ state }) => state === "COMPLETE") ? study.bestTrial.number : -1;
            for (const number of learnt.keys())
              if (number !== best && number !== defaults) learnt.delete(number);
          },
        ],
      },
    );
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.error("\nstopped; the study keeps what was found");
  } finally {
    process.off("SIGINT", onInterrupt);
    board.end();
  }
  return learnt;
}

/** Says what was found, and saves it. */
async function conclude(
  study: Study,
  search: SeattleSearch,
  options: SearchOptions,
  learnt: ReadonlyMap<number, FittedForecaster>,
  device: Device,
): Promise<void> {
  const { trials, direction } = study;
  const defaults = defaultsTrial(trials);
  if (defaults < 0) {
    console.error(
      "stopped before the trial with the defaults was complete; there is nothing to compare with",
    );
    process.exitCode = 130;
    return;
  }
  const { bestTrial } = study;
  const best = await search.heldOut(bestTrial, learnt.get(bestTrial.number));
  const shipped = await search.heldOut(trials[defaults]!, learnt.get(defaults));
  const summary = verdict(best, shipped);
  console.log(`\nbest:     ${settingsLine(bestTrial.params)}`);
  console.log(`defaults: ${settingsLine(DEFAULT_PARAMS)}\n`);
  console.log(summary);
  if (bestTrial.number === defaults) console.log("No other settings were better: the best are the defaults.");

  const name = join(options.out, `seattle-${options.horizon}-day-search`);
  const title = `Search for a forecast of Seattle's daily maximum temperature`;
  const complete = trials.filter(({ state }) => state === "COMPLETE").length;
  const heading = {
    title,
    summary: `${trials.length} trials, ${complete} of them complete; TPE, successive halving; ${device.describe()}`,
    value: "Least validation loss",
  };
  const config = { horizon: options.horizon, ...bestTrial.params, features: FEATURES };
  await mkdir(options.out, { recursive: true });
  await writeFile(`${name}.svg`, studyReport({ trials, direction, defaults }, importances(study), heading));
  await writeFile(
    `${name}.safetensors`,
    saveSafetensors(best.weights, {
      format: "pt",
      config: JSON.stringify(config),
      scaler: JSON.stringify(best.task.scaler),
    }),
  );
  for (const file of [`${name}.svg`, `${name}.safetensors`]) console.log(`saved ${file}`);
}

await runWithArguments(import.meta.url, main);
