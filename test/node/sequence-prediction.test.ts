/** Predicted times of version `sequence4` of the recurrent layers against measured ones. */
import { describe, expect, test } from "vitest";
import { ADAPTERS } from "../../bench/counters.ts";
import type { PlanContext } from "../../src/ops/op.ts";
import type { Pass, Recurrence } from "../../src/ops/recurrent/recurrence.ts";
import { sequence4Backward, sequence4Forward } from "../../src/ops/recurrent/sequence4.ts";
import { defaultLimits } from "../default-limits.ts";

const versions = { forward: sequence4Forward, backward: sequence4Backward };
const slotsOf = { lstm: 4, gru: 4, rnn: 1 };

function predicted(cell: keyof typeof slotsOf, H: number, N: number, T: number, pass: Pass, lanes = 4) {
  const sizes = { T, N, I: H, H, R: H, slots: slotsOf[cell] };
  const recurrence = { sizes, span: { first: 0, count: T } } as Recurrence;
  const plan = { facts: { ...ADAPTERS.software, subgroupSize: lanes }, ...defaultLimits } as PlanContext;
  return versions[pass].stepMicros(recurrence, plan);
}

describe("sequence4 on SwiftShader with two cores", () => {
  // Units, batch, steps; times of a step in µs, forward and backward: CPU time over busy cores, the shortest of five.
  test.each<[cell: keyof typeof slotsOf, H: number, N: number, T: number, ...times: [number, number]]>([
    ["lstm", 32, 1, 1000, 6.5, 7.7],
    ["lstm", 128, 1, 400, 49, 57],
    ["lstm", 64, 8, 400, 37, 46],
    ["lstm", 250, 3, 60, 262, 276],
    ["lstm", 50, 980, 4, 4060, 4650],
    ["lstm", 128, 64, 20, 843, 981],
    ["lstm", 256, 32, 50, 1436, 1529],
    ["gru", 128, 1, 400, 48, 55],
    ["gru", 64, 8, 400, 33, 44],
    ["gru", 50, 980, 4, 3900, 4060],
    ["gru", 128, 64, 20, 754, 912],
    ["gru", 256, 32, 50, 1407, 1520],
    ["rnn", 128, 1, 400, 15, 17],
    ["rnn", 64, 8, 400, 10, 13],
    ["rnn", 50, 980, 4, 1290, 1350],
    ["rnn", 128, 64, 20, 215, 266],
    ["rnn", 256, 32, 50, 363, 411],
  ])("%s of %i units and %i rows is predicted within 1.4 times", (cell, H, N, T, ...times) => {
    for (const [i, pass] of (["forward", "backward"] as const).entries()) {
      const ratio = predicted(cell, H, N, T, pass)! / times[i]!;
      expect(ratio, pass).toBeGreaterThan(1 / 1.4);
      expect(ratio, pass).toBeLessThan(1.4);
    }
  });

  test("has no prediction for more units than fit, and for other subgroups", () => {
    for (const cell of ["lstm", "gru", "rnn"] as const) {
      expect(predicted(cell, 257, 8, 10, "forward")).toBeNull();
      expect(predicted(cell, 64, 8, 10, "backward", 32)).toBeNull();
    }
  });
});
