/** examples/pytorch-round-trip.ts with a few steps: PyTorch's numbers from each format, and files of each that open again. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Device, loadSafetensors, type NDArray } from "webgpu-lstm";
import { inspect, loadTorch } from "webgpu-lstm/formats";
import { run, type Trip } from "../../examples/pytorch-round-trip.ts";
import { openDevice } from "../../tasks/terminal/program.ts";

const STEPS = 12;
const out = mkdtempSync(join(tmpdir(), "round-trip-"));
const lines: string[] = [];
let device: Device;
let trips: Trip[];

beforeAll(async () => {
  device = await openDevice();
  trips = await run(device, out, STEPS, (line) => lines.push(line));
});
afterAll(() => {
  device.dispose();
  rmSync(out, { recursive: true, force: true });
});

test("every format gives PyTorch's logits, its losses in training, and ONNX Runtime's logits of what is saved", () => {
  expect(trips.map(({ from }) => from)).toEqual(["safetensors", "pt", "onnx"]);
  for (const { opened, trained, saved } of trips) {
    for (const difference of [opened, trained, saved]) expect(difference).toBeLessThan(1e-5);
  }
  expect(device.memory.total).toBe(0);
  const losses = lines.map((line) => /loss (\S+) to (\S+),/.exec(line)!.slice(1).map(Number));
  for (const [before, after] of losses) expect(after!).toBeLessThan(0.8 * before!);
});

test("each is saved in all three, with the same values", () => {
  expect(readdirSync(out).sort()).toEqual(
    ["onnx", "pt", "safetensors"].flatMap((from) =>
      ["onnx", "pt", "safetensors"].map((to) => `from-${from}.${to}`),
    ),
  );
  for (const { from } of trips) {
    const file = (to: string) => readFileSync(join(out, `from-${from}.${to}`));
    const { tensors } = loadSafetensors(file("safetensors"));
    const { model } = loadTorch<{ model: Record<string, NDArray> }>(file("pt"));
    expect(Object.keys(model).sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { data }] of tensors) expect(model[name]!.data).toEqual(data);
    const { operators, metadata } = inspect(file("onnx"));
    expect(operators!.get("LSTM")).toBe(4);
    expect(metadata.get("input lengths")).toBe("int64 [batch]");
  }
});
