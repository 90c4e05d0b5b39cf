/**
 * What the view's own settings come to, so that the view can say it before training starts. The software adapter's are measured by
 * `node tools/run.mjs demo/text/training/measure.ts`; the GPU's by the same training in PyTorch.
 */
import { count, decimals } from "../../shell/format.ts";
import { DEFAULTS, ON_HARDWARE, type TextConfig } from "../settings.ts";

/** The text and the settings of a run. */
type Choices = Pick<TextConfig, "source" | "settings">;

/** What came of a run. */
interface Measured {
  readonly choices: Choices;
  /** Bits per held-out character after the last step. */
  readonly bits: number;
  /** The same of a 5-gram that has counted the same text. */
  readonly fiveGram: number;
  /** How long it takes, in words; undefined where the view cannot know. */
  readonly time?: string;
}

const SOFTWARE: Measured = {
  choices: DEFAULTS,
  bits: 2.47,
  fiveGram: 2.09,
  time: "about three minutes on a software adapter with two CPU cores",
};

const HARDWARE: Measured = { choices: ON_HARDWARE, bits: 1.99, fiveGram: 2.09 };

export const MEASURED: readonly Measured[] = [SOFTWARE, HARDWARE];

/** What these settings come to, in words; nothing for settings that were not measured. */
export function expectationOf({ source, settings }: Choices): string {
  const found = MEASURED.find(
    ({ choices }) => isSame(choices.source, source) && isSame(choices.settings, settings),
  );
  if (!found) return "";
  const { bits, fiveGram, time } = found;
  const said = (value: number) => decimals(value, 2);
  const takes = time ? `take ${time} and ` : "";
  const ends = `These settings ${takes}end near ${said(bits)} bits per held-out character`;
  if (bits < fiveGram) return `${ends}: below a 5-gram that counts the same text (${said(fiveGram)}).`;
  return `${ends}: above a 5-gram that counts the same text (${said(fiveGram)}). On a GPU, ${nameOf(HARDWARE)} gets below it.`;
}

/** "an LSTM of 256 units in 4,000 steps (1.99)" */
function nameOf({ choices: { settings }, bits }: Measured): string {
  const { cell, hiddenSize, steps } = settings;
  return `an ${cell} of ${hiddenSize} units in ${count(steps)} steps (${decimals(bits, 2)})`;
}

/** Whether two plain objects have the same values. */
function isSame<T extends object>(a: T, b: T): boolean {
  const keys = Object.keys({ ...a, ...b }) as (keyof T)[];
  return keys.every((key) => a[key] === b[key]);
}
