/** examples/keras-moves-house.ts on a small batch: the predictions of Keras and TensorFlow.js, and the losses of TensorFlow.js. */
import { expect, test } from "vitest";
import { largest, run } from "../../examples/keras-moves-house.ts";
import { openDevice } from "../../tasks/terminal/program.ts";

test("the classifier predicts and trains as in TensorFlow.js", async () => {
  const device = await openDevice();
  const lines: string[] = [];
  const { sides, keras } = await run(device, 16, 3, (line) => lines.push(line));
  expect(device.memory.total).toBe(0);
  device.dispose();
  const [ours, wasm, cpu] = sides as [(typeof sides)[0], (typeof sides)[0], (typeof sides)[0]];
  expect(ours.probabilities).toHaveLength(48);
  for (const wanted of [keras, wasm.probabilities, cpu.probabilities]) {
    expect(largest(ours.probabilities, wanted)).toBeLessThan(1e-5);
  }
  expect(ours.losses).toHaveLength(4);
  expect(largest(ours.losses!, cpu.losses!)).toBeLessThan(1e-5);
  expect(ours.losses![3]!).toBeLessThan(ours.losses![0]!);
  expect(wasm.losses).toBeNull();
  expect(lines.some((line) => /^ {2}\w+ +(ends in|begins|neither)/.test(line))).toBe(true);
  expect(lines.at(-3)).toMatch(/^webgpu-lstm +\d+\.\d\d +\d+\.\d\d$/);
  expect(lines.at(-2)).toMatch(/^TensorFlow\.js \(WASM\) +\d+\.\d\d +cannot train$/);
  expect(lines.at(-1)).toMatch(/^TensorFlow\.js \(CPU\) +\d+\.\d\d +\d+\.\d\d$/);
});
