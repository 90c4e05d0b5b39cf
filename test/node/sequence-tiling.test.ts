/** The tilings of version `sequence`: each covers its layer within the limits that every device has. */
import { describe, expect, test } from "vitest";
import { ADAPTERS } from "../../bench/counters.ts";
import { Tensor } from "../../src/graph/tensor.ts";
import { loadAll } from "../../src/ondemand.ts";
import { Choices } from "../../src/ops/choice.ts";
import type { PlanContext } from "../../src/ops/op.ts";
import { History } from "../../src/ops/recurrent/history.ts";
import { lstm } from "../../src/ops/recurrent/lstm.ts";
import { offers } from "../../src/ops/recurrent/offers-chunk.ts";
import { forwardParamsAt } from "../../src/ops/recurrent/params.ts";
import type { Pass, Recurrence } from "../../src/ops/recurrent/recurrence.ts";
import { constantsOf, tilingMicros, tilingsOf } from "../../src/ops/recurrent/sequence-tiling.ts";
import { stepBackward } from "../../src/ops/recurrent/step-backward.ts";
import { stepForward } from "../../src/ops/recurrent/step-forward.ts";
import { type Step, stepsOf } from "../../src/ops/recurrent/steps.ts";

const passes: readonly Pass[] = ["forward", "backward"];
const sizesOf = (N: number, H: number, slots: number) => ({ T: 10, N, I: H, H, R: H, slots });

describe.each([
  ["gpu", 256],
  ["gpu", 128],
  ["software", 128],
] as const)("tilings for the adapter %s with workgroups of up to %i", (adapter, maxInvocations) => {
  const facts = ADAPTERS[adapter]!;

  test.each([1, 3, 64, 980])("%i rows: all units and the whole depth, within the limits", (N) => {
    for (const slots of [1, 4]) {
      for (const H of [1, 2, 3, 5, 8, 31, 50, 63, 64, 65, 127, 128, 129, 200, 255, 256]) {
        for (const pass of passes) {
          const sizes = sizesOf(N, H, slots);
          const tilings = tilingsOf(pass, sizes, { facts, maxInvocations });
          expect(tilings.length, `H ${H}`).toBeGreaterThan(0);
          for (const tiling of tilings) {
            const where = `H ${H}, ${pass}, ${JSON.stringify(tiling)}`;
            const c = constantsOf(pass, sizes, tiling);
            const depth = 4 * c.QUADS * c.SLICES;
            expect(c.ROWS, where).toBeLessThanOrEqual(N);
            expect(c.LANES * c.UNITS, where).toBeGreaterThanOrEqual(H);
            expect(depth, where).toBeGreaterThanOrEqual(H);
            expect(c.THREADS, where).toBeLessThanOrEqual(maxInvocations);
            // What the invocations own: quads forward, units backward.
            const owned = pass === "forward" ? Math.ceil(H / 4) : H;
            expect(c.OWN * c.THREADS, where).toBeGreaterThanOrEqual(owned * c.ROWS);
            // The state and the sums that the shaders keep in workgroup memory, in floats.
            const [state, sum] = pass === "forward" ? [1, slots] : [slots, 1];
            const floats =
              (c.EXCHANGED ? 1 : 2) * c.ROWS * depth * state + c.EXCHANGED * c.SLICES * c.ROWS * H * sum;
            expect(4 * floats, where).toBeLessThanOrEqual(16_384);
          }
        }
      }
    }
  });
});

test("on a large GPU the best tiling is predicted to take less than `step` for few rows", () => {
  const facts = ADAPTERS["gpu"]!;
  const steps = { forward: stepForward, backward: stepBackward };
  for (const pass of passes) {
    for (const [N, H] of [
      [8, 64],
      [1, 128],
      [64, 128],
      [32, 256],
    ] as const) {
      const sizes = sizesOf(N, H, 4);
      const times = tilingsOf(pass, sizes, { facts, maxInvocations: 256 }).map((tiling) =>
        tilingMicros(pass, sizes, tiling, facts),
      );
      const step = steps[pass].stepMicros({ sizes } as Recurrence, { facts } as PlanContext)!;
      expect(Math.min(...times), `${pass}, ${N} rows, ${H} units`).toBeLessThan(step);
    }
  }
});

test("a timing of the tilings decides before the predictions, and close ones are timed over operands of their own", async () => {
  const texts = lstm.cell.offeredTexts!;
  await loadAll([offers, texts]);
  const { versions, kernels } = offers.module(lstm.cell, "forward", texts);
  const sizes = sizesOf(8, 64, 4);
  const operand = (...shape: number[]) => new Tensor(shape, null);
  const passOf = (steps: number) => {
    const history = new History(steps, 8 * 64, false);
    const recurrence: Recurrence = {
      sizes: { ...sizes, T: steps },
      reverse: false,
      span: { first: 0, count: steps },
      gates: operand(steps, 8, 64, 4),
      weight: operand(64, 64, 4),
      bias: null,
      hidden: operand(history.elements),
      cells: operand(history.elements),
      lengths: null,
      hiddenAt: history,
      cellsAt: history,
      projection: null,
      reached: { input: 15, hidden: 15 },
      params: {},
    };
    const { gates, weight, hidden, cells } = recurrence;
    return {
      recurrence,
      steps: stepsOf(recurrence),
      paramsAt: (step: Step) => forwardParamsAt(recurrence, step),
      operands: { gates, weight, bias: null, hidden, cells, lengths: null },
      keepsHidden: false,
    };
  };
  const planned = (choices: Choices) => {
    const plan = {
      facts: ADAPTERS["gpu"]!,
      pins: {},
      choices,
      maxGrid: 65_535,
      maxInvocations: 256,
    } as unknown as PlanContext;
    const [dispatch] = versions.sequence.dispatches(kernels.sequence, passOf(100), plan, () => passOf(3));
    return dispatch!;
  };
  const timed = planned(
    new Choices({ versions: { "lstm forward sequence, H 64, N ≤ 8": "2 rows, 64 × 2 invocations, 0 held" } }),
  );
  expect(timed.kernel.declaration.constants).toMatchObject({ ROWS: 2, LANES: 64, SLICES: 2, HELD: 0 });
  expect(timed.grid).toEqual([4, 1, 1]);

  const choices = new Choices();
  planned(choices);
  const [close] = choices.close();
  expect(Object.keys(close!.trials).length).toBeGreaterThan(1);
  for (const [trial] of Object.values(close!.trials)) expect(trial!.params).toMatchObject({ steps: 3 });
});
