/** A device's measured facts and timings, and that with given facts they do not change a run's numbers. */
import { afterEach, describe, expect, test } from "vitest";
import { type AdapterFacts, Device, manualSeed, nn, OptionError, optim } from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";
import { withDevice } from "./gpu.ts";
import { bits, Tiny } from "./tiny.ts";

afterEach(() => Device.forgetFacts());

/** Trains three steps of a layer that has a choice of versions; returns the results and the plan. */
async function train(device: Device) {
  manualSeed(0);
  const model = new Tiny(2, 24);
  const shapes = { x: [16, 5, 2], y: [16, 1] } as const;
  const optimizer = new optim.Adam(model.parameters());
  const step = await device.compile(({ x, y }) => ({ loss: new nn.MSELoss().forward(model.forward(x), y) }), {
    inputs: shapes,
    minimize: "loss",
    optimizer,
  });
  for (let run = 0; run < 3; run++) {
    const wave = (size: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(i + run));
    step.run({ x: wave(160), y: wave(16) });
  }
  const result = {
    plan: await step.describe(),
    choices: step.program.source.choices.made,
    weights: await bits(model),
  };
  step.dispose();
  model.dispose();
  return result;
}

/** Facts that make all predictions close: only barriers and dispatches cost anything. */
const undecided: AdapterFacts = {
  gflops: 1e6,
  gloads: 1e6,
  barrierMicros: 1e-3,
  dispatchMicros: 1,
  workgroups: 1,
  subgroupSize: 0,
  software: false,
};

/** Facts in a separate worker, with nothing in memory. */
async function factsInWorker(): Promise<AdapterFacts> {
  const worker = new Worker(new URL("./workers/facts.worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data as AdapterFacts);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
  } finally {
    worker.terminate();
  }
}

describe("facts", () => {
  test("persist between visits until forgotten", async () => {
    await Device.forgetFacts();
    const first = await factsInWorker();
    expect(await factsInWorker()).toEqual(first);
    await withDevice(async ({ facts }) => expect(facts).toEqual(first));
    await Device.forgetFacts();
    expect(await factsInWorker()).not.toEqual(first);
  });

  test("invalid stored facts are measured again", async () => {
    await factsInWorker();
    const [name] = (await caches.keys()).filter((key) => key.includes("webgpu-lstm"));
    const cache = await caches.open(name!);
    for (const request of await cache.keys()) {
      await cache.put(request, new Response(JSON.stringify({ gflops: "many" })));
    }
    expect((await factsInWorker()).gflops).toBeGreaterThan(0);
  });

  test("given facts are checked, including versions", async () => {
    const request = (facts: object) => () => Device.request({ facts: facts as AdapterFacts });
    await expectRefusal(request({ ...undecided, gloads: 0 }), OptionError, "facts: gloads", "positive");
    await expectRefusal(
      request({ ...undecided, versions: { "lstm forward": 7 } }),
      OptionError,
      "facts: versions must name a kernel version",
    );
    await expectRefusal(
      () => Device.request({ facts: undecided, calibrate: true }),
      OptionError,
      "facts and calibrate exclude each other",
    );
    await expectRefusal(
      () => Device.request({ calibrate: 1 as never }),
      OptionError,
      "calibrate",
      "true or false",
    );
  });
});

describe("calibrate", () => {
  test("times close versions, stores and reports them; the facts reproduce the same bits", async () => {
    const [timed, facts] = await withDevice(
      async (device) => {
        const result = await train(device);
        const { allocations } = device.memory;
        const again = await train(device);
        // Nothing is timed twice: the same program, and no buffer for trials.
        expect(again).toEqual(result);
        const ofProgram = device.memory.allocations - allocations;
        await train(device);
        expect(device.memory.allocations - allocations).toBe(2 * ofProgram);
        expect(allocations).toBeGreaterThan(ofProgram);
        return [result, structuredClone(device.facts)] as const;
      },
      { calibrate: true },
    );
    const measured = timed.choices.filter(({ reason }) => reason === "measured");
    expect(measured.length).toBeGreaterThan(0);
    expect(facts.versions).toEqual(Object.fromEntries(measured.map(({ what, version }) => [what, version])));
    for (const { what, version } of measured) {
      expect(timed.plan).toMatch(new RegExp(`${what.replaceAll(/[()+*]/g, ".")} +${version} +measured`));
    }

    await withDevice(
      async (device) => {
        const given = await train(device);
        expect(given.weights).toEqual(timed.weights);
        expect(given.plan).toBe(timed.plan);
      },
      { facts },
    );
    // A later device without calibration uses the timings.
    expect((await withDevice(train)).choices).toEqual(timed.choices);
    expect((await factsInWorker()).versions).toEqual(facts.versions);
  });

  test("without it predictions decide, after a pin", async () => {
    const predicted = await withDevice(train, { facts: undecided });
    expect(new Set(predicted.choices.map(({ reason }) => reason))).toEqual(new Set(["predicted"]));
    const pinned = await withDevice(train, { facts: undecided, versions: { recurrent: "cell" } });
    const recurrent = pinned.choices.filter(({ what }) => what.startsWith("lstm"));
    expect(recurrent.map(({ version, reason }) => [version, reason])).toEqual([
      ["cell", "pinned"],
      ["cell", "pinned"],
    ]);
    expect(pinned.plan).toContain("lstm_cell_forward");
    expect(predicted.plan).toContain("lstm_step_forward");
  });
});
