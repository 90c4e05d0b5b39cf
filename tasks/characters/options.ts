/** The command line of `char-gru.ts`. */
import { Options } from "../terminal/options.ts";
import { type CharacterSettings, DEFAULTS } from "./train.ts";

/** The options of a run. */
export interface CharacterOptions extends CharacterSettings {
  /** The number of chapters, from the first one. */
  readonly chapters: number;
}

const CHAPTERS = 40;

export const USAGE = `node tools/run.mjs examples/char-gru.ts [options]

Trains a GRU to predict the next character of Moby-Dick, and lets it write.

  --chapters CHAPTERS  chapters to read, from the first one (${CHAPTERS})
  --steps STEPS        training steps (${DEFAULTS.steps})
  --hidden UNITS       hidden size of the GRU (${DEFAULTS.hidden})
  --layers LAYERS      layers of the GRU (${DEFAULTS.layers})
  --embedding SIZE     size of a character's vector (${DEFAULTS.embedding})
  --batch TRACKS       tracks of the text, read side by side (${DEFAULTS.batchSize})
  --length CHARACTERS  characters that gradients go back (${DEFAULTS.length})
  --lr RATE            learning rate of Adam (${DEFAULTS.learningRate})
  --clip NORM          largest norm of the gradients (${DEFAULTS.clip})
  --report STEPS       steps between two reports (${DEFAULTS.reportEvery})
  --prompt TEXT        the beginning of the written text (${JSON.stringify(DEFAULTS.prompt)})
  --temperature T      randomness of the writing; 0 takes the likeliest character (${DEFAULTS.temperature})
  --write CHARACTERS   characters to write at each report (${DEFAULTS.write})
  --seed SEED          seed of weights and writing (${DEFAULTS.seed})
  --help               print this`;

const NAMES = [
  ...["chapters", "steps", "hidden", "layers", "embedding", "batch", "length", "lr", "clip"],
  ...["report", "prompt", "temperature", "write", "seed"],
];

/**
 * Reads the arguments after the program's name; undefined if they ask for help. Throws a UsageError.
 * @param available The number of chapters.
 */
export function parseCharacterOptions(
  args: readonly string[],
  available: number,
): CharacterOptions | undefined {
  const options = new Options(args, NAMES, USAGE);
  if (options.help) return undefined;
  return {
    chapters: options.count("chapters", CHAPTERS, available),
    steps: options.count("steps", DEFAULTS.steps, 1_000_000),
    hidden: options.count("hidden", DEFAULTS.hidden, 1024),
    layers: options.count("layers", DEFAULTS.layers, 8),
    embedding: options.count("embedding", DEFAULTS.embedding, 1024),
    batchSize: options.count("batch", DEFAULTS.batchSize, 1024),
    length: options.count("length", DEFAULTS.length, 1024),
    learningRate: options.number("lr", DEFAULTS.learningRate, "above 0", (n) => n > 0),
    clip: options.number("clip", DEFAULTS.clip, "above 0", (n) => n > 0),
    reportEvery: options.count("report", DEFAULTS.reportEvery, 1_000_000),
    prompt: options.text("prompt", DEFAULTS.prompt, "--prompt must not be empty"),
    temperature: options.number("temperature", DEFAULTS.temperature, "at least 0", (n) => n >= 0),
    write: options.count("write", DEFAULTS.write, 10_000, 0),
    seed: options.seed(DEFAULTS.seed),
  };
}
