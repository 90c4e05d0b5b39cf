/**
 * `npm run bench:silero`: milliseconds a chunk of Silero VAD in Chromium, of this library on WebGPU and of ONNX Runtime Web on WASM and WebGPU, each in a page
 * of its own, one after the other; and how far their probabilities lie from those of ONNX Runtime on WASM. Figures are in docs/formats.md.
 */
import { summarize } from "../tasks/statistics/statistics.ts";
import { BrowserPlace } from "./browser.ts";
import { markdown, spread } from "./markdown.ts";
import type { Heard } from "./page/silero.ts";

/** Chunks of 32 ms; the first ones compile and are not counted. */
const CHUNKS = 150;
const WARM = 10;

const RUNTIMES = ["onnxruntime-wasm", "webgpu-lstm", "onnxruntime-webgpu"];

const browser = await BrowserPlace.start();
const heard: Record<string, Heard> = {};
try {
  for (const runtime of RUNTIMES) {
    heard[runtime] = await browser.visit("silero.html", (page) =>
      page.evaluate(([name, chunks]) => globalThis.silero!(name, chunks), [runtime, CHUNKS] as const),
    );
  }
} finally {
  await browser.close();
}
const base = heard["onnxruntime-wasm"]!;
const rows = RUNTIMES.map((runtime) => {
  const found = heard[runtime]!;
  if ("failure" in found) return [runtime, found.failure, "–"];
  const off =
    "failure" in base ? [] : found.probabilities.map((p, i) => Math.abs(p - base.probabilities[i]!));
  const most = off.length > 0 ? Math.max(...off).toExponential(1) : "–";
  return [runtime, spread(summarize(found.ms.slice(WARM))), most];
});
console.log(markdown([["runtime", "ms a chunk, median and quartiles", "largest difference"], ...rows]));
