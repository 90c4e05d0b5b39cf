/** Every optimizer with every option against PyTorch float64, step by step, and from PyTorch's own state. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NDArray, type nn, optim } from "webgpu-lstm";
import type { GoldenCase, GoldenTensor } from "../golden-case.ts";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed } from "./closeness.ts";
import { gradientStep, parametersOf } from "./given-gradients.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";

const classes = {
  adam: optim.Adam,
  adamw: optim.AdamW,
  sgd: optim.SGD,
  rmsprop: optim.RMSprop,
  adagrad: optim.Adagrad,
  nadam: optim.NAdam,
  radam: optim.RAdam,
  adadelta: optim.Adadelta,
  adamax: optim.Adamax,
  asgd: optim.ASGD,
  rprop: optim.Rprop,
};

const STEPS = 20;

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

/** A golden's metadata. */
class Case {
  readonly golden: GoldenCase;
  readonly names: readonly string[];
  readonly rates: readonly number[] | null;

  constructor(golden: GoldenCase) {
    this.golden = golden;
    this.names = golden.names("param.");
    this.rates = JSON.parse(golden.text("rates")) as number[] | null;
  }

  /** Parameters at the start or after `steps`, and their optimizer, with or without the case's options. */
  make(steps = 0, withOptions = true): { parameters: Map<string, nn.Parameter>; optimizer: optim.Optimizer } {
    const at = (name: string): NDArray => {
      const start = this.golden.input(`param.${name}`);
      return steps === 0
        ? start
        : { ...start, data: Float32Array.from(this.trajectory(name, steps - 1).data) };
    };
    const parameters = parametersOf(new Map(this.names.map((name) => [name, at(name)])));
    const list = [...parameters.values()];
    const groups = JSON.parse(this.golden.text("groups")) as [number[], object][];
    const options = JSON.parse(this.golden.text("options")) as object;
    const Class = classes[this.golden.op as keyof typeof classes] as unknown as new (
      ...args: unknown[]
    ) => optim.Optimizer;
    const whole = groups.length === 1;
    const source = groups.map(([indices, own]) => {
      const params = indices.map((i) => list[i]!);
      return withOptions ? { params, ...own } : { params };
    });
    return { parameters, optimizer: new Class(whole ? list : source, withOptions ? options : {}) };
  }

  /** A parameter's value after step `t`, from 0. */
  trajectory(name: string, t: number): GoldenTensor {
    const { data, shape } = this.golden.tensor(`trajectory.${name}`);
    const size = data.length / STEPS;
    return { dtype: "F64", shape: shape.slice(1), data: data.slice(t * size, (t + 1) * size) };
  }

  gradients(t: number): Record<string, Float32Array> {
    return Object.fromEntries(
      this.names.map((name) => {
        const { data } = this.golden.input(`grads.${name}`);
        const size = data.length / STEPS;
        return [name, data.slice(t * size, (t + 1) * size)];
      }),
    );
  }

  /** PyTorch's parameter numbers, in the order of its groups. */
  get order(): readonly string[] {
    const groups = JSON.parse(this.golden.text("groups")) as [number[], object][];
    return groups.flatMap(([indices]) => indices.map((i) => this.names[i]!));
  }

  /** PyTorch's state dict after the case's first half. */
  savedState(): optim.OptimizerStateDict {
    const state = this.order.map((name, number) => {
      const slots = this.golden.names(`saved.${name}.`).map((slot) => {
        const { data, shape } = this.golden.tensor(`saved.${name}.${slot}`);
        const value = shape.length === 0 ? data[0]! : { data: Float32Array.from(data), shape };
        return [slot, value];
      });
      return [number, Object.fromEntries(slots)];
    });
    return {
      state: Object.fromEntries(state),
      param_groups: JSON.parse(this.golden.text("param_groups")),
    };
  }

  /** Runs steps `from` to `to`; returns the largest share of the budget used by any parameter after any step. */
  async follow(made: ReturnType<Case["make"]>, from: number, to: number): Promise<number> {
    const { parameters, optimizer } = made;
    const step = await gradientStep(frame.device, parameters, optimizer);
    let used = 0;
    for (let t = from; t < to; t++) {
      if (this.rates) optimizer.lr = this.rates[t]!;
      step.run(this.gradients(t));
      for (const [name, parameter] of parameters) {
        used = Math.max(used, budgetUsed((await parameter.read()).data, this.trajectory(name, t)));
      }
    }
    step.dispose();
    return used;
  }

  /** The largest share of the budget used by the optimizer's final state. */
  async stateUsed(optimizer: optim.Optimizer): Promise<number> {
    const { state } = await optimizer.stateDict();
    let used = 0;
    for (const [number, name] of this.order.entries()) {
      const slots = state[number] ?? {};
      expect(Object.keys(slots).sort()).toEqual(this.golden.names(`state.${name}.`).sort());
      for (const [slot, value] of Object.entries(slots)) {
        const expected = this.golden.tensor(`state.${name}.${slot}`);
        const data = typeof value === "number" ? Float32Array.of(value) : (value as NDArray).data;
        used = Math.max(used, budgetUsed(data, expected));
      }
    }
    return used;
  }
}

/** A case's name without the optimizer's, such as `weight decay, maximize`. */
function rowOf(op: string, file: string): string {
  return file.slice(op.length + 1).replaceAll("_", " ");
}

describe.each(Object.keys(classes) as (keyof typeof classes)[])("%s", (op) => {
  const section = `optim.${classes[op].name}`;
  const names = goldenNames(op);

  test.for(names)("follows PyTorch for 20 steps, and ends with its state: %s", async (file, { task }) => {
    const one = new Case(await loadGolden(file));
    await frame.run(async () => {
      const made = one.make();
      const used = Math.max(await one.follow(made, 0, STEPS), await one.stateUsed(made.optimizer));
      for (const parameter of made.parameters.values()) parameter.dispose();
      recordParity(task, { section, row: rowOf(op, file), budget: float32Budget, used });
      expect(used).toBeLessThanOrEqual(1);
    });
  });

  test.for(names)("continues from PyTorch's state: %s", async (file, { task }) => {
    const one = new Case(await loadGolden(file));
    const saved = one.golden.number("saved_at");
    await frame.run(async () => {
      // Loads before the parameters are on a device; the state includes the settings.
      const made = one.make(saved, false);
      made.optimizer.loadStateDict(one.savedState());
      let used = await one.follow(made, saved, STEPS);
      // And afterwards, over the state of other steps.
      for (const [name, parameter] of made.parameters) {
        parameter.write(Float32Array.from(one.trajectory(name, saved - 1).data));
      }
      made.optimizer.loadStateDict(one.savedState());
      used = Math.max(used, await one.follow(made, saved, STEPS), await one.stateUsed(made.optimizer));
      for (const parameter of made.parameters.values()) parameter.dispose();
      const row = `${rowOf(op, file)}: from PyTorch's state dict`;
      recordParity(task, { section, row, budget: float32Budget, used });
      expect(used).toBeLessThanOrEqual(1);
    });
  });
});
