/** Programs of input shapes that are not used for long are given up; what they computed stays readable. */
import { describe, expect, test } from "vitest";
import { type Device, manualSeed, nn, OptionError, optim, type Tensor } from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { withDevice } from "./gpu.ts";

/** Longest sequence, and how many lengths there are. */
const LONGEST = 40;
const lengths = Array.from({ length: 10 }, (_, i) => 4 * (i + 1));

class Tagger extends nn.Module {
  readonly lstm = new nn.LSTM(3, 8, { batchFirst: true });
  readonly fc = new nn.Linear(8, 2);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output);
  }
}

async function compiled(device: Device, shapeBudget?: number) {
  manualSeed(0);
  const model = new Tagger();
  const criterion = new nn.MSELoss();
  const step = await device.compile(
    ({ x, y }) => {
      const pred = model.forward(x);
      return { loss: criterion.forward(pred, y), pred };
    },
    {
      inputs: { x: [2, 4, 3], y: [2, 4, 2] },
      minimize: "loss",
      optimizer: new optim.Adam(model.parameters()),
      ...(shapeBudget !== undefined && { shapeBudget }),
    },
  );
  return { model, step };
}

/** A batch of sequences of this length. */
function batch(length: number) {
  const data = (size: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(i + length));
  return {
    x: { data: data(2 * length * 3), shape: [2, length, 3] },
    y: { data: data(2 * length * 2), shape: [2, length, 2] },
  };
}

/** Lets what has been begun be given up. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Trains on every length twice, and gives the losses and the largest memory at any time. */
async function train(device: Device, shapeBudget?: number) {
  const { model, step } = await compiled(device, shapeBudget);
  const losses: number[] = [];
  let most = 0;
  for (const length of [...lengths, ...lengths]) {
    losses.push(await step.run(batch(length)).loss.item());
    await settle();
    most = Math.max(most, step.bytes);
  }
  const declared = step.memory.total;
  step.dispose();
  model.dispose();
  return { losses, most, declared };
}

describe("the programs of a step", () => {
  test("stay within the budget, with the same losses", () =>
    withDevice(async (device) => {
      const all = await train(device);
      const { most: largest, declared } = await train(device, 0);
      const budget = Math.floor(all.most / 4);
      const some = await train(device, budget);
      expect(some.losses).toEqual(all.losses);
      // Without a budget only the declared program and the latest are there.
      const newest = largest - declared;
      expect(newest).toBeLessThan(all.most / 4);
      expect(some.most).toBeLessThanOrEqual(declared + newest + budget);
      expect(some.most).toBeGreaterThan(largest);
    }));

  test("leave readable results", () =>
    withDevice(async (device) => {
      const { model, step } = await compiled(device, 0);
      const twin = await compiled(device);
      const held = lengths.map((length) => step.run(batch(length)));
      const reading = held[1]!.pred.read();
      await settle();
      const expected = lengths.map((length) => twin.step.run(batch(length)));
      expect(step.bytes).toBeLessThan(twin.step.bytes / 2);
      for (const [i, { loss, pred }] of held.entries()) {
        expect(await loss.item()).toBe(await expected[i]!.loss.item());
        expect(await pred.read()).toEqual(await expected[i]!.pred.read());
      }
      expect(await reading).toEqual(await expected[1]!.pred.read());
      // A result of a program that is gone is an input of another.
      const given = { ...batch(lengths[3]!), y: held[3]!.pred };
      const same = { ...batch(lengths[3]!), y: await expected[3]!.pred.read() };
      expect(await step.run(given).loss.item()).toBe(await twin.step.run(same).loss.item());
      for (const owner of [step, twin.step, model, twin.model]) owner.dispose();
    }));

  test("keep the declared one, and do not allocate for shapes that alternate", () =>
    withDevice(async (device) => {
      const { model, step } = await compiled(device, 0);
      for (const length of [4, LONGEST, 4, LONGEST]) step.run(batch(length));
      await settle();
      const { allocations } = device.memory;
      for (const length of [4, LONGEST, 4, LONGEST]) step.run(batch(length));
      expect(device.memory.allocations).toBe(allocations);
      step.run(batch(8));
      await settle();
      step.run(batch(4));
      expect(device.memory.allocations).toBeGreaterThan(allocations);
      const after = device.memory.allocations;
      step.run(batch(4));
      expect(device.memory.allocations).toBe(after);
      step.dispose();
      model.dispose();
    }));

  test("have a budget of bytes", () =>
    withDevice(async (device) => {
      for (const bad of [-1, 1.5, "1 MB"]) {
        await expectRefusal(
          () =>
            device.compile(({ x }) => ({ y: x!.add(x!) }), { inputs: { x: [1] }, shapeBudget: wrong(bad) }),
          OptionError,
          "device.compile: shapeBudget",
        );
      }
    }));
});
