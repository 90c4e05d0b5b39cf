/** Gradients of random recurrent networks against difference quotients of the float64 reference. */
import * as fc from "fast-check";
import { expect } from "vitest";
import { type Device, Generator } from "webgpu-lstm";
import { drawProblem, type TestCell } from "../recurrent-problem.ts";
import { centralDifference, recurrentLoss } from "../reference/recurrent.ts";
import { runRecurrent } from "./recurrent-case.ts";

/** A random small network: sizes around the kernels' tiles, lengths for all rows of the largest batch, and a seed. */
const anyNetwork = (cells: readonly string[]) =>
  fc.record({
    cell: fc.constantFrom(...cells),
    seqLen: fc.integer({ min: 1, max: 6 }),
    batch: fc.integer({ min: 1, max: 9 }),
    inputSize: fc.integer({ min: 1, max: 9 }),
    hiddenSize: fc.integer({ min: 1, max: 18 }),
    projects: fc.boolean(),
    numLayers: fc.integer({ min: 1, max: 2 }),
    bidirectional: fc.boolean(),
    bias: fc.boolean(),
    initialState: fc.boolean(),
    /** Steps of a chunk, where gates are recomputed. */
    recompute: fc.option(fc.integer({ min: 1, max: 4 })),
    lengths: fc.option(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 9, maxLength: 9 })),
    seed: fc.integer({ min: 0, max: 1_000_000 }),
  });

/**
 * Allowed difference of a float32 gradient from the difference quotient, relative to its tensor's largest value. At least 1e-7,
 * the goldens' floor (closeness.ts): with one hidden unit a tensor is one sum, which may cancel to less than its terms' rounding.
 */
const BUDGET = 2e-5;
const FLOOR = 1e-7 / BUDGET;

/** Checks the gradients of 40 random networks of the given cells, always the same unless VITE_SEED gives another seed. */
export async function checkGradients(
  device: Device,
  cells: Readonly<Record<string, TestCell>>,
): Promise<void> {
  const property = fc.asyncProperty(anyNetwork(Object.keys(cells)), async (network) => {
    const { hiddenSize, seqLen, batch, lengths } = network;
    const cell = cells[network.cell]!;
    const problem = drawProblem({
      ...network,
      cell,
      projSize: cell.projects && network.projects ? Math.floor(hiddenSize / 2) : 0,
      lengths: lengths?.slice(0, batch).map((length) => Math.min(length, seqLen)) ?? null,
      bound: 1,
      // Beyond this, saturated units leave only rounding in the gradients.
      inputBound: 1,
      batchFirst: false,
      unbatched: false,
      enforceSorted: false,
    });
    const { layer, inputs, sizes } = problem;
    const weights = await layer.stateDict();
    const results = await runRecurrent(device, problem);

    const exact = new Map([...weights, ...inputs].map(([name, { data }]) => [name, Float64Array.from(data)]));
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
      // A few elements of each tensor: the first, the last and some in between.
      for (const index of new Set([0, gradient.length - 1, generator.random() % gradient.length])) {
        const quotient = centralDifference(loss, value(name), index);
        expect(Math.abs(gradient[index]! - quotient) / scale, `${name}[${index}]`).toBeLessThan(BUDGET);
      }
    }
  });
  await fc.assert(property, { numRuns: 40, seed: Number(import.meta.env["VITE_SEED"] ?? 20261130) });
}
