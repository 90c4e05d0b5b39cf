/** A series that the visitor draws. */
import type { Series } from "../../../tasks/series/series.ts";
import { USUAL } from "../../../tasks/series/settings.ts";
import { Packer, unpack } from "./packed.ts";

/** The number of points, and the range of their values. */
export const LENGTH = 240;
export const RANGE = [0, 100] as const;

/** Heights are multiples of a tenth, which is less than a pixel, so that a link has the same drawing. */
const STEPS = 10;

/** The version of a packed drawing, its first letter. */
const VERSION = "1";

/** The nearest height that a drawing can have. */
export function heightNear(value: number): number {
  return Math.round(value * STEPS) / STEPS;
}

/** What is there to draw over: a wave on a slower one. */
export function firstDrawing(): number[] {
  return Array.from({ length: LENGTH }, (_, t) =>
    heightNear(50 + 24 * Math.sin(t / 4) + 10 * Math.sin(t / 19)),
  );
}

/** A drawing as a text for an address. */
export function packDrawing(values: readonly number[]): string {
  const packer = new Packer();
  packer.differences(values.map((value) => Math.round(value * STEPS)));
  return `${VERSION}${packer.text}`;
}

/** The drawing of a text; undefined if it is none. */
export function unpackDrawing(text: string): number[] | undefined {
  if (!text.startsWith(VERSION)) return undefined;
  // Two bytes for each height at most.
  return unpack(text.slice(1), (8 / 3) * LENGTH, (from) => {
    const [least, most] = RANGE;
    return from.differences(LENGTH, least * STEPS, most * STEPS).map((value) => value / STEPS);
  });
}

export function drawnSeries(values: readonly number[]): Series {
  return {
    id: "drawn",
    title: "A drawn series",
    about: "What you have drawn, from its own values before. The last fifth is held out.",
    credit: "drawn on this page",
    caution: "",
    quantity: "Height",
    unit: "",
    digits: 2,
    step: "step",
    times: null,
    values: [...values],
    columns: [],
    calendar: [],
    period: null,
    trend: false,
    log: false,
    scaled: true,
    shuffle: true,
    weightDecay: 0,
    test: 48,
    validation: 32,
    windows: [5, 10, 15, 20, 30],
    horizons: [1, 2, 5, 10],
    rollOuts: [10, 20, 30, 40],
    presets: [
      {
        name: "For a drawing",
        settings: {
          ...USUAL,
          window: 15,
          horizon: 1,
          hiddenSize: 16,
          learningRate: 0.01,
          batchSize: 16,
          epochs: 60,
        },
      },
    ],
  };
}
