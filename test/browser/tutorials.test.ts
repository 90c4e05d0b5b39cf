/** The tutorials print what PyTorch prints: `tools/make_tutorials.py` ran the same programs there. */
import { expect, test } from "vitest";
import type { Device } from "webgpu-lstm";
import { main as random } from "../../examples/random-regression.ts";
import { type ModelName, train } from "../../examples/rnn-sine.ts";
import { main as forecast, wave } from "../../examples/sequence-forecast.ts";
import { main as sine } from "../../examples/sine-lstm.ts";
import tutorials from "../goldens/tutorials.json";
import { withDevice } from "./gpu.ts";

// Seconds on a GPU; much longer in software on a busy machine.
const TIMEOUT = 900_000;

/** Runs a tutorial and collects what it prints. */
function run<R>(main: (device: Device, print: (line: string) => void) => Promise<R>) {
  return withDevice(async (device) => {
    const lines: string[] = [];
    return { result: await main(device, (line) => lines.push(line)), lines };
  });
}

/** The losses' deviation from PyTorch's float64 run, beside that of PyTorch's own float32 run. */
function report(
  name: string,
  losses: readonly number[],
  golden: { float64: number[]; spread: { max: number } },
) {
  const off = Math.max(...losses.map((loss, i) => Math.abs(loss - golden.float64[i]!)));
  console.log(
    `${name}: up to ${off.toExponential(1)} from float64, PyTorch's float32 ${golden.spread.max.toExponential(1)}`,
  );
}

const rnn = (name: ModelName) => (device: Device, print: (line: string) => void) =>
  train(name, device, print);

test.each([
  ["sine", sine],
  ["random", random],
  ["rnn", rnn("rnn")],
  ["gru", rnn("gru")],
  ["bidirectional", rnn("bidirectional")],
] as const)(
  "%s: PyTorch's losses to the printed four decimals",
  async (name, main) => {
    const golden = tutorials[name];
    const { result: losses, lines } = await run(main);
    report(name, losses, { float64: golden.float64.losses, spread: golden.spread.losses });
    expect(losses.length).toBe(100);
    expect(lines).toEqual(
      golden.printed.losses.map((loss, i) => `Epoch [${(i + 1) * golden.printEvery}/100], Loss: ${loss}`),
    );
  },
  TIMEOUT,
);

test(
  "forecast: PyTorch's training and test losses to the printed four decimals",
  async () => {
    const golden = tutorials.forecast;
    const { result, lines } = await run(forecast);
    for (const kind of ["trainLosses", "testLosses"] as const) {
      report(`forecast ${kind}`, result[kind], {
        float64: golden.float64[kind],
        spread: golden.spread[kind],
      });
    }
    const { trainLosses, testLosses } = golden.printed;
    expect(lines.slice(0, -1)).toEqual(
      trainLosses.map((loss, i) => `Epoch [${i + 1}/20], Train loss: ${loss}, Test loss: ${testLosses[i]}`),
    );
    // Feeding on its own forecasts, the model stays near the wave.
    result.continuation.forEach((value, i) => {
      expect(Math.abs(value - wave(820 + i))).toBeLessThan(0.1);
    });
  },
  TIMEOUT,
);
