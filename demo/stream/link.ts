/** The choices of the Stream view, and the way from and to a page's address, which leaves the usual ones out. */
import { type LinkSettings, type Settings, unusual } from "../shell/address.ts";
import type { SourceKind } from "./signals/source.ts";

/** What can be chosen as the signal. */
export type Choice = SourceKind | "speech";

const SIGNALS: readonly Choice[] = ["sensor", "microphone", "motion", "speech"];

/** Values a second, streams, and seconds of a recording, as the form offers them. */
export const RATES = [10, 30, 60];
export const STREAMS = [1, 16, 64, 256];
export const CALIBRATIONS = [5, 10, 20, 40];

/** The least and the largest threshold. */
const FACTORS = [3, 20] as const;

export interface Choices {
  readonly signal: Choice;
  readonly rate: number;
  readonly streams: number;
  readonly calibration: number;
  /** The threshold in sigmas; undefined for what fits the signal. */
  readonly factor: number | undefined;
}

const USUAL: Choices = { signal: "sensor", rate: 30, streams: 1, calibration: 20, factor: undefined };

/** `{ rate: 60, threshold: 8 }` */
export function linkOf(choices: Choices): Settings {
  return unusual(written(choices), written(USUAL));
}

function written({ signal, rate, streams, calibration, factor }: Choices): Settings {
  return { signal, rate, streams, record: calibration, threshold: factor };
}

/** The choices of a link; the usual one where it has none or a bad one. */
export function choicesOfLink(link: LinkSettings): Choices {
  return {
    signal: link.choice("signal", SIGNALS) ?? USUAL.signal,
    rate: link.choice("rate", RATES) ?? USUAL.rate,
    streams: link.choice("streams", STREAMS) ?? USUAL.streams,
    calibration: link.choice("record", CALIBRATIONS) ?? USUAL.calibration,
    factor: link.read("threshold", (text) => {
      const value = Number(text);
      return Number.isInteger(value) && value >= FACTORS[0] && value <= FACTORS[1] ? value : undefined;
    }),
  };
}
