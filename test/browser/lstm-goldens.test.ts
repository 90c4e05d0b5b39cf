import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VersionPins } from "webgpu-lstm";
import { storedProblemOf } from "../recurrent-problem.ts";
import { expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { runRecurrent } from "./recurrent-case.ts";

/** Every version of every kernel passes every case. */
const versions: VersionPins[] = [
  { recurrent: "step", gemm: "register" },
  { recurrent: "cell", gemm: "register" },
  { recurrent: "cell", gemm: "shared" },
  { recurrent: "subgroup", gemm: "subgroup" },
];

/**
 * Budgets other than torch's default. With weights 100 times as large, a rounding of the preactivations in float32 becomes a
 * hundredfold error behind the steep parts of the gates: PyTorch's own float32 uses 320 times the budget there.
 */
const factors: Readonly<Record<string, number>> = { lstm_saturated: 320 };

const used = new Map<string, number>();
afterAll(() => {
  const worst = [...used].sort((a, b) => b[1] - a[1]).slice(0, 3);
  console.log(
    `LSTM goldens, largest share of budget used: ${worst.map(([n, u]) => `${n} ${u.toFixed(3)}`).join(", ")}`,
  );
});

describe.each(versions)("LSTM against PyTorch float64: $recurrent, $gemm", (pins) => {
  // One device for all cases of a version: its kernels are compiled once.
  let frame: GpuFrame;
  beforeAll(async () => {
    frame = await GpuFrame.open({ versions: pins });
    return () => frame.close();
  });

  test.each(goldenNames("lstm"))("%s", async (name) => {
    const golden = await loadGolden(name);
    const results = await frame.run((device) => runRecurrent(device, storedProblemOf(golden)));
    const names = [
      ...golden.names("out.").map((n) => `out.${n}`),
      "loss",
      ...golden.names("grad.").map((n) => `grad.${n}`),
    ];
    expect([...results.keys()].sort()).toEqual([...names].sort());
    for (const result of names) {
      const expected = golden.tensor(result);
      const actual = results.get(result)!;
      expect(actual.shape, `${result}: shape`).toEqual(expected.shape);
      const label = `${name} ${pins.recurrent} ${pins.gemm} ${result}`;
      used.set(label, expectClose(label, actual.data, expected, factors[name]));
    }
  });
});
