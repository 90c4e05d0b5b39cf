/** WebGPU calls of a run after the first: one encoder, one submission, nothing new. */
import { expect, test } from "vitest";
import { Device } from "webgpu-lstm";
import { Tiny, tinyShapes, trainingStep, values } from "./tiny.ts";

const makers = [
  "createBuffer",
  "createBindGroup",
  "createBindGroupLayout",
  "createPipelineLayout",
  "createShaderModule",
  "createComputePipeline",
  "createComputePipelineAsync",
  "createQuerySet",
  "createCommandEncoder",
] as const;

test("makes no buffer, bind group or pipeline after the first run, and submits once a run", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const native = await adapter!.requestDevice();
  const errors: string[] = [];
  native.addEventListener("uncapturederror", ({ error }) => errors.push(error.message));
  const calls = new Map<string, number>();
  const count = <T extends object>(owner: T, name: keyof T & string) => {
    const real = owner[name] as (...given: unknown[]) => unknown;
    const counted = (...given: unknown[]) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return real.apply(owner, given);
    };
    Object.defineProperty(owner, name, { value: counted });
  };
  for (const name of makers) count(native, name);
  count(native.queue, "submit");
  count(native.queue, "writeBuffer");

  const device = await Device.from(native);
  const model = new Tiny();
  const step = await trainingStep(device, model);
  const run = (phase: number) =>
    step.run({ x: values(tinyShapes.x, phase), y: values(tinyShapes.y, phase) }).loss;
  // The first read makes the buffer for all later ones.
  const first = await run(0).item();
  expect(calls.get("createBindGroup")).toBeGreaterThan(0);
  expect(calls.get("createComputePipelineAsync")).toBeGreaterThan(0);

  calls.clear();
  for (let phase = 1; phase <= 20; phase++) run(phase);
  // Two inputs and Adam's scalars.
  expect(Object.fromEntries(calls)).toEqual({ createCommandEncoder: 20, submit: 20, writeBuffer: 60 });
  calls.clear();
  expect(await run(0).item()).not.toBe(first);
  expect(Object.fromEntries(calls)).toEqual({ createCommandEncoder: 2, submit: 2, writeBuffer: 3 });
  expect(errors).toEqual([]);
  for (const owner of [step, model, device]) owner.dispose();
  native.destroy();
});
