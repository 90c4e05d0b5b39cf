/**
 * `npm run bench:convolution`: milliseconds of convolutions in Chromium, of this library on WebGPU, of its plain kernels, and of TensorFlow.js on
 * WASM, each in a page of its own, taking turns.
 */
import type { Page } from "playwright";
import { summarize } from "../tasks/statistics/statistics.ts";
import { BrowserPlace } from "./browser.ts";
import { markdown, spread } from "./markdown.ts";
import type { Layer, Pass } from "./page/convolution.ts";

const RUNTIMES = ["webgpu-lstm", "conv1d_product", "tfjs-wasm"];
const ROUNDS = 7;

const layer = (
  batch: number,
  inChannels: number,
  length: number,
  outChannels: number,
  taps: number,
): Layer => ({
  batch,
  inChannels,
  length,
  outChannels,
  taps,
  stride: 1,
  padding: Math.floor(taps / 2),
});

/** A layer with full tiles, a first layer, a strided one, one place in each item, and three of Silero VAD. */
const layers: readonly Layer[] = [
  layer(32, 64, 256, 128, 5),
  layer(32, 1, 256, 16, 5),
  { ...layer(32, 32, 256, 64, 4), stride: 2, padding: 1 },
  layer(32, 64, 128, 64, 1),
  { ...layer(1, 1, 640, 258, 256), stride: 128, padding: 0 },
  layer(1, 129, 4, 128, 3),
  { ...layer(1, 128, 4, 64, 3), stride: 2 },
];

const browser = await BrowserPlace.start();

/** Opens a page for each runtime, all at once. */
function withPages<T>(use: (pages: readonly Page[]) => Promise<T>, opened: readonly Page[] = []): Promise<T> {
  if (opened.length === RUNTIMES.length) return use(opened);
  return browser.visit("convolution.html", (page) => withPages(use, [...opened, page]));
}

/** A row of the table. A runtime that cannot do it has a dash. */
async function compare(each: Layer, pass: Pass): Promise<string[]> {
  const times = await withPages(async (pages) => {
    const open = (page: Page, runtime: string) =>
      page.evaluate(([name, layer, pass]) => globalThis.convolution!.open(name, layer, pass), [
        runtime,
        each,
        pass,
      ] as const);
    const sums = [];
    for (const [i, page] of pages.entries()) sums.push(await open(page, RUNTIMES[i]!).catch(() => null));
    for (const sum of sums) {
      const size = each.batch * each.outChannels * each.length;
      if (sum !== null && Math.abs(sum - sums[0]!) > 1e-3 * Math.sqrt(size))
        throw new Error(`different sums: ${sums}`);
    }
    const ms: number[][] = pages.map(() => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, page] of pages.entries()) {
        if (sums[i] !== null) ms[i]!.push(await page.evaluate(() => globalThis.convolution!.ask()));
      }
    }
    return ms;
  });
  const { batch, inChannels, length, outChannels, taps, stride } = each;
  const name = `[${batch}, ${inChannels}, ${length}], ${outChannels} channels, ${taps} taps${stride > 1 ? `, stride ${stride}` : ""}`;
  return [name, pass, ...times.map((ms) => (ms.length > 0 ? spread(summarize(ms)) : "–"))];
}

try {
  const rows = [["layer", "pass", ...RUNTIMES.map((name) => `${name}, ms`)]];
  for (const each of layers) {
    for (const pass of ["forward", "gradients"] as const) rows.push(await compare(each, pass));
  }
  console.log(markdown(rows, 2));
} finally {
  await browser.close();
}
