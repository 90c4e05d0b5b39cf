/** LBFGS against PyTorch float64: iterates, losses, evaluations and state, from the start and from PyTorch's state. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  type CompiledStep,
  GraphError,
  loadCheckpoint,
  type NDArray,
  nn,
  OptionError,
  optim,
  StateDictError,
  saveCheckpoint,
  type Tensor,
  Trainer,
} from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";
import { recordParity } from "../parity.ts";
import { expectRefusal } from "../refusal.ts";
import { budgetUsed } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
  return () => frame.close();
});

type Data = Readonly<Record<string, Tensor>>;

abstract class Problem extends nn.Module {
  abstract loss(data: Data): Tensor;
}

class Quadratic extends Problem {
  readonly w = new nn.Parameter([7], new Float32Array(7));
  readonly b = new nn.Parameter([5, 3], new Float32Array(15));

  loss({ a, c, k, scale }: Data): Tensor {
    const first = a!.matmul(this.w).sub(c!).square().mean();
    return first.add(this.b.sub(k!).square().mul(scale!).mean());
  }
}

class Rosenbrock extends Problem {
  readonly x = new nn.Parameter([6], new Float32Array(6));

  loss({ steepness }: Data): Tensor {
    const [head, tail] = [this.x.slice(0, 0, 5), this.x.slice(0, 1, 6)];
    const valley = tail.sub(head.square()).square().mul(steepness!);
    return valley.add(head.mul(-1).add(1).square()).sum();
  }
}

class Sines extends Problem {
  readonly lstm = new nn.LSTM(1, 6, { batchFirst: true });
  readonly fc = new nn.Linear(6, 1);

  loss({ x, y }: Data): Tensor {
    return new nn.MSELoss().forward(this.fc.forward(this.lstm.forward(x!).output), y!);
  }
}

const problems: Record<string, new () => Problem> = {
  quadratic: Quadratic,
  rosenbrock: Rosenbrock,
  sines: Sines,
};

type Numbers = Record<string, number | number[]>;

/** A golden's problem, optimizer and compiled step. */
class Case {
  readonly golden: GoldenCase;
  readonly calls: readonly number[];
  readonly losses: readonly number[];
  /**
   * Shares of the usual budget, after each step, that PyTorch uses if parameters, loss and gradients are rounded at random as float32 may be: from the
   * start, and from the saved state on. The worst of 12 runs; a GPU may round more, above all in tanh and exp.
   */
  readonly sensitivity: Readonly<Record<"start" | "saved", readonly number[]>>;

  constructor(golden: GoldenCase) {
    this.golden = golden;
    this.calls = this.#json("calls");
    this.losses = this.#json("losses");
    this.sensitivity = { start: this.#json("sensitivity"), saved: this.#json("sensitivity_after") };
  }

  /** The largest of the steps' own budgets. */
  budget(from: "start" | "saved"): string {
    const most = 2 * Math.max(...this.sensitivity[from]);
    return `${most.toPrecision(2)} times torch float32 default: twice what float32 roundings do to PyTorch`;
  }

  #json<T>(key: string): T {
    return JSON.parse(this.golden.text(key)) as T;
  }

  get options(): optim.LbfgsOptions {
    return this.#json("options");
  }

  names(prefix: string): readonly string[] {
    return this.golden.names(prefix);
  }

  /** At the start or after `steps`. */
  make(steps = 0, options = this.options): { model: Problem; optimizer: optim.LBFGS } {
    const model = new problems[this.golden.text("name").split("_")[1]!]!();
    const weights = this.names("param.").map((name): [string, NDArray] => {
      const start = this.golden.input(`param.${name}`);
      const at = this.golden.tensor(`trajectory.${name}`);
      const size = start.data.length;
      const data = Float32Array.from(at.data.slice((steps - 1) * size, steps * size));
      return [name, steps === 0 ? start : { data, shape: start.shape }];
    });
    model.loadStateDict(new Map(weights));
    return { model, optimizer: new optim.LBFGS(model.parameters(), options) };
  }

  async compile({ model, optimizer }: ReturnType<Case["make"]>): Promise<CompiledStep<"loss">> {
    const inputs = Object.fromEntries(
      this.names("data.").map((name) => [name, this.golden.input(`data.${name}`).shape]),
    );
    return frame.device.compile((data) => ({ loss: model.loss(data as Data) }), { inputs, optimizer });
  }

  run(step: CompiledStep<"loss">) {
    const names = this.names("data.");
    return step.run(Object.fromEntries(names.map((name) => [name, this.golden.input(`data.${name}`)])));
  }

  /** PyTorch's state dict at `at`: "saved" or "state". */
  stateDict(at: "saved" | "state"): optim.OptimizerStateDict {
    const numbers = this.#json<Numbers>(at);
    const vectors = this.names(`${at}.`).map((name): [string, NDArray | NDArray[]] => {
      const { data, shape } = this.golden.tensor(`${at}.${name}`);
      const size = shape.at(-1)!;
      const whole = Float32Array.from(data);
      if (shape.length === 1) return [name, { data: whole, shape }];
      return [
        name,
        Array.from({ length: shape[0]! }, (_, i) => ({
          data: whole.slice(i * size, (i + 1) * size),
          shape: [size],
        })),
      ];
    });
    const ro = ((numbers["ro"] ?? []) as number[]).map((one) => ({ data: Float32Array.of(one), shape: [] }));
    const state = { old_dirs: [], old_stps: [], ...numbers, ro, ...Object.fromEntries(vectors) };
    return { state: { 0: state }, param_groups: this.#json("param_groups") };
  }

  /** Runs steps `from` to `to`; returns the largest share of the budget that parameters use, in multiples of the steps' own. */
  async follow(made: ReturnType<Case["make"]>, from: number, to: number): Promise<number> {
    const { model, optimizer } = made;
    const step = await this.compile(made);
    const sensitivity = this.sensitivity[from === 0 ? "start" : "saved"];
    let used = 0;
    for (let t = from; t < to; t++) {
      let calls = 0;
      const loss = await optimizer.step(() => {
        calls++;
        return this.run(step)["loss"]!;
      });
      expect(calls).toBe(this.calls[t]);
      // Roundings grow from iterate to iterate; those of the vectors are not among PyTorch's. A loss has roundings of its own.
      const own = 2 * sensitivity[t]!;
      const most = (1e-5 + 1.3e-6 * Math.abs(loss)) * Math.max(1, own);
      expect(Math.abs(loss - this.losses[t]!)).toBeLessThanOrEqual(most);
      for (const [name, { data }] of await model.stateDict()) {
        const expected = this.golden.tensor(`trajectory.${name}`);
        const at = expected.data.slice(t * data.length, (t + 1) * data.length);
        used = Math.max(used, budgetUsed(data, { dtype: "F64", data: at, shape: [data.length] }) / own);
      }
    }
    step.dispose();
    return used;
  }
}

const files = goldenNames("lbfgs");
const section = "optim.LBFGS";
const STEPS = 4;

test("there are cases of all problems", () => {
  expect(files.length).toBeGreaterThanOrEqual(10);
});

test.for(files)("follows PyTorch, with as many evaluations: %s", async (file, { task }) => {
  const one = new Case(await loadGolden(file));
  await frame.run(async () => {
    const made = one.make();
    const used = await one.follow(made, 0, STEPS);
    const { state, param_groups } = await made.optimizer.stateDict();
    expect(param_groups).toEqual(one.stateDict("state").param_groups);
    const expected = one.stateDict("state").state[0]!;
    const own = state[0]!;
    expect(Object.keys(own).sort()).toEqual(Object.keys(expected).sort());
    for (const key of ["func_evals", "n_iter"]) expect(own[key], key).toBe(expected[key]);
    for (const key of ["old_dirs", "old_stps", "ro"]) {
      expect(own[key], key).toHaveLength((expected[key] as unknown[]).length);
    }
    made.model.dispose();
    const budget = one.budget("start");
    recordParity(task, { section, row: file.slice("lbfgs_".length).replaceAll("_", " "), budget, used });
    expect(used).toBeLessThanOrEqual(1);
  });
});

test.for(files)("continues from PyTorch's state: %s", async (file, { task }) => {
  const one = new Case(await loadGolden(file));
  const saved = one.golden.number("saved_at");
  await frame.run(async () => {
    const made = one.make(saved, {});
    made.optimizer.loadStateDict(one.stateDict("saved"));
    // As it was loaded, and through a checkpoint's bytes.
    const again = await made.optimizer.stateDict();
    expect(again).toEqual(one.stateDict("saved"));
    const { optimizer } = loadCheckpoint(
      await saveCheckpoint({ model: made.model, optimizer: made.optimizer }),
    );
    expect(optimizer).toEqual(again);
    made.optimizer.loadStateDict(optimizer!);
    const used = await one.follow(made, saved, STEPS);
    made.model.dispose();
    const budget = one.budget("saved");
    const row = `${file.slice("lbfgs_".length).replaceAll("_", " ")}: from PyTorch's state dict`;
    recordParity(task, { section, row, budget, used });
    expect(used).toBeLessThanOrEqual(1);
  });
});

describe("a step", () => {
  test("saved and loaded goes on with the same bits", async () => {
    const one = new Case(await loadGolden("lbfgs_sines_wolfe"));
    await frame.run(async () => {
      const made = one.make();
      const step = await one.compile(made);
      const closure = () => one.run(step)["loss"]!;
      for (let t = 0; t < 2; t++) await made.optimizer.step(closure);
      const [weights, state] = await Promise.all([made.model.stateDict(), made.optimizer.stateDict()]);
      await made.optimizer.step(closure);
      const expected = await made.model.stateDict();
      made.model.loadStateDict(weights);
      made.optimizer.loadStateDict(state);
      await made.optimizer.step(closure);
      expect(await made.model.stateDict()).toEqual(expected);
      step.dispose();
      made.model.dispose();
    });
  });

  test("takes a closure that awaits and gives a number, and clipped gradients", async () => {
    const one = new Case(await loadGolden("lbfgs_quadratic"));
    await frame.run(async (device) => {
      const { model, optimizer } = one.make();
      const inputs = Object.fromEntries(
        one.names("data.").map((name) => [name, one.golden.input(`data.${name}`).shape]),
      );
      const start = await model.stateDict();
      const step = await device.compile(
        (data) => {
          const loss = model.loss(data as Data);
          const norm = nn.utils.clipGradNorm_(model.parameters(), 0.01);
          return { loss, norm };
        },
        { inputs, optimizer, minimize: "loss" },
      );
      optimizer.paramGroups[0]!.maxIter = 1;
      optimizer.lr = 1;
      const loss = await optimizer.step(async () => one.run(step as never)["loss"]!.item());
      expect(loss).toBeCloseTo(one.losses[0]!, 4);
      // The first step is the gradient itself, whose norm is 0.01, as 1 / (sum of |g|) is above 1.
      const ended = await model.stateDict();
      let square = 0;
      for (const [name, { data }] of ended) {
        for (const [i, value] of data.entries()) square += (value - start.get(name)!.data[i]!) ** 2;
      }
      expect(Math.sqrt(square)).toBeCloseTo(0.01, 5);
      step.dispose();
      model.dispose();
    });
  });

  test("leaves the parameters at the latest iterate if the closure throws", async () => {
    const one = new Case(await loadGolden("lbfgs_rosenbrock_wolfe"));
    await frame.run(async () => {
      const { model, optimizer } = one.make();
      const step = await one.compile({ model, optimizer });
      const start = await model.stateDict();
      let calls = 0;
      const failing = () => {
        if (++calls === 2) throw new Error("enough");
        return one.run(step)["loss"]!;
      };
      await expect(optimizer.step(failing)).rejects.toThrow("enough");
      expect(await model.stateDict()).toEqual(start);
      step.dispose();
      model.dispose();
    });
  });

  test("that failed in its first iteration begins anew", async () => {
    const one = new Case(await loadGolden("lbfgs_rosenbrock_wolfe"));
    await frame.run(async () => {
      const { model, optimizer } = one.make();
      const step = await one.compile({ model, optimizer });
      let calls = 0;
      const failing = () => {
        if (++calls === 2) throw new Error("enough");
        return one.run(step)["loss"]!;
      };
      await expect(optimizer.step(failing)).rejects.toThrow("enough");
      expect(optimizer.steps).toBe(0);
      expect((await optimizer.stateDict()).state[0]).toEqual({ func_evals: 1, n_iter: 0 });
      calls = 2;
      await optimizer.step(failing);
      // The line search of a first step: PyTorch's, from the start.
      expect(calls - 2).toBe(one.calls[0]);
      const { data } = (await model.stateDict()).get("x")!;
      const first = one.golden.tensor("trajectory.x").data.slice(0, data.length);
      const used = budgetUsed(data, { dtype: "F64", data: first, shape: [data.length] });
      expect(used).toBeLessThanOrEqual(2 * one.sensitivity.start[0]!);
      step.dispose();
      model.dispose();
    });
  });

  test("is refused by name", async () => {
    const one = new Case(await loadGolden("lbfgs_quadratic"));
    await frame.run(async (device) => {
      const made = one.make();
      const { model, optimizer } = made;
      const closure = () => one.run(step)["loss"]!;
      await expectRefusal(() => optimizer.step(() => 1), GraphError, "LBFGS.step", "compile a step");
      const step = await one.compile(made);
      await expectRefusal(() => optimizer.step(undefined as never), OptionError, "LBFGS.step", "undefined");
      await expectRefusal(() => optimizer.step(() => 1), GraphError, "LBFGS.step", "ran no step");
      const noLoss = () => {
        closure();
        return undefined as never;
      };
      await expectRefusal(
        () => optimizer.step(noLoss),
        OptionError,
        "LBFGS.step",
        "must return the loss",
        "undefined",
      );
      const running = optimizer.step(closure);
      await expectRefusal(() => optimizer.step(closure), GraphError, "LBFGS.step", "await the step before");
      await running;
      const loss = new nn.MSELoss();
      await expectRefusal(
        () => new Trainer(device, new nn.Linear(1, 1) as never, { loss, optimizer }),
        OptionError,
        "Trainer",
        "LBFGS",
        "closure",
      );
      const state = await optimizer.stateDict();
      const changes: [string, unknown][] = [
        ["d", { data: new Float32Array(3), shape: [3] }],
        ["ro", []],
        ["old_stps", null],
        ["n_iter", -1],
        ["t", "far"],
      ];
      for (const [key, value] of changes) {
        const bad = { ...state, state: { 0: { ...state.state[0], [key]: value } } } as never;
        await expectRefusal(() => optimizer.loadStateDict(bad), StateDictError, "LBFGS.loadStateDict", key);
      }
      expect(await optimizer.stateDict()).toEqual(state);
      step.dispose();
      model.dispose();
    });
  });
});
