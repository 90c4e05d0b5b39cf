/** How the Text view's models learn. */
import { expect, test } from "vitest";
import { learningOf } from "../../demo/text/training/learning.ts";
import { characterTask } from "../../tasks/characters/task.ts";
import { withDevice } from "./gpu.ts";

test("the learning rate rises to the chosen one in a tenth of the steps, then falls to nearly zero", async () => {
  await withDevice(async (device) => {
    const task = characterTask("the whale and the sea. ".repeat(40));
    const settings = {
      cell: "GRU",
      hiddenSize: 8,
      numLayers: 1,
      length: 8,
      batchSize: 4,
      learningRate: 0.02,
      steps: 40,
    } as const;
    const { model, trainer, oneCycle, loaders } = learningOf(device, task, settings, 0);
    const rates = [trainer.optimizer.lr];
    await trainer.fit(loaders.train, {
      epochs: 4,
      batchesPerEpoch: 10,
      schedule: oneCycle,
      onProgress: () => {
        rates.push(trainer.optimizer.lr);
      },
    });
    expect(rates.length).toBe(41);
    expect(rates.indexOf(Math.max(...rates))).toBe(3);
    expect(rates[3]).toBe(0.02);
    expect(rates[0]).toBeLessThan(0.001);
    expect(rates[20]).toBeGreaterThan(0.01);
    expect(rates[39]).toBeLessThan(1e-5);
    await trainer.dispose();
    model.dispose();
  });
});
