/** The command line of `npm run search`. */
import { DEFAULTS } from "../series/seattle-defaults.ts";
import { Options } from "../terminal/options.ts";

/** The options of a search. */
export interface SearchOptions {
  readonly trials: number;
  readonly epochs: number;
  readonly horizon: number;
  readonly jobs: number;
  readonly seed: number;
  readonly out: string;
  /** The journal's file. */
  readonly journal: string;
}

export const SEARCH_USAGE = `npm run search -- [options]

Tunes the forecast of npm run train: TPE chooses settings, beginning with the defaults; successive halving stops trials that fall behind.

  --trials TRIALS      trials of this run, the defaults among them (40)
  --epochs EPOCHS      epochs of a trial that is not stopped (${DEFAULTS.epochs})
  --horizon 1|7        days to forecast (1)
  --jobs JOBS          trials at a time on the one GPU (1)
  --seed SEED          seed of the search, of weights and of batches (${DEFAULTS.seed})
  --out DIR            where the plots and the best weights go (out)
  --journal FILE       the study, in Optuna's format; a study that is there goes on (DIR/seattle-search.log)
  --help               print this`;

const NAMES = ["trials", "epochs", "horizon", "jobs", "seed", "out", "journal"];

/** Reads the arguments after the program's name; undefined if they ask for help. Throws a UsageError. */
export function parseSearchOptions(args: readonly string[]): SearchOptions | undefined {
  const options = new Options(args, NAMES, SEARCH_USAGE);
  if (options.help) return undefined;
  const out = options.text("out", "out", "--out must name a folder");
  return {
    trials: options.count("trials", 40, 100_000),
    epochs: options.count("epochs", DEFAULTS.epochs, 100_000),
    horizon: options.number("horizon", 1, "1 or 7", (n) => n === 1 || n === 7),
    jobs: options.count("jobs", 1, 64),
    seed: options.number("seed", DEFAULTS.seed, "a whole number from 0 to 4294967295", (n) => n >>> 0 === n),
    out,
    journal: options.text("journal", `${out}/seattle-search.log`, "--journal must name a file"),
  };
}
