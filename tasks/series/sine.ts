/** The sine wave of the first tutorial (`examples/sine-lstm.ts`), and its continuation. */

import type { Series } from "./series.ts";
import { USUAL, WHOLE } from "./settings.ts";

/** The number of points in the tutorial, sin(linspace(0, 100, 1000)): the training part. */
const TUTORIAL = 1000;
const STEP = 100 / (TUTORIAL - 1);

const VALIDATION = 100;
const TEST = 300;

export async function load(): Promise<Series> {
  return {
    id: "sine",
    title: "A sine wave",
    about:
      "The sine tutorial: an LSTM with 50 units reads 20 values and learns to say the next one, all 980 windows in one batch, 100 epochs " +
      "with Adam. The losses are those that PyTorch prints. How the wave goes on after the tutorial’s end is held out.",
    credit: "sin(linspace(0, 100, 1000)), and 400 points more",
    caution:
      "A linear regression continues a sine exactly, from two values. No network is below that; the tutorial shows how one learns.",
    quantity: "Sine",
    unit: "",
    digits: 3,
    step: "step",
    times: null,
    // The tutorial's values are float32, as PyTorch's are.
    values: Array.from({ length: TUTORIAL + VALIDATION + TEST }, (_, i) => Math.fround(Math.sin(i * STEP))),
    columns: [],
    calendar: [],
    period: null,
    trend: false,
    log: false,
    scaled: false,
    shuffle: false,
    weightDecay: 0,
    test: TEST,
    validation: VALIDATION,
    windows: [5, 10, 20, 30, 45, 60],
    horizons: [1, 2, 5, 10, 20],
    rollOuts: [20, 60, 120, 200],
    presets: [
      {
        name: "The tutorial",
        settings: {
          ...USUAL,
          window: 20,
          horizon: 1,
          hiddenSize: 50,
          learningRate: 0.01,
          batchSize: WHOLE,
          epochs: 100,
        },
      },
    ],
  };
}
