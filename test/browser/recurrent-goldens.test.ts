import { beforeAll, describe, expect, test } from "vitest";
import type { AdapterFacts, VersionPins } from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";
import { float32Budget, recordParity } from "../parity.ts";
import { problemOf, rowOf } from "../recurrent-problem.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { LARGE_GPU } from "./large-gpu.ts";
import { runRecurrent } from "./recurrent-case.ts";

/** Every version passes every case, with lengths that are an input and with lengths that are known while tracing. */
const versions: (VersionPins & {
  readonly known: boolean;
  readonly recompute?: number;
  readonly facts?: AdapterFacts;
})[] = [
  { recurrent: "step", gemm: "register", known: false },
  { recurrent: "cell", gemm: "register", known: true },
  { recurrent: "cell", gemm: "lanes4", known: false },
  // Recomputed gates, in chunks that do and do not divide the sequences.
  { recurrent: "step", gemm: "register", known: true, recompute: 2 },
  { recurrent: "cell", gemm: "lanes4", known: false, recompute: 5 },
  { recurrent: "sequence4", gemm: "lanes4", known: false },
  { recurrent: "sequence4", gemm: "lanes4", known: true, recompute: 3 },
  { recurrent: "split", gemm: "register", known: true },
  { recurrent: "split", gemm: "register", known: false, recompute: 3 },
  { recurrent: "sequence", gemm: "lanes4", known: false },
  { recurrent: "sequence", gemm: "register", known: true, recompute: 3, facts: LARGE_GPU },
];

/** Far beyond saturation one rounding becomes a large error: the budget is then what PyTorch's own float32 uses. */
function budgetOf(golden: GoldenCase): { budget: string; factor: number } {
  if (!golden.name.endsWith("saturated")) return { budget: float32Budget, factor: 1 };
  const factor = golden.number("float32_share");
  return {
    budget: `${factor.toFixed(0)} × the default, which PyTorch's own float32 uses with weights × 100 when its inputs are one rounding off`,
    factor,
  };
}

describe.each(versions)(
  "recurrent layers against PyTorch float64: $recurrent, recompute $recompute",
  ({ known, recompute, facts, ...pins }) => {
    // One device for all cases of a version, so its kernels compile once.
    let frame: GpuFrame;
    beforeAll(async () => {
      frame = await GpuFrame.open({ versions: pins, ...(facts && { facts }) });
      return () => frame.close();
    });

    test.for(goldenNames("recurrent"))("%s", async (name, { task }) => {
      const golden = await loadGolden(name);
      const problem = problemOf(golden, recompute);
      const results = await frame.run((device) => runRecurrent(device, problem, known));
      const names = [...golden.tensors.keys()].sort();
      expect([...results.keys()].sort()).toEqual(names);
      const { budget, factor } = budgetOf(golden);
      const shares = names.map((result) => {
        const { shape, data } = results.get(result)!;
        expect(shape, `${result}: shape`).toEqual(golden.tensor(result).shape);
        return budgetUsed(data, golden.tensor(result)) / factor;
      });
      recordParity(task, { ...rowOf(problem, name), budget, used: Math.max(...shares) });
      for (const result of names)
        expectClose(result, results.get(result)!.data, golden.tensor(result), factor);
    });
  },
);
