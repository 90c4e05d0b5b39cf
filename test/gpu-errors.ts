/** Every GPU object fails in turn: a named error comes, and never a number. Chromium and Node run the same tests. */
import { afterAll, describe, expect, test } from "vitest";
import {
  type AdapterFacts,
  Device,
  GpuError,
  nn,
  OutOfMemoryError,
  optim,
  type Tensor,
  Trainer,
  WebGpuLstmError,
} from "webgpu-lstm";
import { expectRefusal } from "./refusal.ts";
import { type Sabotage, sabotaged } from "./sabotage.ts";

const facts: AdapterFacts = {
  gflops: 50,
  barrierMicros: 10,
  dispatchMicros: 20,
  gloads: 1,
  workgroups: 2,
  subgroupSize: 0,
  software: true,
};

class Tiny extends nn.Module {
  readonly lstm = new nn.LSTM(2, 3, { batchFirst: true });
  readonly fc = new nn.Linear(3, 1);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}

const sines = (size: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(i));
const batch = (rows: number) => ({ x: sines(rows * 6), y: sines(rows) });

/** A training step for batches of four. */
function trainingStep(device: Device, model: Tiny) {
  const loss = new nn.MSELoss();
  const optimizer = new optim.Adam(model.parameters());
  return device.compile(({ x, y }) => ({ loss: loss.forward(model.forward(x), y) }), {
    inputs: { x: [4, 3, 2], y: [4, 1] },
    optimizer,
  });
}

/** What a user sees of a small run: its losses, then the weights. Compiles, runs a second shape, and reads. */
async function train(device: Device, model: Tiny): Promise<number[]> {
  const step = await trainingStep(device, model);
  const losses: number[] = [];
  for (const rows of [4, 4, 2, 4]) losses.push(await step.run(batch(rows)).loss.item());
  const weights = await model.stateDict();
  step.dispose();
  return [...losses, ...[...weights.values()].flatMap(({ data }) => [...data])];
}

/** Registers the tests for a runtime, given its `GPU`. */
export function gpuErrorTests(open: () => Promise<GPU>): void {
  const devices: Device[] = [];
  afterAll(() => {
    for (const device of devices) device.dispose();
  });

  async function deviceWith(sabotage: Sabotage) {
    const { gpu, native } = sabotaged(await open(), sabotage);
    const device = await Device.request({ gpu, facts });
    devices.push(device);
    return { device, native: native() };
  }

  /** Labels of the buffers that a run makes, in order. */
  async function labels(): Promise<string[]> {
    const made: string[] = [];
    const { device } = await deviceWith({
      refuseBuffer: (label) => {
        made.push(label);
        return false;
      },
    });
    const numbers = await train(device, new Tiny());
    expect(numbers.every(Number.isFinite)).toBe(true);
    device.dispose();
    return made;
  }

  let shared: { device: Device; sabotage: Sabotage } | undefined;

  /** Runs with a sabotage of the buffer of this number, and gives the error; on one device until that fails. */
  async function errorOf(kind: "refuseBuffer" | "exhaust" | "destroyBuffer", index: number): Promise<Error> {
    const sabotage: Sabotage = shared?.sabotage ?? {};
    shared ??= { device: (await deviceWith(sabotage)).device, sabotage };
    const { device } = shared;
    let made = 0;
    sabotage[kind] = () => made++ === index;
    const model = new Tiny();
    const error = await train(device, model).then(
      (numbers) => new Error(`${numbers.length} numbers came`),
      (thrown: Error) => thrown,
    );
    delete sabotage[kind];
    model.dispose();
    if (error.message.includes("Device.request()")) {
      device.dispose();
      shared = undefined;
    }
    return error;
  }

  test("every buffer that the GPU refuses, or has no memory for, or that is gone, is named", async () => {
    const made = await labels();
    const parts = ["parameters up to [12, 3]", "gradients", "optimizer state exp_avg", "input x", "uniforms"];
    parts.push("scalar results", "staging", " of gemm_", "unused bindings");
    // One buffer of every role.
    const examples = parts.map((part) => made.findIndex((label) => label.includes(part)));
    expect(Math.min(...examples)).toBeGreaterThanOrEqual(0);
    for (const [index, label] of made.entries()) {
      const earlier = made.slice(0, index).filter((other) => other === label).length;
      if (earlier > 1) continue;
      const refused = await errorOf("refuseBuffer", index);
      expect(refused, label).toBeInstanceOf(GpuError);
      expect(refused.message).toMatch(/^(device\.compile|step\.run|read|Parameter\.read): /);
      // Of several reads at once, one may hear what followed before the cause is answered.
      const isStaging = label.includes("staging");
      expect(refused.message).toContain(isStaging ? label : `refused ${label} (`);
      // The later shape's buffers fail like those of the first.
      if (earlier > 0) continue;

      const exhausted = await errorOf("exhaust", index);
      expect(exhausted, label).toBeInstanceOf(GpuError);
      if (!isStaging) {
        expect(exhausted.message).toContain(`no memory for ${label} (`);
        expect(exhausted.message).toMatch(/no memory for .* \(\w+, \d+ bytes\); in use: \d+ bytes/);
        expect(exhausted.message).toContain("the heap is full");
      }

      if (!examples.includes(index)) continue;
      const gone = await errorOf("destroyBuffer", index);
      expect(gone, label).toBeInstanceOf(GpuError);
      expect(gone.message).toContain("refused");
    }
  }, 240_000);

  test("a compilation without memory gives everything back, and can be tried again", async () => {
    const sabotage: Sabotage = {};
    const { device } = await deviceWith(sabotage);
    const model = new Tiny();
    const before = await model.stateDict();
    const stages = ["parameters up to", "gradients", "exp_avg_sq", "input y", " of gemm_", "scalar results"];
    for (const stage of stages) {
      sabotage.exhaust = (label) => label.includes(stage);
      const parts = ["device.compile: the GPU has no memory for", stage, "in use", "smaller batch"];
      await expectRefusal(() => trainingStep(device, model), OutOfMemoryError, ...parts);
      const { activation, input, output, uniform, staging } = device.memory.byRole;
      expect([activation, input, output, uniform, staging], stage).toEqual([0, 0, 0, 0, 0]);
      if (stage === "parameters up to") expect(device.memory.total).toBe(0);
    }
    delete sabotage.exhaust;
    expect(await model.stateDict()).toEqual(before);
    const numbers = await train(device, model);
    const { device: sound } = await deviceWith({});
    const twin = new Tiny();
    twin.loadStateDict(before);
    expect(numbers).toEqual(await train(sound, twin));
    model.dispose();
    expect(device.memory.total).toBe(0);
  });

  test("an optimizer's loaded state survives a compilation that fails", async () => {
    const sabotage: Sabotage = {};
    const { device } = await deviceWith(sabotage);
    const model = new Tiny();
    const optimizer = new optim.Adam(model.parameters());
    const loss = new nn.MSELoss();
    const compile = () =>
      device.compile(({ x, y }) => ({ loss: loss.forward(model.forward(x), y) }), {
        inputs: { x: [4, 3, 2], y: [4, 1] },
        optimizer,
      });
    const first = await compile();
    await first.run(batch(4)).loss.item();
    const state = await optimizer.stateDict();
    first.dispose();
    const restored = new optim.Adam(model.parameters());
    restored.loadStateDict(state);

    const fresh = new Tiny();
    const resumed = new optim.Adam(fresh.parameters());
    resumed.loadStateDict(state);
    sabotage.exhaust = (label) => label.includes("input y");
    const again = () =>
      device.compile(({ x, y }) => ({ loss: loss.forward(fresh.forward(x), y) }), {
        inputs: { x: [4, 3, 2], y: [4, 1] },
        optimizer: resumed,
      });
    await expectRefusal(again, OutOfMemoryError, "input y");
    sabotage.exhaust = (label) => label.includes("exp_avg");
    await expectRefusal(again, OutOfMemoryError, "exp_avg").catch(() => {});
    delete sabotage.exhaust;
    const step = await again();
    expect(await resumed.stateDict()).toEqual(state);
    step.dispose();
    for (const owner of [model, fresh]) owner.dispose();
  });

  describe("what is not a buffer", () => {
    const kernel = (label: string) => label.includes("adam");
    test.each([
      [
        "a shader",
        { breakShader: kernel },
        /kernel adam was refused by this GPU's driver: .*(WGSL|[Pp]ars)/s,
      ],
      ["a pipeline", { breakPipeline: kernel }, /kernel adam was refused by this GPU's driver/],
      [
        "a bind group",
        { breakBindGroup: kernel },
        /device.compile: the GPU refused the operands of kernel adam/,
      ],
    ] as [string, Sabotage, RegExp][])("%s", async (_, given, message) => {
      const sabotage = { ...given };
      const { device } = await deviceWith(sabotage);
      const model = new Tiny();
      const compiling = trainingStep(device, model);
      await expect(compiling).rejects.toThrow(GpuError);
      await expect(compiling).rejects.toThrow(message);
      const { activation, input, output, uniform } = device.memory.byRole;
      expect([activation, input, output, uniform]).toEqual([0, 0, 0, 0]);
      for (const name of Object.keys(sabotage)) delete sabotage[name as keyof Sabotage];
      expect((await train(device, model)).every(Number.isFinite)).toBe(true);
      device.dispose();
    });

    test("a kernel that only a later shape needs", async () => {
      const sabotage: Sabotage = {};
      const { device } = await deviceWith(sabotage);
      const step = await trainingStep(device, new Tiny());
      sabotage.breakBindGroup = () => true;
      const { loss } = step.run(batch(2));
      await expectRefusal(() => loss.item(), GpuError, "read: step.run: the GPU refused the operands");
      await expectRefusal(() => step.run(batch(4)), GpuError, "step.run", "Device.request()");
      device.dispose();
    });

    test("a submission, and then every call", async () => {
      const sabotage: Sabotage = {};
      const { device } = await deviceWith(sabotage);
      const model = new Tiny();
      const step = await trainingStep(device, model);
      const optimizer = new optim.Adam(model.parameters());
      const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
      expect(await step.run(batch(4)).loss.item()).toBeGreaterThan(0);
      let broken = 0;
      sabotage.breakSubmission = () => broken++ === 0;
      const { loss } = step.run(batch(4));
      const refuses = (call: () => unknown, where: string) =>
        expectRefusal(call, GpuError, where, "the GPU refused", "Device.request()", "state dict");
      await refuses(() => loss.item(), "read");
      await refuses(() => step.run(batch(4)), "step.run");
      await refuses(() => step.ask(batch(4), "loss"), "step.ask");
      await refuses(() => trainingStep(device, new Tiny()), "device.compile");
      await refuses(() => model.stateDict(), "Parameter.read");
      await refuses(() => trainer.fit([], { epochs: 1 }).next(), "Trainer.fit");
      await refuses(() => trainer.predict({ data: sines(6), shape: [1, 3, 2] }), "Trainer.predict");
      device.dispose();
      await trainer.dispose();
    });

    test("the measurement of an adapter's facts", async () => {
      await Device.forgetFacts();
      const { gpu } = sabotaged(await open(), { breakSubmission: () => true });
      await expectRefusal(() => Device.request({ gpu }), GpuError, "Device", "the GPU refused");
    });
  });

  describe("an app's own device", () => {
    async function borrowed(sabotage: Sabotage) {
      const { gpu, native } = sabotaged(await open(), sabotage);
      await (await gpu.requestAdapter())!.requestDevice();
      const app: string[] = [];
      native().addEventListener("uncapturederror", (event) => {
        event.preventDefault();
        app.push(event.error.message);
      });
      return { native: native(), app, device: await Device.from(native(), { facts }) };
    }

    test("keeps its own errors, and does not see the library's", async () => {
      const sabotage: Sabotage = {};
      const { native, app, device } = await borrowed(sabotage);
      const model = new Tiny();
      const step = await trainingStep(device, model);
      native.createBuffer({ size: 16, usage: 0xffff, label: "the app's" });
      expect(await step.run(batch(4)).loss.item()).toBeGreaterThan(0);
      expect(app).toHaveLength(1);
      // Firefox and Deno leave the label out.
      expect(app[0]).toMatch(/the app's|Features|BufferUsages/);

      sabotage.breakSubmission = () => true;
      const { loss } = step.run(batch(4));
      await expectRefusal(() => loss.item(), GpuError, "read", "the GPU refused");
      delete sabotage.breakSubmission;
      await expectRefusal(() => step.run(batch(4)), GpuError, "step.run");
      expect(app).toHaveLength(1);
      device.dispose();
      native.destroy();
    });
  });

  test("an error after dispose() is nobody's", async () => {
    const { device, native } = await deviceWith({});
    const model = new Tiny();
    const step = await trainingStep(device, model);
    device.dispose();
    native.dispatchEvent(
      new GPUUncapturedErrorEvent("uncapturederror", { error: new GPUValidationError("too late") }),
    );
    let thrown: unknown;
    try {
      step.run(batch(4));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(WebGpuLstmError);
    expect(String(thrown)).not.toContain("too late");
  });
}
