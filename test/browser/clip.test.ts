/** Gradient clipping on the GPU between gradients and update: against PyTorch, and with non-finite norms. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError, GraphError, grad, type NDArray, nn, OptionError, optim, type Tensor } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { expectRefusal, wrong } from "../refusal.ts";
import { budgetUsed } from "./closeness.ts";
import { gradientStep, lossOf, parametersOf } from "./given-gradients.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";

const { clipGradNorm_, clipGradValue_ } = nn.utils;

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

/** A call in the goldens. */
type Call = ["norm", number[], number | "inf", number | "inf"] | ["value", number[], number];

const numberOf = (value: number | "inf") => (value === "inf" ? Number.POSITIVE_INFINITY : value);

test.for(goldenNames("clip"))("clips as PyTorch float64: %s", async (file, { task }) => {
  const golden = await loadGolden(file);
  const calls = JSON.parse(golden.text("calls")) as Call[];
  const names = golden.names("grads.");
  const gradients = Object.fromEntries(names.map((name) => [name, golden.input(`grads.${name}`)]));
  await frame.run(async (device) => {
    // From zero with a learning rate of 1, a parameter ends at its negative gradient.
    const zero = ({ data, shape }: NDArray) => ({ data: new Float32Array(data.length), shape });
    const parameters = parametersOf(new Map(names.map((name) => [name, zero(gradients[name]!)])));
    const list = [...parameters.values()];
    const optimizer = new optim.SGD(list, { lr: 1 });
    const step = await gradientStep(device, parameters, optimizer, () => {
      const norms: Record<string, Tensor> = {};
      for (const [i, [kind, indices, limit, normType]] of calls.entries()) {
        const chosen = indices.map((index) => list[index]!);
        if (kind === "value") clipGradValue_(chosen, limit);
        else norms[i] = clipGradNorm_(chosen, numberOf(limit), { normType: numberOf(normType!) });
      }
      return norms;
    });
    const results = step.run(gradients) as Record<string, { item(): Promise<number> }>;
    const norms = await Promise.all(
      Object.keys(results)
        .filter((name) => name !== "loss")
        .map((name) => results[name]!.item()),
    );
    let used = 0;
    if (norms.length > 0) used = budgetUsed(Float32Array.from(norms), golden.tensor("norms"));
    for (const [name, parameter] of parameters) {
      const clipped = (await parameter.read()).data.map((value) => -value);
      used = Math.max(used, budgetUsed(clipped, golden.tensor(`clipped.${name}`)));
    }
    step.dispose();
    for (const parameter of list) parameter.dispose();
    const row = file.slice("clip_".length).replaceAll("_", " ");
    recordParity(task, {
      section: "nn.utils.clipGradNorm_, clipGradValue_",
      row,
      budget: float32Budget,
      used,
    });
    expect(used).toBeLessThanOrEqual(1);
  });
});

test("a norm of 70,000 gradients in several ranges is exact to float32", async () => {
  await frame.run(async (device) => {
    const sizes = { a: 30_000, b: 129, c: 40_001 };
    const parameters = parametersOf(
      new Map(
        Object.entries(sizes).map(([name, size]) => [name, { data: new Float32Array(size), shape: [size] }]),
      ),
    );
    const list = [...parameters.values()];
    // Only the first and the last, which are not adjacent.
    const optimizer = new optim.SGD(list, { lr: 1 });
    const step = await gradientStep(device, parameters, optimizer, () => ({
      norm: clipGradNorm_([list[0]!, list[2]!], 1),
      largest: clipGradNorm_(list, Number.POSITIVE_INFINITY, { normType: Number.POSITIVE_INFINITY }),
    }));
    const gradients = Object.fromEntries(
      Object.entries(sizes).map(([name, size]) => [
        name,
        Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7) * (1 + (i % 7))),
      ]),
    );
    const { norm, largest } = step.run(gradients) as Record<string, { item(): Promise<number> }>;
    const sum = [...gradients["a"]!, ...gradients["c"]!].reduce((total, g) => total + g * g, 0);
    expect(Math.abs((await norm!.item()) / Math.sqrt(sum) - 1)).toBeLessThan(1e-6);
    // b was not clipped, so its gradient is the largest.
    expect(await largest!.item()).toBe(Math.max(...gradients["b"]!.map(Math.abs)));
    step.dispose();
    for (const parameter of list) parameter.dispose();
  });
});

describe("errorIfNonfinite", () => {
  const optimizers = {
    adam: (list: nn.Parameter[]) => new optim.Adam(list, { amsgrad: true }),
    sgd: (list: nn.Parameter[]) => new optim.SGD(list, { momentum: 0.9, dampening: 0.5, lr: 0.1 }),
    rmsprop: (list: nn.Parameter[]) => new optim.RMSprop(list, { centered: true, momentum: 0.5 }),
    adagrad: (list: nn.Parameter[]) => new optim.Adagrad(list, { initialAccumulatorValue: 0.1 }),
    nadam: (list: nn.Parameter[]) => new optim.NAdam(list),
    adadelta: (list: nn.Parameter[]) => new optim.Adadelta(list),
    adamax: (list: nn.Parameter[]) => new optim.Adamax(list),
    asgd: (list: nn.Parameter[]) => new optim.ASGD(list, { lr: 0.1, t0: 1 }),
    rprop: (list: nn.Parameter[]) => new optim.Rprop(list),
  };
  const start = new Map([["p", { data: Float32Array.of(0.5, -1, 2), shape: [3] }]]);
  // Finite, unlike their squares and their sum.
  const bad = { p: Float32Array.of(1, 3e38, -3e38) };
  const good = [{ p: Float32Array.of(0.1, -0.2, 0.3) }, { p: Float32Array.of(1, 0, -1) }];

  for (const [name, make] of Object.entries(optimizers)) {
    for (const first of [true, false]) {
      test(`${name}: a bad ${first ? "first" : "second"} step changes nothing and is not counted`, async () => {
        await frame.run(async (device) => {
          const train = async (gradients: readonly { p: Float32Array }[]) => {
            const parameters = parametersOf(start);
            const optimizer = make([...parameters.values()]) as optim.Optimizer;
            const step = await gradientStep(device, parameters, optimizer, () => ({
              norm: clipGradNorm_(parameters.values(), 100, { errorIfNonfinite: true }),
            }));
            for (const one of gradients) {
              const { loss, norm } = step.run(one) as unknown as Record<
                "loss" | "norm",
                { item(): Promise<number> }
              >;
              if (one !== bad) {
                await loss.item();
                continue;
              }
              for (const result of [loss, norm]) {
                const isFirst = gradients[0] === bad;
                const run = `run ${isFirst ? 1 : 2} is Infinity`;
                await expectRefusal(() => result.item(), DataError, "Result.item", run, "clipGradNorm_");
              }
            }
            const state = await optimizer.stateDict();
            const value = await parameters.get("p")!.read();
            step.dispose();
            parameters.get("p")!.dispose();
            return { state, value, steps: optimizer.steps };
          };
          const steps = first ? [bad, ...good] : [good[0]!, bad, good[1]!];
          expect(await train(steps)).toEqual(await train(good));
        });
      });
    }
  }

  test("unread bad steps are undone with the next read", async () => {
    await frame.run(async (device) => {
      const parameters = parametersOf(start);
      const optimizer = new optim.Adam(parameters.values());
      const step = await gradientStep(device, parameters, optimizer, () => ({
        norm: clipGradNorm_(parameters.values(), 100, { errorIfNonfinite: true }),
      }));
      step.run(bad);
      step.run(good[0]!);
      step.run(bad);
      const { loss } = step.run(good[1]!);
      expect(optimizer.steps).toBe(4);
      expect(await loss.item()).toBe(0);
      expect(optimizer.steps).toBe(2);
      step.dispose();
      parameters.get("p")!.dispose();
    });
  });

  test("several bad steps in a row are undone from the latest on, so that NAdam's product of momenta is as before", async () => {
    await frame.run(async (device) => {
      const train = async (gradients: readonly { p: Float32Array }[]) => {
        const parameters = parametersOf(start);
        const optimizer = new optim.NAdam(parameters.values());
        const step = await gradientStep(device, parameters, optimizer, () => ({
          norm: clipGradNorm_(parameters.values(), 100, { errorIfNonfinite: true }),
        }));
        await step.run(good[0]!).loss!.item();
        const { loss } = gradients.map((one) => step.run(one)).at(-1)!;
        await expectRefusal(() => loss!.item(), DataError, "Result.item", "clipGradNorm_");
        const state = await optimizer.stateDict();
        await step.run(good[1]!).loss!.item();
        const after = await optimizer.stateDict();
        const value = await parameters.get("p")!.read();
        step.dispose();
        parameters.get("p")!.dispose();
        return { state, after, value };
      };
      const once = await train([bad]);
      expect(await train([bad, bad, bad])).toEqual(once);
    });
  });

  test("a NaN in the gradients makes every type of norm bad", async () => {
    for (const normType of [1, 2, 2.5, Number.POSITIVE_INFINITY]) {
      await frame.run(async (device) => {
        const linear = new nn.Linear(2, 1);
        const weight = [...(await linear.weight.read()).data];
        linear.loadStateDict({
          weight: await linear.weight.read(),
          bias: { data: Float32Array.of(Number.NaN), shape: [1] },
        });
        const optimizer = new optim.Adam(linear.parameters());
        const step = await device.compile(
          ({ x }) => {
            const loss = new nn.MSELoss().forward(linear.forward(x), x.select(1, 0).unsqueeze(1));
            clipGradNorm_(linear.parameters(), 1, { normType, errorIfNonfinite: true });
            return { loss };
          },
          { inputs: { x: [3, 2] }, minimize: "loss", optimizer },
        );
        const { loss } = step.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6) });
        await expectRefusal(() => loss.item(), DataError, "run 1 is NaN", "left its update out");
        expect([...(await linear.weight.read()).data]).toEqual(weight);
        expect((await optimizer.stateDict()).state).toEqual({});
        step.dispose();
        linear.dispose();
      });
    }
  });

  test("without it an infinite norm scales gradients to zeros and NaN, as in PyTorch", async () => {
    await frame.run(async (device) => {
      const parameters = parametersOf(start);
      const optimizer = new optim.SGD(parameters.values(), { lr: 1 });
      const step = await gradientStep(device, parameters, optimizer, () => ({
        norm: clipGradNorm_(parameters.values(), 100),
      }));
      const { norm } = step.run(bad) as Record<string, { item(): Promise<number> }>;
      expect(await norm!.item()).toBe(Number.POSITIVE_INFINITY);
      // The gradients are finite, so all become 0.
      expect([...(await parameters.get("p")!.read()).data]).toEqual([0.5, -1, 2]);
      step.dispose();
      parameters.get("p")!.dispose();
    });
  });
});

test("the norm includes parameters outside the optimizer, as in PyTorch", async () => {
  await frame.run(async (device) => {
    const zeros = new Map(["a", "b"].map((name) => [name, { data: new Float32Array(2), shape: [2] }]));
    const parameters = parametersOf(zeros);
    const optimizer = new optim.SGD([parameters.get("a")!], { lr: 1 });
    const step = await gradientStep(device, parameters, optimizer, () => ({
      norm: clipGradNorm_(parameters.values(), 1),
    }));
    const run = step.run({ a: Float32Array.of(3, 0), b: Float32Array.of(0, 4) });
    expect(await (run as Record<string, { item(): Promise<number> }>)["norm"]!.item()).toBe(5);
    expect((await parameters.get("a")!.read()).data[0]).toBeCloseTo(-0.6, 6);
    expect([...(await parameters.get("b")!.read()).data]).toEqual([0, 0]);
    step.dispose();
    for (const parameter of parameters.values()) parameter.dispose();
  });
});

describe("refused", () => {
  const parameters = () => parametersOf(new Map([["p", { data: new Float32Array(2), shape: [2] }]]));
  const compile = (extra: (list: nn.Parameter[]) => Record<string, Tensor>) =>
    frame.run(async (device) => {
      const own = parameters();
      const list = [...own.values()];
      try {
        await gradientStep(device, own, new optim.SGD(list), () => extra(list));
      } finally {
        for (const parameter of list) parameter.dispose();
      }
    });

  test("outside a traced function", async () => {
    const list = [...parameters().values()];
    await expectRefusal(() => clipGradNorm_(list, 1), GraphError, "clipGradNorm_", "device.compile()");
    await expectRefusal(() => clipGradValue_(list, 1), GraphError, "clipGradValue_", "device.compile()");
  });

  test("in a step that does not train", async () => {
    await frame.run(async (device) => {
      const own = parameters();
      const traced = (inputs: Readonly<Record<string, Tensor>>) => {
        const loss = lossOf(own, inputs);
        return { loss, norm: clipGradNorm_(own.values(), 1), gradient: grad(loss, [...own.values()])[0]! };
      };
      const compiled = device.compile(traced, { inputs: { p: [2] } });
      await expectRefusal(() => compiled, GraphError, "clipGradNorm_", "with an optimizer");
    });
  });

  test("computing with the norm", async () => {
    const message = ["add", "clipGradNorm_", "return it as a result"];
    await expectRefusal(
      () => compile((list) => ({ twice: clipGradNorm_(list, 1).add(clipGradNorm_(list, 2)) })),
      GraphError,
      ...message,
    );
  });

  test.each([
    [
      "a negative norm",
      (list: nn.Parameter[]) => clipGradNorm_(list, -1),
      ["maxNorm", "at least 0", "got -1"],
    ],
    ["a NaN norm", (list: nn.Parameter[]) => clipGradNorm_(list, Number.NaN), ["maxNorm", "got NaN"]],
    ["norm 0", (list: nn.Parameter[]) => clipGradNorm_(list, 1, { normType: 0 }), ["normType", "above 0"]],
    [
      "an invalid flag",
      (list: nn.Parameter[]) => clipGradNorm_(list, 1, { errorIfNonfinite: wrong(1) }),
      ["errorIfNonfinite", "true or false"],
    ],
    [
      "an unknown option",
      (list: nn.Parameter[]) => clipGradNorm_(list, 1, wrong({ p: 2 })),
      ['unknown option "p"', "normType"],
    ],
    ["a model", () => clipGradNorm_(wrong(new nn.Linear(1, 1)), 1), ["model.parameters()", "a Linear"]],
    ["a number in the list", () => clipGradNorm_(wrong([7]), 1), ["model.parameters()", "[7]"]],
    ["a negative value", (list: nn.Parameter[]) => clipGradValue_(list, -2), ["clipValue", "got -2"]],
    [
      "an infinite value",
      (list: nn.Parameter[]) => clipGradValue_(list, Number.POSITIVE_INFINITY),
      ["clipValue", "got Infinity"],
    ],
  ] as [string, (list: nn.Parameter[]) => unknown, string[]][])("%s", (_, call, parts) =>
    expectRefusal(
      () =>
        compile((list) => {
          call(list);
          return {};
        }),
      OptionError,
      "clipGrad",
      ...parts,
    ),
  );
});
