/** On an engine that answers every 100 ms, as Firefox does, results and facts come as fast as elsewhere. */
import { expect, test } from "vitest";
import { Device, manualSeed, nn, optim } from "webgpu-lstm";
import { answerSlowly } from "../slow-answers.ts";

test.each([0, 25, 50, 75, 95])(
  "facts and losses do not wait for the timer, %i ms after a tick",
  async (ms) => {
    await Device.forgetFacts();
    const native = await (await navigator.gpu.requestAdapter())!.requestDevice();
    const counts = answerSlowly(native);
    await new Promise((resolve) => setTimeout(resolve, ms));
    const device = await Device.from(native);
    expect(counts.empty).toBeGreaterThan(2);
    // Of a dispatch that is measured by the timer nothing is left but the timer.
    expect(device.facts.gflops).toBeGreaterThan(0.5);
    manualSeed(0);
    const model = new nn.Linear(2, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const step = await device.compile(({ x }) => ({ loss: model.forward(x).mean() }), {
      inputs: { x: [4, 2] },
      optimizer,
    });
    const x = new Float32Array(8);
    await step.run({ x }).loss.item();
    const start = performance.now();
    for (let i = 0; i < 20; i++) await step.run({ x }).loss.item();
    // By the timer it is two seconds.
    expect(performance.now() - start).toBeLessThan(1000);
    step.dispose();
    model.dispose();
    device.dispose();
    native.destroy();
    await Device.forgetFacts();
  },
);
