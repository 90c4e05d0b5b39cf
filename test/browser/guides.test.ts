/** The programs of docs/streaming.md and docs/worker.md, word for word. */
import { expect, test } from "vitest";
import streaming from "../../docs/streaming.md?raw";
import worker from "../../docs/worker.md?raw";
import { main as watch } from "../../examples/stream.ts";
import watchSource from "../../examples/stream.ts?raw";
import { main as page } from "../../examples/worker/page.ts";
import pageSource from "../../examples/worker/page.ts?raw";
import workerSource from "../../examples/worker/train.worker.ts?raw";
import { withDevice } from "./gpu.ts";

const blocks = (guide: string) => [...guide.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]);

test("the guides show the examples word for word", () => {
  expect(blocks(streaming)[0]).toBe(watchSource);
  expect(blocks(worker).slice(0, 2)).toEqual([workerSource, pageSource]);
});

test("streaming: finds the one anomaly, in the right machine at the right time", () =>
  withDevice(async (device) => {
    const lines: string[] = [];
    const anomalies = await watch(device, (line) => lines.push(line));
    expect(anomalies[0]).toEqual([5, 60]);
    // The state may take a few steps to recover.
    for (const [machine, t] of anomalies) {
      expect(machine).toBe(5);
      expect(t).toBeLessThan(66);
    }
    expect(lines.some((line) => line.startsWith("machine 5 at 60"))).toBe(true);
  }));

test("worker: the page gets falling losses and a forecast", async () => {
  const lines: string[] = [];
  const next = await page((line) => lines.push(line), new AbortController().signal);
  const losses = lines.flatMap((line) => /loss (.*)/.exec(line)?.[1] ?? []).map(Number);
  expect(losses).toHaveLength(15);
  expect(losses[14]!).toBeLessThan(losses[0]! / 10);
  expect(Math.abs(next - Math.sin(50))).toBeLessThan(0.15);
  expect(lines.filter((line) => line === "batch 8 of 8")).toHaveLength(15);
});

test("worker: still predicts after an abort", async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const print = (line: string) => {
    lines.push(line);
    if (line.startsWith("epoch 2")) stop.abort();
  };
  expect(Number.isFinite(await page(print, stop.signal))).toBe(true);
  expect(lines.filter((line) => line.startsWith("epoch"))).toHaveLength(2);
});
