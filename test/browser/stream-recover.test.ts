/** A stream whose device is lost goes on with another one, and answers with the bits of an undisturbed stream. */
import { describe, expect, test } from "vitest";
import {
  Device,
  DeviceLostError,
  DisposedError,
  Generator,
  manualSeed,
  nn,
  OptionError,
  Stream,
  type StreamOptions,
  type Tensor,
} from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";
import { facts, lose, own, request } from "./lost-devices.ts";
import { values } from "./tiny.ts";

/** Two layers with states of their own, a buffer, and a head. */
class Mixed extends nn.Module {
  readonly lstm = new nn.LSTM(3, 5, { numLayers: 2, batchFirst: true });
  readonly gru = new nn.GRU(5, 4, { batchFirst: true });
  readonly fc = new nn.Linear(4, 2);
  readonly factor = new nn.Buffer([1], Float32Array.of(1.5));

  forward(x: Tensor, state?: { layers: [{ h: Tensor; c: Tensor }, Tensor] }) {
    const first = this.lstm.forward(x, state?.layers[0]);
    const second = this.gru.forward(first.output, state?.layers[1]);
    return {
      output: this.fc.forward(second.output.select(1, -1)).mul(this.factor),
      state: { layers: [first.state, second.state] },
    };
  }
}

const T = 40;
const N = 3;

/** What happens before a step is called. */
type Before = (stream: Stream, t: number) => void;

/** The answers of T steps, of which so many are under way at a time; some streams are reset now and then. */
async function answers(options: StreamOptions, atOnce: number, before: Before = () => {}) {
  manualSeed(4);
  const model = new Mixed();
  const stream = await Stream.open(await request(), model, { streams: N, input: [3], ...options });
  const pending: Promise<{ data: ArrayLike<number> }>[] = [];
  const row = new Float32Array(N * 3);
  for (let t = 0; t < T; t++) {
    if (t % 7 === 5) stream.reset([t % N]);
    before(stream, t);
    row.set(values([N, 3], t));
    pending.push(stream.step(row));
    if (t % atOnce === atOnce - 1) await Promise.all(pending);
  }
  const read = await Promise.all(pending);
  own(stream.device);
  stream.dispose();
  const weights = await model.fc.weight.read();
  expect(stream.device.memory.byRole.activation).toBe(0);
  model.dispose();
  return [...read.map(({ data }) => [...Array.from(data)]), weights];
}

describe("onDeviceLost: recover", () => {
  test.each([
    ["a copy of every step, one at a time", 1, 1],
    ["a copy every 5 steps, up to 12 at a time", 5, 12],
    ["the first copy alone, all at a time", 1000, T],
  ])("answers with the same bits: %s", { timeout: 120_000 }, async (name, keepEvery, atOnce) => {
    const undisturbed = await answers({}, atOnce);
    expect(await answers({ onDeviceLost: "recover", keepEvery }, atOnce)).toEqual(undisturbed);
    const generator = new Generator(name.length);
    for (let round = 0; round < 3; round++) {
      const losses = [0, 1].map(() => generator.random() % T);
      let lost = 0;
      const losing: Before = (stream, t) => {
        if (!losses.includes(t)) return;
        lost++;
        lose(stream);
      };
      const disturbed = await answers({ onDeviceLost: "recover", keepEvery }, atOnce, losing);
      expect(disturbed, `losses before ${losses}`).toEqual(undisturbed);
      expect(lost).toBeGreaterThan(0);
    }
  });

  test("when it is lost between steps, while it waits, and while it moves", {
    timeout: 120_000,
  }, async () => {
    const undisturbed = await answers({}, 4);
    let given = 0;
    const onDeviceLost = async () => {
      const device = await request();
      // The first two are lost at once: before and while the step compiles.
      if (++given === 1) device.gpu.destroy();
      if (given === 2) setTimeout(() => device.gpu.destroy(), 5);
      return device;
    };
    const disturbed = await answers({ onDeviceLost, keepEvery: 3 }, 4, (stream, t) => {
      if (t === 13) setTimeout(() => lose(stream));
    });
    expect(disturbed).toEqual(undisturbed);
    expect(given).toBe(3);
  });

  test("the model keeps its parameters, and values that were set before the copy", {
    timeout: 60_000,
  }, async () => {
    const run = async (loses: boolean) => {
      manualSeed(4);
      const model = new Mixed();
      const { weight } = model.fc;
      const stream = await Stream.open(await request(), model, {
        streams: N,
        input: [3],
        onDeviceLost: "recover",
        keepEvery: 2,
      });
      await stream.step(values([N, 3], 0));
      weight.write(values([2, 4], 5));
      await stream.step(values([N, 3], 1));
      const kept = stream.device;
      // The copy arrives with the next answer, at the latest.
      await stream.step(values([N, 3], 2));
      if (loses) lose(stream);
      const { data } = await stream.step(values([N, 3], 3));
      expect(stream.device !== kept).toBe(loses);
      expect(model.fc.weight).toBe(weight);
      own(stream.device);
      stream.dispose();
      model.dispose();
      return data;
    };
    expect(await run(true)).toEqual(await run(false));
  });
});

test("without it, and after so many losses, steps reject with the loss", { timeout: 60_000 }, async () => {
  for (const options of [{}, { onDeviceLost: "recover", maxRecoveries: 1 }] as const) {
    const model = new Mixed();
    const stream = await Stream.open(await request(), model, { streams: N, input: [3], ...options });
    const step = () => stream.step(values([N, 3], 0));
    await step();
    lose(stream);
    if ("maxRecoveries" in options) {
      await step();
      lose(stream);
    }
    await expectRefusal(step, DeviceLostError, "destroyed");
    await expectRefusal(step, DeviceLostError, "destroyed");
    stream.dispose();
    model.dispose();
  }
});

test("a stream that is disposed while it recovers rejects its steps, and leaves no memory", {
  timeout: 60_000,
}, async () => {
  const model = new Mixed();
  let device: Device | undefined;
  const onDeviceLost = async () => {
    device = await request();
    stream.dispose();
    return device;
  };
  const stream = await Stream.open(await request(), model, { streams: N, input: [3], onDeviceLost });
  lose(stream);
  await expectRefusal(() => stream.step(values([N, 3], 0)), DisposedError, "the stream was disposed");
  model.dispose();
  await device!.idle();
  expect(device!.memory.total).toBe(0);
});

test("one that is disposed while a device is requested leaves no device, and its model in memory", {
  timeout: 60_000,
}, async () => {
  const natives: GPUDevice[] = [];
  let whileRequested = () => {};
  const requestAdapter = async () => {
    const adapter = (await navigator.gpu.requestAdapter())!;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      whileRequested();
      natives.push(await requestDevice(descriptor));
      return natives.at(-1)!;
    };
    return adapter;
  };
  const device = await Device.request({ gpu: { requestAdapter } as GPU, facts });
  const model = new Mixed();
  const stream = await Stream.open(device, model, { streams: N, input: [3], onDeviceLost: "recover" });
  const before = await model.fc.weight.read();
  whileRequested = () => stream.dispose();
  lose(stream);
  await expectRefusal(() => stream.step(values([N, 3], 0)), DisposedError, "the stream was disposed");
  expect(natives).toHaveLength(2);
  expect((await natives[1]!.lost).reason).toBe("destroyed");
  expect(stream.device).toBe(device);
  expect(await model.fc.weight.read()).toEqual(before);
  model.dispose();
});

test.each(["stream", "model"] as const)(
  "steps after the %s is disposed reject by name, all at once",
  {
    timeout: 60_000,
  },
  async (what) => {
    const model = new Mixed();
    const stream = await Stream.open(await request(), model, {
      streams: N,
      input: [3],
      onDeviceLost: "recover",
    });
    const steps = Array.from({ length: 12 }, (_, t) => stream.step(values([N, 3], t)));
    const late = Promise.allSettled(steps.slice(8));
    void Promise.allSettled(steps);
    (what === "stream" ? stream : model).dispose();
    const start = performance.now();
    for (const step of await late) {
      expect(step).toMatchObject({ status: "rejected", reason: expect.any(DisposedError) });
    }
    expect(performance.now() - start).toBeLessThan(1000);
    stream.dispose();
    model.dispose();
  },
);

test("refuses what is no device in place of one", { timeout: 60_000 }, async () => {
  const model = new Mixed();
  const onDeviceLost = wrong(() => {});
  const stream = await Stream.open(await request(), model, { streams: N, input: [3], onDeviceLost });
  lose(stream);
  const step = () => stream.step(values([N, 3], 0));
  await expectRefusal(step, OptionError, "onDeviceLost: expected a Device, got undefined; return");
  stream.dispose();
  model.dispose();
});

test("refuses other settings, and a device that it cannot request again", async () => {
  const device = await request();
  const model = new Mixed();
  const open = (options: object, on = device) => Stream.open(on, model, wrong({ input: [3], ...options }));
  await expectRefusal(
    () => open({ onDeviceLost: "again" }),
    OptionError,
    "Stream.open: onDeviceLost",
    'got "again"',
  );
  await expectRefusal(
    () => open({ onDeviceLost: "recover", keepEvery: 0 }),
    OptionError,
    "keepEvery",
    "got 0",
  );
  await expectRefusal(() => open({ maxRecoveries: -1 }), OptionError, "maxRecoveries", "got -1");
  // They would not count.
  await expectRefusal(() => open({ keepEvery: 8 }), OptionError, "keepEvery", "need onDeviceLost");
  await expectRefusal(
    () => open({ onDeviceLost: "throw", maxRecoveries: 1 }),
    OptionError,
    "need onDeviceLost",
  );
  const adopted = await Device.from(await (await navigator.gpu.requestAdapter())!.requestDevice(), { facts });
  own(adopted);
  await expectRefusal(() => open({ onDeviceLost: "recover" }, adopted), OptionError, "Device.from");
  model.dispose();
});
