import { afterAll, beforeAll, expect, test } from "vitest";
import { nn } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { runModule } from "./modules-case.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const used = new Map<string, number>();
afterAll(() => {
  const worst = [...used].sort((a, b) => b[1] - a[1]).slice(0, 5);
  console.log(
    `LayerNorm, largest shares of budget: ${worst.map(([n, u]) => `${n} ${u.toFixed(3)}`).join(", ")}`,
  );
});

test.for(goldenNames("layer_norm"))("LayerNorm against PyTorch float64: %s", async (name, { task }) => {
  const golden = await loadGolden(name);
  const results = await frame.run((device) => {
    const norm = new nn.LayerNorm(golden.numbers("normalized_shape"), {
      eps: golden.number("eps"),
      elementwiseAffine: golden.boolean("affine"),
    });
    expect([...norm.namedParameters()].map(([key]) => key).sort()).toEqual(golden.names("param.").sort());
    return runModule(device, norm, golden);
  });
  expect(results.size).toBe(1 + golden.names("grad.").length);
  for (const [key, { data, shape }] of results) {
    const expected = golden.tensor(key);
    const share = budgetUsed(data, expected);
    used.set(`${name} ${key}`, share);
    const row = name.replace("layer_norm_", "LayerNorm ").replaceAll("_", " ");
    recordParity(task, { section: "Layers", row, budget: float32Budget, used: share });
    expect(shape).toEqual(expected.shape);
    expectClose(`${name} ${key}`, data, expected);
  }
});

test("has only a weight without bias, and no parameters without affine", async () => {
  const keys = async (norm: nn.LayerNorm) => [...(await norm.stateDict()).keys()];
  expect(await keys(new nn.LayerNorm(3, { bias: false }))).toEqual(["weight"]);
  expect(await keys(new nn.LayerNorm(3, { elementwiseAffine: false }))).toEqual([]);
  const initial = await new nn.LayerNorm([2, 1]).stateDict();
  expect(initial.get("weight")).toEqual({ data: Float32Array.of(1, 1), shape: [2, 1] });
  expect(initial.get("bias")).toEqual({ data: Float32Array.of(0, 0), shape: [2, 1] });
});
