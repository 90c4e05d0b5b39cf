/** What nobody can reach gives its GPU memory back; what somebody can reach keeps it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Device, nn, optim, type Result, type Tensor } from "webgpu-lstm";
import { openGpu } from "../../tools/node-device.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const facts = {
  gflops: 50,
  barrierMicros: 10,
  dispatchMicros: 20,
  gloads: 1,
  workgroups: 2,
  subgroupSize: 0,
  software: true,
};

let device: Device;
beforeAll(async () => {
  device = await Device.request({ gpu: await openGpu(), facts });
});
afterAll(() => device.dispose());

/** Collects garbage until `holds`, and gives whether it came to that. */
async function comesTo(holds: () => boolean): Promise<boolean> {
  for (let i = 0; i < 50 && !holds(); i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return holds();
}

const batch = (rows: number) => ({ x: new Float32Array(rows * 3).fill(0.5), y: new Float32Array(rows * 2) });

function compileFor(model: nn.Linear, optimizer: optim.Adam, shapeBudget = 2 ** 26) {
  const loss = new nn.MSELoss();
  return device.compile(
    ({ x, y }: Readonly<Record<string, Tensor>>) => {
      const pred = model.forward(x!);
      return { loss: loss.forward(pred, y!), pred };
    },
    { inputs: { x: [4, 3], y: [4, 2] }, optimizer, minimize: "loss", shapeBudget },
  );
}

/** Trains a model of its own and forgets it. */
async function trainAndForget(): Promise<void> {
  const model = new nn.Linear(3, 2);
  const step = await compileFor(model, new optim.Adam(model.parameters()));
  await step.run(batch(4)).loss.item();
  await model.weight.read();
}

test("models, optimizers and steps that nobody can reach", async () => {
  for (let i = 0; i < 3; i++) await trainAndForget();
  expect(await comesTo(() => device.memory.total === 0), JSON.stringify(device.memory)).toBe(true);
});

test("an optimizer goes before its model, with its state alone", async () => {
  const model = new nn.Linear(3, 2);
  const trained = async () => {
    const step = await compileFor(model, new optim.Adam(model.parameters()));
    await step.run(batch(4)).loss.item();
    step.dispose();
  };
  for (let i = 0; i < 3; i++) await trained();
  expect(await comesTo(() => device.memory.byRole.optimizer === 0)).toBe(true);
  const { parameter, gradient } = device.memory.byRole;
  expect(Math.min(parameter, gradient)).toBeGreaterThan(0);
  expect((await model.weight.read()).data.every(Number.isFinite)).toBe(true);
  model.dispose();
  expect(device.memory.total).toBe(0);
});

test("what a result or a step still reaches stays", async () => {
  const held: { result?: Result; step?: Awaited<ReturnType<typeof compileFor>> } = {};
  const start = async () => {
    const model = new nn.Linear(3, 2);
    held.step = await compileFor(model, new optim.Adam(model.parameters()));
    held.result = held.step.run(batch(4)).pred;
  };
  await start();
  const { total } = device.memory;
  expect(await comesTo(() => device.memory.total < total)).toBe(false);
  const before = await held.result!.read();
  delete held.step;
  await comesTo(() => device.memory.byRole.optimizer === 0);
  expect(await held.result!.read()).toEqual(before);
  delete held.result;
  expect(await comesTo(() => device.memory.total === 0)).toBe(true);
});

test("a result of a program that was given up keeps its buffer as long as somebody has it", async () => {
  const model = new nn.Linear(3, 2);
  const step = await compileFor(model, new optim.Adam(model.parameters()), 0);
  const held: { result?: Result } = { result: step.run(batch(8)).pred };
  for (const rows of [16, 32]) await step.run(batch(rows)).loss.item();
  const live = () => device.memory.byRole.activation;
  collect();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const kept = live();
  expect((await held.result!.read()).data.every(Number.isFinite)).toBe(true);
  delete held.result;
  expect(await comesTo(() => live() < kept)).toBe(true);
  step.dispose();
  model.dispose();
  expect(device.memory.total).toBe(0);
});
