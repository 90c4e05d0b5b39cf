/** On hardware the versions of recurrent layers are compared with `cell` and timed before they are used. SwiftShader stands for it. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Device, manualSeed, nn, optim, type Tensor } from "webgpu-lstm";
import { asHardware } from "../hardware.ts";
import { idle, type Sabotage, sabotaged } from "../sabotage.ts";
import { sharedGpu } from "./shared-gpu.ts";

/** Kernels that nothing alters compile once. */
const gpu = sharedGpu(navigator.gpu);

const warn = vi.spyOn(console, "warn").mockImplementation(() => {});

beforeEach(() => Device.forgetFacts());
afterEach(() => {
  warn.mockClear();
  return Device.forgetFacts();
});

const open = (sabotage: Sabotage = {}) =>
  Device.request({ gpu: asHardware(sabotaged(gpu, sabotage).gpu), selfTest: false });

type Layer = nn.LSTM | nn.GRU | nn.RNN;

/** Trains a step of a layer, or runs it; the results, the choices, and the plan in words. */
async function run(device: Device, layer: Layer, train = true, T = 6) {
  const x = Float32Array.from({ length: T * 3 * 2 }, (_, i) => Math.sin(i));
  const forward = (input: Tensor) => {
    const { output } = layer.forward(input);
    return output.mul(output).mean();
  };
  const optimizer = new optim.SGD(layer.parameters(), { lr: 1 });
  const inputs = { x: [T, 3, 2] } as const;
  const step = train
    ? await device.compile((given) => ({ loss: forward(given.x) }), { inputs, optimizer })
    : await device.compile((given) => ({ loss: forward(given.x) }), { inputs });
  const loss = await step.run({ x }).loss.item();
  const state = await layer.stateDict();
  const { made } = step.program.source.choices;
  const recurrent = made.filter(({ what }) => /^(lstm|gru|rnn|tanh|relu) \w+, I/.test(what));
  const described = await step.describe();
  step.dispose();
  return { loss, state, recurrent, described };
}

/** A layer of few units, the same every time. */
function seeded(make: () => Layer): Layer {
  manualSeed(7);
  return make();
}

describe("on hardware", () => {
  test.each([
    ["LSTM", () => new nn.LSTM(2, 5, { bidirectional: true }), true],
    ["GRU", () => new nn.GRU(2, 5, { bidirectional: true }), true],
    ["RNN", () => new nn.RNN(2, 5), true],
    ["RNN with ReLU", () => new nn.RNN(2, 5, { nonlinearity: "relu", bias: false }), true],
    ["LSTM without training", () => new nn.LSTM(2, 5), false],
  ] as const)("versions agree, and the fastest is kept: %s", async (_, make, train) => {
    const device = await open();
    const once = async () => {
      const layer = seeded(make);
      const result = await run(device, layer, train);
      layer.dispose();
      return result;
    };
    let first = await once();
    expect(first.recurrent[0]!.reason).toBe("measured");
    // What there was no time for is timed by a later compilation.
    const isMissing = () => first.recurrent.some(({ reason }) => reason === "predicted");
    for (let i = 0; i < 8 && isMissing(); i++) first = await once();
    expect(warn).not.toHaveBeenCalled();
    expect(device.facts.wrong).toEqual({});
    expect(first.recurrent.length).toBeGreaterThan(train ? 1 : 0);
    for (const { what, version, reason, micros } of first.recurrent) {
      expect(reason, what).toBe("measured");
      expect(Object.keys(micros).sort(), what).toEqual(["cell", "sequence", "sequence4", "split", "step"]);
      expect(device.facts.versions![what]).toBe(version);
    }
    // Nothing is measured twice.
    const { allocations } = device.memory;
    expect((await once()).recurrent).toEqual(first.recurrent);
    const made = device.memory.allocations - allocations;
    await once();
    expect(device.memory.allocations - allocations).toBe(2 * made);
    expect(device.memory.total).toBe(0);
    device.dispose();
  });

  test("packed sequences are compared by their lengths", async () => {
    const { packPaddedSequence, padPackedSequence } = nn.utils.rnn;
    const device = await open({
      alterShader: (label, code) =>
        label === "lstm_step_forward" ? code.replace("f32(time) < lengths", "f32(time) <= lengths") : code,
    });
    const layer = seeded(() => new nn.LSTM(2, 5));
    await run(device, layer, false);
    expect(device.facts.wrong).toEqual({});
    const step = await device.compile(
      ({ x }) => {
        const packed = packPaddedSequence(x, [5, 2, 1]);
        return { output: padPackedSequence(layer.forward(packed).output).output };
      },
      { inputs: { x: [6, 3, 2] } },
    );
    expect(device.facts.wrong).toEqual({ "lstm forward": ["step"] });
    step.dispose();
    layer.dispose();
    device.dispose();
  });

  test.each([
    ["step", "lstm_step_forward", "lstm forward"],
    ["step", "lstm_step_backward", "lstm backward"],
    ["split", "lstm_split_forward", "lstm forward"],
    ["split", "lstm_split_backward", "lstm backward"],
    ["sequence", "lstm_sequence_forward", "lstm forward"],
    ["sequence", "lstm_sequence_backward", "lstm backward"],
  ])("a `%s` that is wrong is left out and named: %s", async (version, kernel, of) => {
    const plain = seeded(() => new nn.LSTM(2, 5, { numLayers: 2 }));
    const software = await Device.request({ gpu, versions: { recurrent: "cell" } });
    const wanted = await run(software, plain);
    software.dispose();
    const device = await open({
      alterShader: (label, code) => (label === kernel ? idle(kernel, code) : code),
    });
    const layer = seeded(() => new nn.LSTM(2, 5, { numLayers: 2 }));
    const got = await run(device, layer);
    expect(got.loss).toBeCloseTo(wanted.loss, 6);
    for (const [name, { data }] of wanted.state) {
      for (const [i, value] of data.entries()) expect(got.state.get(name)!.data[i]).toBeCloseTo(value, 5);
    }
    expect(device.facts.wrong).toEqual({ [of]: [version] });
    expect(got.described).toMatch(new RegExp(`left out of ${of}, .*, as wrong on this adapter: ${version}`));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toMatch(
      new RegExp(
        `version ${version} of ${of}, I \\d, H 5.* is wrong on a vendor .*differs by .*update the graphics driver`,
      ),
    );
    // Another size is not compared again, and does not use it either.
    const longer = seeded(() => new nn.LSTM(2, 5, { numLayers: 2 }));
    const { recurrent } = await run(device, longer, true, 20);
    expect(recurrent.find(({ what }) => what.startsWith(of))).toMatchObject({ wrong: [version] });
    expect(warn).toHaveBeenCalledTimes(1);
    for (const one of [layer, longer]) one.dispose();
    device.dispose();
    // So does a later device.
    const later = await open();
    expect(later.facts.wrong).toEqual({ [of]: [version] });
    later.dispose();
  });

  test("a version that the driver does not compile is left out", async () => {
    const device = await open({ breakShader: (label) => label === "lstm_step_forward" });
    const layer = seeded(() => new nn.LSTM(2, 5));
    const { recurrent } = await run(device, layer, false);
    expect(recurrent.map(({ version }) => version)).not.toContain("step");
    expect(device.facts.wrong).toEqual({ "lstm forward": ["step"] });
    expect(warn.mock.calls[0]![0]).toContain("was refused by this GPU's driver");
    layer.dispose();
    expect(device.memory.total).toBe(0);
    device.dispose();
  });

  test("with given facts nothing is compared, and their verdicts hold", async () => {
    const device = await open();
    const layer = seeded(() => new nn.LSTM(2, 5));
    const { recurrent } = await run(device, layer, false);
    const { what } = recurrent[0]!;
    const facts = { ...device.facts, versions: { [what]: "sequence" }, wrong: { "lstm forward": ["step"] } };
    device.dispose();
    const given = await Device.request({ gpu, facts });
    const planned = await run(
      given,
      seeded(() => new nn.LSTM(2, 5)),
      false,
    );
    expect(planned.recurrent[0]).toMatchObject({ version: "sequence", reason: "measured", wrong: ["step"] });
    expect(planned.described).toContain("lstm_sequence_forward");
    given.dispose();
    const pinned = await Device.request({ gpu, facts, versions: { recurrent: "step" } });
    const { described } = await run(
      pinned,
      seeded(() => new nn.LSTM(2, 5)),
      false,
    );
    expect(described).toMatch(/pinned for lstm forward, .*, though wrong on this adapter: step/);
    expect(described).not.toContain("left out");
    pinned.dispose();
  });
});

test("software adapters choose by predictions", async () => {
  const device = await Device.request();
  const layer = seeded(() => new nn.LSTM(2, 5));
  const { recurrent } = await run(device, layer);
  expect(recurrent.map(({ reason }) => reason)).toEqual(["predicted", "predicted"]);
  for (const { micros } of recurrent) expect(Object.keys(micros)).not.toContain("sequence");
  expect(device.facts).toMatchObject({ versions: {}, wrong: {} });
  layer.dispose();
  device.dispose();
});
