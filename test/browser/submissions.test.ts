import { expect, test } from "vitest";
import { type AdapterFacts, manualSeed } from "webgpu-lstm";
import { withDevice } from "./gpu.ts";
import { bits, Tiny, tinyShapes, trainingStep, values } from "./tiny.ts";

/** Trains three steps, planned for these facts. */
function train(facts: AdapterFacts) {
  return withDevice(
    async (device) => {
      manualSeed(0);
      const model = new Tiny();
      const step = await trainingStep(device, model);
      for (let i = 0; i < 3; i++) step.run({ x: values(tinyShapes.x, i), y: values(tinyShapes.y, i) });
      const { submissions, source } = step.program;
      const result = { submissions, dispatches: source.dispatches.length, weights: await bits(model) };
      step.dispose();
      model.dispose();
      return result;
    },
    { facts },
  );
}

test("cuts a program by its dispatches' predicted time, without changing its results", async () => {
  const facts = {
    gflops: 100,
    barrierMicros: 10,
    gloads: 10,
    workgroups: 2,
    subgroupSize: 0,
    software: true,
  };
  // A submission should take 40 ms: one dispatch in the first case, about four in the second, all of them in the last.
  const slow = await train({ ...facts, dispatchMicros: 40_000 });
  const middle = await train({ ...facts, dispatchMicros: 10_000 });
  const fast = await train({ ...facts, dispatchMicros: 1 });
  expect(slow.submissions).toBe(slow.dispatches);
  expect(middle.submissions).toBe(Math.ceil(middle.dispatches / 4));
  expect(fast.submissions).toBe(1);
  expect(middle.weights).toEqual(fast.weights);
  expect(slow.weights).toEqual(fast.weights);
});
