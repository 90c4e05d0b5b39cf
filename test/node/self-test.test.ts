/** What the self test of a device is made of: a recording of the library's own dispatches, and PyTorch's numbers. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CELLS, type Parameters, recurrentForward } from "../../tasks/reference/recurrent.ts";
import { recordSelfTest, values } from "../../tools/make-self-test.ts";
import { centralDifference } from "../reference/recurrent.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("the recording is what the library plans today", async () => {
  for (const [name, text] of Object.entries(await recordSelfTest())) {
    expect(read(`src/self-test/${name}`), "node tools/run.mjs tools/make-self-test.ts").toBe(text);
  }
});

test("PyTorch's numbers are those of the float64 reference", () => {
  const golden = JSON.parse(read("test/goldens/self_test.json")) as Record<string, number[]>;
  const [T, N] = [3, 3];
  const names = Object.keys(golden).filter((name) => !["loss", "prediction"].includes(name));
  const all = new Map(names.map((name, i) => [name, Float64Array.from(values(i, golden[name]!.length))]));
  const below = (prefix: string): Parameters =>
    new Map(
      [...all].flatMap(([name, data]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), data]] : [],
      ),
    );
  const x = Float64Array.from(values(20, T * N * 3));
  const y = values(21, T * N * 2);
  const layer = (kind: "lstm" | "gru", inputSize: number, hiddenSize: number, input: Float64Array) => {
    const sizes = { cell: CELLS[kind], inputSize, hiddenSize, numLayers: 1, seqLen: T, batch: N };
    return recurrentForward(sizes, below(`${kind}.`), input).output;
  };
  const predict = () => {
    const h = layer("gru", 7, 5, layer("lstm", 3, 7, x));
    const [weight, bias] = [all.get("fc.weight")!, all.get("fc.bias")!];
    return Float64Array.from({ length: T * N * 2 }, (_, i) => {
      const [row, k] = [i >> 1, i & 1];
      return h.subarray(row * 5, row * 5 + 5).reduce((sum, v, j) => sum + v * weight[k * 5 + j]!, bias[k]!);
    });
  };
  const loss = () => predict().reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0);

  expect(names).toHaveLength(10);
  expect(loss()).toBeCloseTo(golden["loss"]![0]!, 10);
  for (const [i, value] of predict().entries()) expect(value).toBeCloseTo(golden["prediction"]![i]!, 10);
  for (const [name, data] of all) {
    for (const [i, wanted] of golden[name]!.entries()) {
      expect(Math.abs(centralDifference(loss, data, i) - wanted), `${name} ${i}`).toBeLessThan(1e-7);
    }
  }
});
