/** Use after dispose(), a lost device, and an app's own device: each error names the call. */
import { describe, expect, test } from "vitest";
import { Device, DeviceLostError, DisposedError, type FitOptions, nn, optim, Trainer } from "webgpu-lstm";
import { expectRefusal, refusals } from "../refusal.ts";
import { loader, setUp } from "./fit-case.ts";
import { withDevice } from "./gpu.ts";
import { Tiny, tinyShapes, trainingStep, values } from "./tiny.ts";

const batch = { x: values(tinyShapes.x), y: values(tinyShapes.y) };
const criterion = new nn.MSELoss();

describe("disposed", () => {
  test("a step, its results, and a model", () =>
    withDevice(async (device) => {
      const model = new Tiny();
      const step = await trainingStep(device, model);
      const other = await trainingStep(device, model);
      const { loss } = step.run(batch);
      step.dispose();
      await expectRefusal(() => step.run(batch), DisposedError, "step.run: the step was disposed");
      await expectRefusal(() => step.describe(), DisposedError, "step.describe");
      await expectRefusal(() => loss.item(), DisposedError, "Result.item");
      expect(step.bytes).toBe(0);
      expect(await other.run(batch).loss.item()).toBeGreaterThan(0);

      model.dispose();
      const refuses = refusals(device);
      await refuses(() => other.run(batch), DisposedError, "step.run", "model was disposed");
      await refuses(() => trainingStep(device, model), DisposedError, "device.compile", "model was disposed");
      await refuses(() => model.stateDict(), DisposedError, "Module.stateDict: this Tiny was disposed");
      await refuses(() => model.loadStateDict(new Map()), DisposedError, "Module.loadStateDict");
      other.dispose();
      step.dispose();
      model.dispose();
    }));

  test("a device", async () => {
    const device = await Device.request();
    const model = new Tiny();
    const step = await trainingStep(device, model);
    const { loss } = step.run(batch);
    const reading = expectRefusal(() => loss.item(), DisposedError, "the device was disposed");
    device.dispose();
    await reading;
    expect(device.memory.total).toBe(0);
    await refusesAllWork(device, model, step, DisposedError, "the device was disposed", "request a new one");
    for (const owner of [step, model, device]) owner.dispose();
  });
});

describe("disposed while fit runs", () => {
  const moments: Record<string, (act: () => void) => Partial<FitOptions>> = {
    "while it compiles": (act) => {
      setTimeout(act);
      return {};
    },
    "after a batch": (act) => ({ callbacks: [{ onBatchEnd: ({ batch }) => void (batch === 2 && act()) }] }),
    "while it waits for losses": (act) => ({
      callbacks: [{ onBatchEnd: ({ epoch, batch }) => void (epoch === 2 && batch === 3 && setTimeout(act)) }],
    }),
    "between epochs": (act) => ({ callbacks: [{ onSettled: (_, report) => void (report && act()) }] }),
  };
  for (const what of ["trainer", "model", "device"] as const) {
    for (const [when, options] of Object.entries(moments)) {
      test(`the ${what}, ${when}: the error says what`, async () => {
        const device = await Device.request();
        const parts = { device, ...setUp(device) };
        const act = () => void parts[what].dispose();
        const fitting = parts.trainer.fit(loader, { epochs: 4000, ...options(act) });
        await expectRefusal(() => fitting, DisposedError, "Trainer.fit", `the ${what} was disposed`);
        await parts.dispose();
        device.dispose();
        expect(device.memory.total).toBe(0);
      });
    }
  }
});

test("a lost device throws with the reason and advice", async () => {
  const { native, device } = await borrowed();
  const model = new Tiny();
  const step = await trainingStep(device, model);
  const { loss } = step.run(batch);
  const reading = expectRefusal(
    () => loss.item(),
    DeviceLostError,
    "GPU device was lost",
    "Device.request()",
  );
  native.destroy();
  await reading;
  const error = await device.lost;
  expect(error).toBeInstanceOf(DeviceLostError);
  expect(error.message).toContain("destroyed");
  await refusesAllWork(device, model, step, DeviceLostError, "destroyed", "Device.request()", "state dict");
  await expectRefusal(() => Device.from(native), DeviceLostError, "Device.from", "destroyed");
  for (const owner of [step, model, device]) owner.dispose();
  expect(device.memory.total).toBe(0);
});

test("dispose() keeps an app's own device alive and does not report a loss", async () => {
  const { native, device } = await borrowed();
  const model = new Tiny();
  const step = await trainingStep(device, model);
  expect(await step.run(batch).loss.item()).toBeGreaterThan(0);
  let lost = false;
  device.lost.then(() => {
    lost = true;
  });
  for (const owner of [step, model, device]) owner.dispose();

  const buffer = native.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  native.queue.writeBuffer(buffer, 0, Float32Array.of(1, 2, 3, 4));
  await buffer.mapAsync(GPUMapMode.READ);
  expect([...new Float32Array(buffer.getMappedRange())]).toEqual([1, 2, 3, 4]);

  // A second Device on the same GPUDevice.
  const again = await Device.from(native);
  const twin = new Tiny();
  const twinStep = await trainingStep(again, twin);
  expect(await twinStep.run(batch).loss.item()).toBeGreaterThan(0);
  for (const owner of [twinStep, twin, again]) owner.dispose();
  expect(lost).toBe(false);
  native.destroy();
});

/** A GPUDevice owned by an app, and a Device on it. */
async function borrowed(): Promise<{ native: GPUDevice; device: Device }> {
  const adapter = await navigator.gpu.requestAdapter();
  const native = await adapter!.requestDevice();
  return { native, device: await Device.from(native) };
}

/** Expects every call that needs the GPU to throw `type` and name itself. */
async function refusesAllWork(
  device: Device,
  model: Tiny,
  step: { run(values: typeof batch): unknown },
  type: typeof DisposedError,
  ...parts: readonly string[]
): Promise<void> {
  const trainer = new Trainer(device, model, {
    loss: criterion,
    optimizer: new optim.Adam(model.parameters()),
  });
  const x = { data: batch.x, shape: tinyShapes.x };
  const state = new Map(
    [...model.namedParameters()].map(([name, { shape }]) => [name, { shape, data: values(shape) }]),
  );
  const refuses = (call: () => unknown, where: string) => expectRefusal(call, type, where, ...parts);
  await refuses(() => step.run(batch), "step.run");
  await refuses(() => trainingStep(device, new Tiny()), "device.compile");
  await refuses(() => model.stateDict(), "Parameter.read");
  await refuses(() => model.loadStateDict(state), "Parameter.write");
  await refuses(() => trainer.fit([], { epochs: 1 }).next(), "Trainer.fit");
  await refuses(() => trainer.evaluate([]), "Trainer.evaluate");
  await refuses(() => trainer.predict(x), "Trainer.predict");
  await trainer.dispose();
}
