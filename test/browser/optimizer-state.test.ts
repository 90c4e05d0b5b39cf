/** Optimizer state: saved and loaded bit for bit, separate by group and parameter, one dispatch a range. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Device, DisposedError, nn, optim, StateDictError } from "webgpu-lstm";
import { expectRefusal } from "../refusal.ts";
import { gradientStep, lossOf, parametersOf } from "./given-gradients.ts";
import { GpuFrame, withDevice } from "./gpu.ts";
import { bits, Tiny, tinyShapes, values } from "./tiny.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const makers: Record<string, (list: nn.Parameter[]) => optim.Optimizer> = {
  Adam: (list) => new optim.Adam(list, { amsgrad: true, weightDecay: 0.01 }),
  AdamW: (list) => new optim.AdamW(list, { lr: 0.01 }),
  SGD: (list) => new optim.SGD(list, { momentum: 0.9, dampening: 0.3, lr: 0.1 }),
  "SGD without momentum": (list) => new optim.SGD(list, { lr: 0.1 }),
  RMSprop: (list) => new optim.RMSprop(list, { centered: true, momentum: 0.5 }),
  Adagrad: (list) => new optim.Adagrad(list, { lrDecay: 0.1, initialAccumulatorValue: 0.2 }),
  NAdam: (list) => new optim.NAdam(list, { momentumDecay: 0.1 }),
  RAdam: (list) => new optim.RAdam(list, { betas: [0.8, 0.9], weightDecay: 0.1, decoupledWeightDecay: true }),
  Adadelta: (list) => new optim.Adadelta(list, { rho: 0.8, maximize: true }),
  Adamax: (list) => new optim.Adamax(list, { lr: 0.01, weightDecay: 0.01 }),
  ASGD: (list) => new optim.ASGD(list, { lambd: 0.01, t0: 4 }),
  Rprop: (list) => new optim.Rprop(list, { lr: 0.02 }),
};

/** A model with a layout other than PyTorch's on the GPU, in two groups; the second has its own learning rate. */
function training(device: Device, model: Tiny, make: (list: nn.Parameter[]) => optim.Optimizer) {
  const optimizer = make(model.lstm.parameters());
  optimizer.addParamGroup({ params: model.fc.parameters(), lr: 0.05 } as never);
  const criterion = new nn.MSELoss();
  const compile = () =>
    device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
      inputs: tinyShapes,
      minimize: "loss",
      optimizer,
    });
  return { optimizer, compile };
}

const batch = (t: number) => ({ x: values(tinyShapes.x, t), y: values(tinyShapes.y, 2 * t) });

describe.each(Object.entries(makers))("%s", (_, make) => {
  test("ten steps give the same bits as five, saving and loading, and five more", async () => {
    await frame.run(async (device) => {
      const model = new Tiny();
      const start = await model.stateDict();
      const { optimizer, compile } = training(device, model, make);
      const step = await compile();
      for (let t = 0; t < 5; t++) step.run(batch(t));
      const [weights, state] = await Promise.all([model.stateDict(), optimizer.stateDict()]);
      for (let t = 5; t < 10; t++) step.run(batch(t));
      const expected = await bits(model);
      const expectedState = await optimizer.stateDict();

      // Loads before the parameters are on the device, and after other steps there.
      for (const trained of [false, true]) {
        const other = new Tiny();
        other.loadStateDict(start);
        const resumed = training(device, other, make);
        let otherStep = trained ? await resumed.compile() : null;
        if (trained) for (let t = 20; t < 23; t++) otherStep!.run(batch(t));
        other.loadStateDict(weights);
        resumed.optimizer.loadStateDict(state);
        expect(await resumed.optimizer.stateDict()).toEqual(state);
        otherStep ??= await resumed.compile();
        for (let t = 5; t < 10; t++) otherStep.run(batch(t));
        expect(await bits(other)).toEqual(expected);
        expect(await resumed.optimizer.stateDict()).toEqual(expectedState);
        otherStep.dispose();
        other.dispose();
      }
      step.dispose();
      model.dispose();
    });
  });
});

test("an unsuitable state dict changes neither settings nor buffers on the device", async () => {
  await frame.run(async (device) => {
    const model = new Tiny();
    const { optimizer, compile } = training(device, model, makers["Adam"]!);
    const step = await compile();
    step.run(batch(0));
    const before = await optimizer.stateDict();
    const bad = structuredClone(before) as {
      state: Record<number, Record<string, unknown>>;
      param_groups: never;
    };
    bad.state[0]!["exp_avg"] = { data: new Float32Array(24), shape: [12, 2] };
    bad.state[5]!["exp_avg_sq"] = { data: new Float32Array(2), shape: [2] };
    (bad.param_groups as { lr: number }[])[0]!.lr = 9;
    await expectRefusal(
      () => optimizer.loadStateDict(bad as never),
      StateDictError,
      "Adam.loadStateDict",
      "state 5: exp_avg_sq must have shape [1], got [2]",
      "nothing was loaded",
    );
    expect(await optimizer.stateDict()).toEqual(before);
    step.dispose();
    model.dispose();
    await expectRefusal(() => optimizer.stateDict(), DisposedError, "Adam.stateDict", "disposed");
    await expectRefusal(() => optimizer.loadStateDict(before), DisposedError, "Adam.loadStateDict");
  });
});

describe("dispatches", () => {
  const updates = async (device: Device, model: Tiny, optimizer: optim.Optimizer) => {
    const criterion = new nn.MSELoss();
    const step = await device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
      inputs: tinyShapes,
      minimize: "loss",
      optimizer,
    });
    const names = step.program.source.dispatches.map(({ kernel }) => kernel.name);
    step.dispose();
    model.dispose();
    return names.filter((name) => ["adam", "sgd", "rmsprop", "adagrad"].includes(name));
  };

  test("are one for a whole model, or one for each group", async () => {
    await frame.run(async (device) => {
      const whole = new Tiny();
      expect(await updates(device, whole, new optim.NAdam(whole.parameters()))).toEqual(["adam"]);
      const two = new Tiny();
      const groups = [{ params: two.lstm.parameters() }, { params: two.fc.parameters(), lr: 0.1 }];
      expect(await updates(device, two, new optim.RMSprop(groups))).toEqual(["rmsprop", "rmsprop"]);
    });
  });

  test("replaying allocates nothing, even after a change of settings", async () => {
    await frame.run(async (device) => {
      const model = new Tiny();
      const { optimizer, compile } = training(device, model, makers["SGD"]!);
      const step = await compile();
      step.run(batch(0));
      const { allocations } = device.memory;
      for (let t = 1; t < 5; t++) {
        optimizer.lr = 0.1 / t;
        (optimizer as optim.SGD).paramGroups[1]!.momentum = 0.5 + 0.1 * t;
        step.run(batch(t));
      }
      expect(device.memory.allocations).toBe(allocations);
      step.dispose();
      model.dispose();
    });
  });
});

/** Values with the given names, three elements each. */
function threes(...names: string[]) {
  return parametersOf(new Map(names.map((name, i) => [name, { data: values([3], i), shape: [3] }])));
}

const gradients = (names: Iterable<string>, t: number) =>
  Object.fromEntries([...names].map((name, i) => [name, values([3], 10 * t + i)]));

/** A parameter's value after separate training with the gradients of the other training's steps `steps`. */
async function alone(
  device: Device,
  name: string,
  index: number,
  steps: readonly number[],
  optimizer: (parameter: nn.Parameter) => optim.Optimizer,
  between: (optimizer: optim.Optimizer, t: number) => void = () => {},
) {
  const parameter = new nn.Parameter([3], values([3], index));
  const own = new Map([[name, parameter]]);
  const made = optimizer(parameter);
  const step = await gradientStep(device, own, made);
  for (const t of steps) {
    between(made, t);
    step.run({ [name]: values([3], 10 * t + index) });
  }
  const value = (await parameter.read()).data;
  step.dispose();
  parameter.dispose();
  return value;
}

test("parameters that one of two steps does not update keep their own step count, as in PyTorch", async () => {
  for (const make of [
    (list: nn.Parameter[]) => new optim.Adam(list, { lr: 0.1 }) as optim.Optimizer,
    (list: nn.Parameter[]) => new optim.NAdam(list, { lr: 0.1 }) as optim.Optimizer,
    (list: nn.Parameter[]) =>
      new optim.SGD(list, { lr: 0.1, momentum: 0.9, dampening: 0.5 }) as optim.Optimizer,
  ]) {
    await frame.run(async (device) => {
      const parameters = threes("a", "b", "c");
      const optimizer = make([...parameters.values()]);
      const all = await gradientStep(device, parameters, optimizer);
      const some = new Map([...parameters].filter(([name]) => name !== "b"));
      const inputs = { a: [3], c: [3] };
      const part = await device.compile((given) => ({ loss: lossOf(some, given) }), {
        inputs,
        minimize: "loss",
        optimizer,
      });
      // b takes its first step after the others have taken two.
      for (let t = 0; t < 6; t++) {
        const { b, ...others } = gradients(parameters.keys(), t);
        if (t < 2 || t === 3) part.run(others as Record<"a" | "c", Float32Array>);
        else all.run({ ...others, b: b! });
      }
      const expected = {
        a: await alone(device, "a", 0, [0, 1, 2, 3, 4, 5], (p) => make([p])),
        b: await alone(device, "b", 1, [2, 4, 5], (p) => make([p])),
        c: await alone(device, "c", 2, [0, 1, 2, 3, 4, 5], (p) => make([p])),
      };
      for (const [name, parameter] of parameters) {
        expect((await parameter.read()).data).toEqual(expected[name as "a"]);
      }
      const { state } = await optimizer.stateDict();
      if (!(optimizer instanceof optim.SGD)) {
        expect([0, 1, 2].map((i) => state[i]!["step"])).toEqual([6, 3, 6]);
      }
      all.dispose();
      part.dispose();
      for (const parameter of parameters.values()) parameter.dispose();
    });
  }
});

test("groups have separate settings; a change applies from the next step on", async () => {
  await frame.run(async (device) => {
    const parameters = threes("a", "b");
    const optimizer = new optim.SGD(
      [{ params: [parameters.get("a")!], lr: 0.1 }, { params: [parameters.get("b")!] }],
      { lr: 0.01, momentum: 0.5 },
    );
    const step = await gradientStep(device, parameters, optimizer);
    for (let t = 0; t < 6; t++) {
      if (t === 2) optimizer.paramGroups[1]!.lr = 0.3;
      // No momentum from here on, and again from step 5: this changes the program.
      if (t === 3) optimizer.paramGroups[0]!.momentum = 0;
      if (t === 5) optimizer.paramGroups[0]!.momentum = 0.9;
      step.run(gradients(parameters.keys(), t));
    }
    const steps = [0, 1, 2, 3, 4, 5];
    const a = await alone(
      device,
      "a",
      0,
      steps,
      (p) => new optim.SGD([p], { lr: 0.1, momentum: 0.5 }),
      (o, t) => {
        if (t === 3) (o as optim.SGD).paramGroups[0]!.momentum = 0;
        if (t === 5) (o as optim.SGD).paramGroups[0]!.momentum = 0.9;
      },
    );
    const b = await alone(
      device,
      "b",
      1,
      steps,
      (p) => new optim.SGD([p], { lr: 0.01, momentum: 0.5 }),
      (o, t) => {
        if (t === 2) o.lr = 0.3;
      },
    );
    expect((await parameters.get("a")!.read()).data).toEqual(a);
    expect((await parameters.get("b")!.read()).data).toEqual(b);
    step.dispose();
    for (const parameter of parameters.values()) parameter.dispose();
  });
});

test("a group added after compiling is trained from the next run on", async () => {
  await frame.run(async (device) => {
    const parameters = threes("a", "b");
    const optimizer = new optim.Adam([parameters.get("a")!], { lr: 0.1 });
    const step = await gradientStep(device, parameters, optimizer);
    for (let t = 0; t < 2; t++) step.run(gradients(parameters.keys(), t));
    expect([...(await parameters.get("b")!.read()).data]).toEqual([...values([3], 1)]);
    optimizer.addParamGroup({ params: parameters.get("b")!, amsgrad: true });
    for (let t = 2; t < 5; t++) step.run(gradients(parameters.keys(), t));
    const a = await alone(device, "a", 0, [0, 1, 2, 3, 4], (p) => new optim.Adam([p], { lr: 0.1 }));
    const b = await alone(device, "b", 1, [2, 3, 4], (p) => new optim.Adam([p], { lr: 0.1, amsgrad: true }));
    expect((await parameters.get("a")!.read()).data).toEqual(a);
    expect((await parameters.get("b")!.read()).data).toEqual(b);
    expect((await optimizer.stateDict()).state[1]!["step"]).toBe(3);
    step.dispose();
    for (const parameter of parameters.values()) parameter.dispose();
  });
});

test.each(["Adam", "RMSprop", "Adagrad"] as const)(
  "%s with eps 0 does not change the empty slots of a GRU's weights",
  (name) =>
    withDevice(async (device) => {
      const gru = new nn.GRU(2, 3);
      const optimizer = new optim[name](gru.parameters(), { lr: 0.01, eps: 0 });
      const step = await device.compile(({ x, h }) => ({ loss: gru.forward(x, h).output.sum() }), {
        inputs: { x: [4, 2, 2], h: [1, 2, 3] },
        minimize: "loss",
        optimizer,
      });
      const [x, h] = [16, 6].map((n) => Float32Array.from({ length: n }, (_, i) => Math.sin(i + 1)));
      for (let i = 0; i < 3; i++) step.run({ x: x!, h: h! });
      for (const { data } of (await gru.stateDict()).values()) {
        expect(data.every(Number.isFinite)).toBe(true);
      }
      expect(await step.run({ x: x!, h: h! }).loss.item()).not.toBeNaN();
      step.dispose();
      gru.dispose();
    }),
);

test("LBFGS's state dict is of one moment while a step goes on, and names a model that was disposed", async () =>
  withDevice(async (device) => {
    const model = new nn.Linear(3, 2);
    const optimizer = new optim.LBFGS(model.parameters(), { maxIter: 3 });
    const inputs = { x: [4, 3], y: [4, 2] };
    const step = await device.compile(
      ({ x, y }) => ({ loss: new nn.MSELoss().forward(model.forward(x!), y!) }),
      { inputs, optimizer },
    );
    const batch = {
      x: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
      y: Float32Array.from({ length: 8 }, (_, i) => Math.cos(i)),
    };
    const train = () => optimizer.step(() => step.run(batch).loss);
    await train();
    const before = await optimizer.stateDict();
    const reading = optimizer.stateDict();
    await train();
    expect(await reading).toEqual(before);
    expect(await optimizer.stateDict()).not.toEqual(before);
    step.dispose();
    model.dispose();
    await expectRefusal(
      () => optimizer.stateDict(),
      DisposedError,
      "LBFGS.stateDict: the model was disposed",
    );
  }));
