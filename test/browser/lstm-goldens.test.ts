import { beforeAll, describe, expect, test } from "vitest";
import type { VersionPins } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { rowOf, storedProblemOf } from "../recurrent-problem.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { runRecurrent } from "./recurrent-case.ts";

/** Every version of every kernel passes every case. */
const versions: VersionPins[] = [
  { recurrent: "step", gemm: "register" },
  { recurrent: "cell", gemm: "register" },
  { recurrent: "cell", gemm: "shared" },
  { recurrent: "cell", gemm: "lanes4" },
  { recurrent: "sequence4", gemm: "lanes4" },
  { recurrent: "sequence", gemm: "lanes4" },
  { recurrent: "split", gemm: "register" },
];

/**
 * With weights 100 times as large, the steep parts of the gates amplify a float32 rounding of the preactivations a hundredfold:
 * PyTorch's own float32 uses 320 times the budget there.
 */
const SATURATED = 320;

describe.each(versions)("LSTM against PyTorch float64: $recurrent, $gemm", (pins) => {
  // One device for all cases of a version, so its kernels compile once.
  let frame: GpuFrame;
  beforeAll(async () => {
    frame = await GpuFrame.open({ versions: pins });
    return () => frame.close();
  });

  test.for(goldenNames("lstm"))("%s", async (name, { task }) => {
    const golden = await loadGolden(name);
    const problem = storedProblemOf(golden);
    const results = await frame.run((device) => runRecurrent(device, problem));
    const names = [
      ...golden.names("out.").map((n) => `out.${n}`),
      "loss",
      ...golden.names("grad.").map((n) => `grad.${n}`),
    ];
    expect([...results.keys()].sort()).toEqual([...names].sort());
    const factor = name === "lstm_saturated" ? SATURATED : 1;
    const used = names.map((result) => budgetUsed(results.get(result)!.data, golden.tensor(result)) / factor);
    const budget =
      factor === 1
        ? float32Budget
        : `${factor} × the default, which PyTorch's own float32 uses with weights × 100`;
    recordParity(task, { ...rowOf(problem, name), budget, used: Math.max(...used) });
    for (const result of names) {
      const expected = golden.tensor(result);
      const { data, shape } = results.get(result)!;
      expect(shape, `${result}: shape`).toEqual(expected.shape);
      expectClose(result, data, expected, factor);
    }
  });
});
