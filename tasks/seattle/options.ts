/** The command line of `npm run train`. */

import { DEFAULTS } from "../series/seattle-defaults.ts";
import { Options } from "../terminal/options.ts";
import type { TrainSettings } from "./train.ts";

/** The options of a training run. */
export interface TrainOptions extends TrainSettings {
  readonly horizon: number;
  readonly window: number;
  readonly out: string;
}

export const USAGE = `npm run train -- [options]

Trains an LSTM on Seattle's daily weather and forecasts the maximum temperature.

  --horizon 1|7        days to forecast (1)
  --window DAYS        days to look back on (${DEFAULTS.window})
  --hidden UNITS       hidden size of the LSTM (${DEFAULTS.hidden})
  --layers LAYERS      layers of the LSTM (${DEFAULTS.layers})
  --epochs EPOCHS      passes over the training years (${DEFAULTS.epochs})
  --batch WINDOWS      windows in a batch (${DEFAULTS.batchSize})
  --lr RATE            learning rate of Adam (${DEFAULTS.learningRate})
  --weight-decay RATE  L2 penalty of Adam (${DEFAULTS.weightDecay})
  --seed SEED          seed of weights and batches (${DEFAULTS.seed})
  --out DIR            where the plot and the weights go (out)
  --help               print this`;

const NAMES = [
  "horizon",
  "window",
  "hidden",
  "layers",
  "epochs",
  "batch",
  "lr",
  "weight-decay",
  "seed",
  "out",
];

/** Reads the arguments after the program's name; undefined if they ask for help. Throws a UsageError. */
export function parseTrainOptions(args: readonly string[]): TrainOptions | undefined {
  const options = new Options(args, NAMES, USAGE);
  if (options.help) return undefined;
  return {
    horizon: options.number("horizon", 1, "1 or 7", (n) => n === 1 || n === 7),
    window: options.count("window", DEFAULTS.window, 365),
    hidden: options.count("hidden", DEFAULTS.hidden, 1024),
    layers: options.count("layers", DEFAULTS.layers, 8),
    epochs: options.count("epochs", DEFAULTS.epochs, 100_000),
    batchSize: options.count("batch", DEFAULTS.batchSize, 1024),
    learningRate: options.number("lr", DEFAULTS.learningRate, "above 0", (n) => n > 0),
    weightDecay: options.number("weight-decay", DEFAULTS.weightDecay, "at least 0", (n) => n >= 0),
    seed: options.seed(DEFAULTS.seed),
    out: options.text("out", "out", "--out must name a folder"),
  };
}
