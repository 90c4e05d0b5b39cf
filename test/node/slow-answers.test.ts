/** A device whose engine answers on a timer of 100 ms: empty submissions wake it while somebody waits, and then alone. */
import { expect, test } from "vitest";
import type { AdapterFacts } from "webgpu-lstm";
import { GpuContext } from "../../src/gpu/context.ts";
import { answerSlowly } from "../slow-answers.ts";

/** A device that computes nothing, each piece of work in 5 ms. */
function fakeDevice(): GPUDevice {
  const work = () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 5));
  let destroy: () => void = () => {};
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
    destroy = () => resolve({ reason: "destroyed", message: "" } as GPUDeviceLostInfo);
  });
  const device = {
    limits: {},
    lost,
    destroy,
    queue: { submit: () => {}, onSubmittedWorkDone: work },
    createBuffer: () => ({ mapAsync: work }),
  };
  return device as unknown as GPUDevice;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function timed(wait: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await wait();
  return performance.now() - start;
}

const open = (gpu: GPUDevice) =>
  new GpuContext(gpu, {} as ConstructorParameters<typeof GpuContext>[1], {} as AdapterFacts, true);

test("answers come at once, and nothing is submitted while nobody waits", async () => {
  const gpu = fakeDevice();
  const counts = answerSlowly(gpu);
  const unaware = open(gpu);
  await pause(1);
  expect(await timed(() => unaware.idle())).toBeGreaterThan(50);
  const context = await open(gpu).learn();
  const buffer = gpu.createBuffer({ size: 4, usage: 0 });
  for (const wait of [
    () => context.idle(),
    () => context.answer(buffer.mapAsync(1)),
    () => Promise.all([context.idle(), context.idle(), context.idle()]),
  ]) {
    const before = counts.empty;
    const ms = await timed(wait);
    expect(ms).toBeLessThan(50);
    expect(counts.empty - before).toBeGreaterThan(0);
    // One a millisecond, however many wait.
    expect(counts.empty - before).toBeLessThan(ms + 3);
  }
  const before = counts.empty;
  await pause(30);
  expect(counts.empty).toBe(before);
  // A wait that fails ends it too.
  await expect(context.answer(Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  await pause(30);
  expect(counts.empty).toBe(before);
  context.dispose();
});

test("an engine that answers by itself is left alone", async () => {
  const gpu = fakeDevice();
  let submissions = 0;
  gpu.queue.submit = () => {
    submissions++;
  };
  const context = await open(gpu).learn();
  // The second begins with the first one's answer.
  expect(submissions).toBe(2);
  await context.idle();
  expect(submissions).toBe(2);
  context.dispose();
});

test("a busy machine that was slow once is no slow engine", async () => {
  const gpu = fakeDevice();
  const done = gpu.queue.onSubmittedWorkDone;
  let submissions = 0;
  gpu.queue.submit = () => {
    submissions++;
  };
  gpu.queue.onSubmittedWorkDone = async () => {
    if (submissions === 2) await pause(40);
    return done();
  };
  const context = await open(gpu).learn();
  expect(submissions).toBe(3);
  await context.idle();
  expect(submissions).toBe(3);
  context.dispose();
});
