/** The command line of `npm run train`. */
import { parseArgs } from "node:util";
import { DEFAULTS } from "../series/seattle-defaults.ts";
import type { TrainSettings } from "./train.ts";

/** What a training run is asked for. */
export interface TrainOptions extends TrainSettings {
  readonly horizon: number;
  readonly window: number;
  readonly out: string;
}

/** A mistake on the command line: its message is all that needs to be printed. */
export class UsageError extends Error {}

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

/** Reads the arguments after the program's name; undefined when help was asked for. Throws a {@link UsageError}. */
export function parseTrainOptions(args: readonly string[]): TrainOptions | undefined {
  const text = { type: "string" } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        horizon: text,
        window: text,
        hidden: text,
        layers: text,
        epochs: text,
        batch: text,
        lr: text,
        "weight-decay": text,
        seed: text,
        out: text,
        help: { type: "boolean" },
      },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
  if (values["help"]) return undefined;

  const number = (name: string, fallback: number, wanted: string, inside: (n: number) => boolean) => {
    const given = values[name];
    if (given === undefined) return fallback;
    const value = given === "" ? Number.NaN : Number(given);
    if (Number.isFinite(value) && inside(value)) return value;
    throw new UsageError(`--${name} must be ${wanted}, got "${given}"`);
  };
  const count = (name: string, fallback: number, most: number) => {
    const inside = (n: number) => Number.isInteger(n) && n >= 1 && n <= most;
    return number(name, fallback, `a whole number from 1 to ${most}`, inside);
  };
  const out = (values["out"] as string | undefined) ?? "out";
  if (out === "") throw new UsageError("--out must name a folder");
  return {
    horizon: number("horizon", 1, "1 or 7", (n) => n === 1 || n === 7),
    window: count("window", DEFAULTS.window, 365),
    hidden: count("hidden", DEFAULTS.hidden, 1024),
    layers: count("layers", DEFAULTS.layers, 8),
    epochs: count("epochs", DEFAULTS.epochs, 100_000),
    batchSize: count("batch", DEFAULTS.batchSize, 1024),
    learningRate: number("lr", DEFAULTS.learningRate, "above 0", (n) => n > 0),
    weightDecay: number("weight-decay", DEFAULTS.weightDecay, "at least 0", (n) => n >= 0),
    seed: number("seed", DEFAULTS.seed, "a whole number from 0", (n) => Number.isSafeInteger(n) && n >= 0),
    out,
  };
}
