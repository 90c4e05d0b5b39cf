/** Losses beyond PyTorch's goldens: gradients against difference quotients, many rows, masks, weights as state. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Generator, grad, nn } from "webgpu-lstm";
import { crossEntropyMean } from "../../tasks/reference/cross-entropy.ts";
import { centralDifference } from "../reference/recurrent.ts";
import { withDevice } from "./gpu.ts";

/** Allowed difference of a float32 loss or gradient from float64, relative to its tensor's largest value. */
const BUDGET = 2e-6;

describe("cross-entropy", () => {
  test("gradients match difference quotients", () =>
    withDevice((device) =>
      fc.assert(
        fc.asyncProperty(
          fc.record({
            rows: fc.integer({ min: 1, max: 9 }),
            classes: fc.integer({ min: 1, max: 9 }),
            labelSmoothing: fc.constantFrom(0, 0.1, 1),
            seed: fc.integer({ min: 0, max: 1e6 }),
          }),
          async ({ rows, classes, labelSmoothing, seed }) => {
            const generator = new Generator(seed);
            const logits = generator.uniform_(new Float32Array(rows * classes), -4, 4);
            const weight = generator.uniform_(new Float32Array(classes), 0.5, 2);
            // The first row counts; in the others the last class is ignored.
            const target = Int32Array.from({ length: rows }, (_, i) => (i * 7 + seed) % classes);
            const ignoreIndex = rows > 1 && target[0] !== classes - 1 ? classes - 1 : -100;
            const criterion = new nn.CrossEntropyLoss({ weight, ignoreIndex, labelSmoothing });
            const step = await device.compile(
              ({ x, target }) => {
                const loss = criterion.forward(x, target);
                return { loss, gradient: grad(loss, [x])[0]! };
              },
              { inputs: { x: [rows, classes], target: [rows] } },
            );
            const { loss, gradient } = step.run({ x: logits, target });
            const got = { loss: await loss.item(), gradient: (await gradient.read()).data };
            step.dispose();
            criterion.dispose();

            const exact = {
              logits: Float64Array.from(logits),
              target: [...target],
              weight: [...weight],
              ignoreIndex,
              labelSmoothing,
            };
            const expected = crossEntropyMean(exact);
            expect(Math.abs(got.loss - expected)).toBeLessThan(BUDGET * Math.max(1, expected));
            for (const index of logits.keys()) {
              const quotient = centralDifference(() => crossEntropyMean(exact), exact.logits, index);
              expect(Math.abs(got.gradient[index]! - quotient)).toBeLessThan(BUDGET);
            }
          },
        ),
        { numRuns: 30 },
      ),
    ));

  test("sums many rows in stages", () =>
    withDevice(async (device) => {
      const [rows, classes] = [9001, 3];
      const generator = new Generator(1);
      const logits = generator.uniform_(new Float32Array(rows * classes), -4, 4);
      const target = Uint8Array.from({ length: rows }, (_, i) => (i * 7) % classes);
      const step = await device.compile(
        ({ x, target }) => ({ loss: new nn.CrossEntropyLoss().forward(x, target) }),
        { inputs: { x: [rows, classes], target: [rows] } },
      );
      const plan = await step.describe();
      expect(plan.match(/reduce_sum/g)).toHaveLength(3); // one for the weights, two for the losses
      const loss = await step.run({ x: logits, target }).loss.item();
      const expected = crossEntropyMean({
        logits: Float64Array.from(logits),
        target: [...target],
        weight: [1, 1, 1],
        ignoreIndex: -100,
        labelSmoothing: 0,
      });
      expect(Math.abs(loss - expected)).toBeLessThan(BUDGET * expected);
      step.dispose();
    }));

  test("a class masked with -∞ costs nothing unless it is the target", () =>
    withDevice(async (device) => {
      const step = await device.compile(
        ({ x, target }) => {
          const loss = new nn.CrossEntropyLoss().forward(x.mul(1e30).mul(1e30), target);
          const masked = x.mul(1e30).mul(1e30);
          return {
            masked,
            loss,
            gradient: grad(new nn.CrossEntropyLoss().forward(masked, target), [masked])[0]!,
          };
        },
        { inputs: { x: [1, 3], target: [1] } },
      );
      const results = step.run({ x: Float32Array.of(0, -1, 0), target: Float32Array.of(2) });
      expect([...(await results.masked.read()).data]).toEqual([0, -Infinity, 0]);
      expect(await results.loss.item()).toBeCloseTo(Math.log(2), 6);
      const { data } = await results.gradient.read();
      expect(data[0]).toBeCloseTo(0.5, 6);
      expect(data[1]).toBeCloseTo(0, 6);
      expect(data[2]).toBeCloseTo(-0.5, 6);
      step.dispose();
    }));
});

describe("weights", () => {
  test("are state under PyTorch's names, not parameters", () =>
    withDevice(async (device) => {
      const given = Float32Array.of(1, 2);
      const criterion = new nn.BCEWithLogitsLoss({ weight: given, posWeight: [3, 4] });
      given.fill(9);
      expect(criterion.parameters()).toEqual([]);
      expect([...criterion.namedBuffers()].map(([name]) => name)).toEqual(["weight", "pos_weight"]);
      expect(criterion.buffers()).toHaveLength(2);
      const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(x, y) }), {
        inputs: { x: [2], y: [2] },
      });
      const [x, y] = [new Float32Array(2), Float32Array.of(1, 1)];
      expect(await step.run({ x, y }).loss.item()).toBeCloseTo((Math.LN2 * (1 * 3 + 2 * 4)) / 2, 5);
      const state = await criterion.stateDict();
      expect([...state.keys()]).toEqual(["weight", "pos_weight"]);
      expect(state.get("weight")).toEqual({ shape: [2], data: Float32Array.of(1, 2) });
      criterion.loadStateDict(new Map(state).set("pos_weight", { shape: [2], data: Float32Array.of(1, 0) }));
      expect(await step.run({ x, y }).loss.item()).toBeCloseTo((Math.LN2 * 1) / 2, 5);
      step.dispose();
      criterion.dispose();
    }));
});
