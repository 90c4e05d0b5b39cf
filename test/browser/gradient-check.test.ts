import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Generator } from "webgpu-lstm";
import { drawProblem } from "../recurrent-problem.ts";
import { centralDifference, recurrentLoss } from "../reference/recurrent.ts";
import { withDevice } from "./gpu.ts";
import { runRecurrent } from "./recurrent-case.ts";

/** Any small network: sizes around the kernels' tiles, lengths for up to as many rows, and a seed for its numbers. */
const anyNetwork = fc.record({
  kind: fc.constantFrom("lstm" as const, "gru" as const, "tanh" as const),
  seqLen: fc.integer({ min: 1, max: 6 }),
  batch: fc.integer({ min: 1, max: 9 }),
  inputSize: fc.integer({ min: 1, max: 9 }),
  hiddenSize: fc.integer({ min: 1, max: 18 }),
  projects: fc.boolean(),
  numLayers: fc.integer({ min: 1, max: 2 }),
  bidirectional: fc.boolean(),
  bias: fc.boolean(),
  initialState: fc.boolean(),
  /** Steps of the chunks in which gates are computed again, where they are. */
  recompute: fc.option(fc.integer({ min: 1, max: 4 })),
  lengths: fc.option(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 9, maxLength: 9 })),
  seed: fc.integer({ min: 0, max: 1_000_000 }),
});

/**
 * How far a float32 gradient may be from the difference quotient, relative to the largest of its tensor; 1e-7 at least, the goldens'
 * own floor (closeness.ts): with one hidden unit a tensor is one sum, which may cancel to less than the rounding of its terms.
 */
const BUDGET = 2e-5;
const FLOOR = 1e-7 / BUDGET;

test.each(["step", "cell", "sequence4"] as const)(
  "gradients of any recurrent network are difference quotients: %s",
  async (recurrent) => {
    await withDevice(
      (device) =>
        fc.assert(
          fc.asyncProperty(anyNetwork, async (network) => {
            const { kind, hiddenSize, seqLen, batch, lengths } = network;
            const problem = drawProblem({
              ...network,
              projSize: kind === "lstm" && network.projects ? Math.floor(hiddenSize / 2) : 0,
              lengths: lengths?.slice(0, batch).map((length) => Math.min(length, seqLen)) ?? null,
              bound: 1,
              // Beyond, saturated units make gradients that are rounding alone.
              inputBound: 1,
              batchFirst: false,
              unbatched: false,
              enforceSorted: false,
            });
            const { layer, inputs, sizes } = problem;
            const weights = await layer.stateDict();
            const results = await runRecurrent(device, problem);

            const exact = new Map(
              [...weights, ...inputs].map(([name, { data }]) => [name, Float64Array.from(data)]),
            );
            const value = (name: string) => exact.get(name)!;
            const given = (h: string, c: string) => ({
              h: value(h),
              ...(exact.has(c) ? { c: value(c) } : {}),
            });
            const initial = network.initialState ? given("h0", "c0") : undefined;
            const target = { output: value("target_output"), ...given("target_h", "target_c") };
            const loss = () => recurrentLoss(sizes, exact, value("x"), initial, target);
            expect(results.get("loss")!.data[0]).toBeCloseTo(loss(), 5);

            const generator = new Generator(network.seed);
            const wanted = [...weights.keys(), ...["x", "h0", "c0"].filter((name) => inputs.has(name))];
            for (const name of wanted) {
              const gradient = results.get(`grad.${name}`)!.data;
              const scale = Math.max(
                FLOOR,
                gradient.reduce((max, g) => Math.max(max, Math.abs(g)), 0),
              );
              // A few elements of each tensor: the first, the last and some between.
              for (const index of new Set([0, gradient.length - 1, generator.random() % gradient.length])) {
                const quotient = centralDifference(loss, value(name), index);
                expect(Math.abs(gradient[index]! - quotient) / scale, `${name}[${index}]`).toBeLessThan(
                  BUDGET,
                );
              }
            }
          }),
          { numRuns: 40 },
        ),
      { versions: { recurrent } },
    );
  },
);
