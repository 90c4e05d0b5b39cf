import { describe, expect, test } from "vitest";
import { DataError, Device, WebGpuLstmError } from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny, tinyShapes, trainingStep, values } from "./tiny.ts";

const batch = { x: values(tinyShapes.x), y: values(tinyShapes.y, 1) };

describe("step.profile", () => {
  test("times every dispatch of the program, and counts as a training step", () =>
    withDevice(async (device) => {
      const [profiled, plain] = [new Tiny(), new Tiny()];
      plain.loadStateDict(await profiled.stateDict());
      const [step, same] = [await trainingStep(device, profiled), await trainingStep(device, plain)];
      const profile = await step.profile(batch);
      same.run(batch);
      expect(await bits(profiled)).toEqual(await bits(plain));

      const { dispatches } = step.program.source;
      expect(profile.dispatches.map(({ kernel }) => kernel)).toEqual(
        dispatches.map(({ kernel }) => kernel.name),
      );
      profile.dispatches.forEach(({ beginMicros, micros }, i) => {
        expect(micros).toBeGreaterThanOrEqual(0);
        if (i > 0) expect(beginMicros).toBeGreaterThanOrEqual(profile.dispatches[i - 1]!.beginMicros);
      });
      expect(profile.kernels.reduce((sum, { dispatches }) => sum + dispatches, 0)).toBe(dispatches.length);
      expect(profile.kernels.reduce((sum, { micros }) => sum + micros, 0)).toBeCloseTo(profile.micros, 6);

      const text = String(profile);
      for (const { kernel } of profile.kernels) expect(text).toContain(kernel);
      const trace = JSON.parse(profile.toChromeTrace()) as {
        traceEvents: { name: string; ph: string; dur: number }[];
      };
      expect(trace.traceEvents.map(({ name }) => name)).toEqual(dispatches.map(({ kernel }) => kernel.name));
      expect(trace.traceEvents.every(({ ph, dur }) => ph === "X" && dur >= 0)).toBe(true);
      for (const one of [step, same, profiled, plain]) one.dispose();
    }));

  test("does not run refused input, and frees its memory", () =>
    withDevice(async (device) => {
      const model = new Tiny();
      const step = await trainingStep(device, model);
      const before = device.memory.total;
      const bad = Float32Array.from(batch.x, () => Number.NaN);
      await expectRefusal(
        () => step.profile({ ...batch, x: bad }),
        DataError,
        "step.run: input x must be finite",
      );
      await step.profile(batch);
      expect(device.memory.total).toBe(before);
      step.dispose();
      model.dispose();
    }));

  test("throws on a device without timestamps", async () => {
    const adapter = (await navigator.gpu.requestAdapter())!;
    const raw = await adapter.requestDevice();
    const device = await Device.from(raw);
    const model = new Tiny();
    const step = await trainingStep(device, model);
    const before = await bits(model);
    await expectRefusal(
      () => step.profile(batch),
      WebGpuLstmError,
      "step.profile: this device has no timestamps",
      "timestamp-query",
    );
    expect(await bits(model)).toEqual(before);
    device.dispose();
    raw.destroy();
  });
});
