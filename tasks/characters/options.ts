/** The command line of `char-gru.ts`. */
import { parseArgs } from "node:util";
import { UsageError } from "../seattle/options.ts";
import { type CharacterSettings, DEFAULTS } from "./train.ts";

export { UsageError };

/** What a run is asked for. */
export interface CharacterOptions extends CharacterSettings {
  /** How many chapters, from the first on. */
  readonly chapters: number;
}

const CHAPTERS = 40;

export const USAGE = `node tools/run.mjs examples/char-gru.ts [options]

Trains a GRU to say Moby-Dick's next character, and lets it write.

  --chapters CHAPTERS  how many chapters, from the first on (${CHAPTERS})
  --steps STEPS        training steps (${DEFAULTS.steps})
  --hidden UNITS       hidden size of the GRU (${DEFAULTS.hidden})
  --layers LAYERS      layers of the GRU (${DEFAULTS.layers})
  --embedding SIZE     size of a character's vector (${DEFAULTS.embedding})
  --batch TRACKS       tracks of the text read side by side (${DEFAULTS.batchSize})
  --length CHARACTERS  how far gradients go back (${DEFAULTS.length})
  --lr RATE            learning rate of Adam (${DEFAULTS.learningRate})
  --clip NORM          largest norm of the gradients (${DEFAULTS.clip})
  --report STEPS       steps from one report to the next (${DEFAULTS.reportEvery})
  --prompt TEXT        what the written text goes on from (${JSON.stringify(DEFAULTS.prompt)})
  --temperature T      how daring it writes; 0 takes the likeliest character (${DEFAULTS.temperature})
  --write CHARACTERS   how much it writes at each report (${DEFAULTS.write})
  --seed SEED          seed of weights and writing (${DEFAULTS.seed})
  --help               print this`;

const NAMES = [
  ...["chapters", "steps", "hidden", "layers", "embedding", "batch", "length", "lr", "clip"],
  ...["report", "prompt", "temperature", "write", "seed"],
];

/**
 * Reads the arguments after the program's name; undefined when help was asked for. Throws a {@link UsageError}.
 * @param available number of chapters that there are
 */
export function parseCharacterOptions(
  args: readonly string[],
  available: number,
): CharacterOptions | undefined {
  let values: Record<string, unknown>;
  try {
    const text = NAMES.map((name) => [name, { type: "string" as const }]);
    ({ values } = parseArgs({
      args: [...args],
      options: { ...Object.fromEntries(text), help: { type: "boolean" } },
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
  const count = (name: string, fallback: number, most: number, least = 1) => {
    const inside = (n: number) => Number.isInteger(n) && n >= least && n <= most;
    return number(name, fallback, `a whole number from ${least} to ${most}`, inside);
  };
  const prompt = (values["prompt"] as string | undefined) ?? DEFAULTS.prompt;
  if (prompt === "") throw new UsageError("--prompt must not be empty");
  return {
    chapters: count("chapters", CHAPTERS, available),
    steps: count("steps", DEFAULTS.steps, 1_000_000),
    hidden: count("hidden", DEFAULTS.hidden, 1024),
    layers: count("layers", DEFAULTS.layers, 8),
    embedding: count("embedding", DEFAULTS.embedding, 1024),
    batchSize: count("batch", DEFAULTS.batchSize, 1024),
    length: count("length", DEFAULTS.length, 1024),
    learningRate: number("lr", DEFAULTS.learningRate, "above 0", (n) => n > 0),
    clip: number("clip", DEFAULTS.clip, "above 0", (n) => n > 0),
    reportEvery: count("report", DEFAULTS.reportEvery, 1_000_000),
    prompt,
    temperature: number("temperature", DEFAULTS.temperature, "at least 0", (n) => n >= 0),
    write: count("write", DEFAULTS.write, 10_000, 0),
    seed: number("seed", DEFAULTS.seed, "a whole number from 0", (n) => Number.isSafeInteger(n) && n >= 0),
  };
}
