/** The program of docs/training.md, word for word: running it in two parts equals running it in one. */
import { expect, test } from "vitest";
import guide from "../../docs/training.md?raw";
import { main } from "../../examples/resume.ts";
import source from "../../examples/resume.ts?raw";
import { withDevice } from "./gpu.ts";

const clear = async () =>
  (await navigator.storage.getDirectory()).removeEntry("example", { recursive: true }).catch(() => {});

test("the guide shows examples/resume.ts word for word", () => {
  expect(/^```ts\n(.*?)^```/ms.exec(guide)![1]).toBe(source);
});

test("continues when called again, to the same epochs", () =>
  withDevice(async (device) => {
    const run = async (epochs: number) => {
      const lines: string[] = [];
      const csv = await main(device, (line) => lines.push(line), epochs);
      // Without the two time columns.
      return { lines, table: csv.split("\n").map((row) => row.split(",").slice(0, -2)) };
    };
    await clear();
    const whole = await run(7);
    await clear();
    const first = await run(5);
    const second = await run(7);
    await clear();
    expect(whole.lines.length).toBe(7);
    expect(first.lines).toEqual(whole.lines.slice(0, 5));
    // Epoch 5 came after the last checkpoint.
    expect(second.lines).toEqual(whole.lines.slice(4));
    expect(second.table).toEqual(whole.table);
    expect(Number(whole.table[7]![1])).toBeLessThan(Number(whole.table[1]![1]) / 3);
  }));
