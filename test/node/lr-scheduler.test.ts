import { describe, expect, test } from "vitest";
import { nn, OptionError, optim, StateDictError } from "webgpu-lstm";
import { goldenJson } from "../goldens.ts";
import { recordParity } from "../parity.ts";
import { expectRefusal, wrong } from "../refusal.ts";

const { lrScheduler } = optim;

/** A schedule from the golden file: constructor arguments and options, functions by name. */
interface Description {
  readonly class: keyof typeof lrScheduler;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly schedulers?: readonly Description[];
  readonly milestones?: readonly number[];
}

/** PyTorch's values before each step. */
interface Case extends Description {
  readonly optimizer: "sgd" | "adam";
  readonly rates: readonly number[];
  readonly lr: readonly (readonly number[])[];
  readonly momentum?: readonly (readonly number[])[];
  readonly metrics?: readonly number[];
  readonly epochs?: readonly number[];
}

interface AnyScheduler {
  step(value?: number): void;
  getLastLr(): number[];
  stateDict(): Readonly<Record<string, unknown>>;
  loadStateDict(state: Readonly<Record<string, unknown>>): void;
}

const cases = goldenJson<Case[]>("lr_schedulers.json");

const functions: Record<string, (x: number) => number> = {
  decay: (epoch) => 0.95 ** epoch,
  thirds: (epoch) => 1 / (1 + Math.floor(epoch / 3)),
  factor: (epoch) => (epoch % 2 ? 0.97 : 1.02),
  halves: (x) => 1 / (1 + x / 2),
};

function heard(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(heard);
  return typeof value === "string" ? (functions[value] ?? value) : value;
}

function parameter(): nn.Parameter {
  return new nn.Parameter([1], new Float32Array(1));
}

function optimizerOf({ optimizer, rates }: Case): optim.SGD | optim.Adam {
  const groups = rates.map((lr) => ({ params: [parameter()], lr }));
  return optimizer === "sgd" ? new optim.SGD(groups, { momentum: 0.9 }) : new optim.Adam(groups);
}

function make(optimizer: optim.SGD | optim.Adam, description: Description): AnyScheduler {
  const { class: name, args, options, schedulers, milestones } = description;
  const parts = schedulers?.map((part) => make(optimizer, part));
  if (name === "ChainedScheduler") return new lrScheduler.ChainedScheduler(wrong(parts));
  if (name === "SequentialLR") return new lrScheduler.SequentialLR(optimizer, wrong(parts), milestones!);
  const settings = Object.fromEntries(Object.entries(options).map(([key, value]) => [key, heard(value)]));
  const Class = lrScheduler[name] as unknown as new (...all: unknown[]) => AnyScheduler;
  return new Class(optimizer, ...args.map(heard), settings);
}

function title({ class: name, args, options, schedulers, optimizer, epochs }: Case): string {
  const parts = schedulers?.map((part) => part.class) ?? [];
  const settings = Object.entries(options).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const own = [...parts, ...args.map((value) => JSON.stringify(value)), ...settings];
  return `${name}: ${[...own, optimizer === "adam" ? "Adam" : "SGD", ...(epochs ? ["step(epoch)"] : [])].join(", ")}`;
}

const momentumOf = (group: { momentum?: number; betas?: readonly [number, number] }) =>
  group.betas ? group.betas[0] : group.momentum;

/** float64 arithmetic in the same order; only pow and cos may round differently. */
const RTOL = 1e-12;
const budget = "float64, rtol 1e-12";

/** Largest difference of two rows as a share of {@link RTOL}; tiny values are compared relative to the schedule's largest. */
function used(actual: readonly (number | undefined)[], expected: readonly number[], largest: number): number {
  const shares = expected.map((value, i) => {
    const share = Math.abs(actual[i]! - value) / (Math.abs(value) + 1e-3 * largest) / RTOL;
    return Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
  });
  return Math.max(...shares);
}

/** Runs steps `from` to `to` (exclusive) of a case; returns the largest share of the budget used. */
function follow(
  golden: Case,
  optimizer: optim.SGD | optim.Adam,
  scheduler: AnyScheduler,
  from: number,
  to: number,
): number {
  const largest = Math.max(...golden.lr.flat());
  let share = 0;
  for (let t = from; t < to; t++) {
    const lrs = optimizer.paramGroups.map((group) => group.lr);
    share = Math.max(share, used(lrs, golden.lr[t]!, largest));
    if (t > 0 || golden.metrics === undefined) expect(scheduler.getLastLr()).toEqual(lrs);
    if (golden.momentum) {
      share = Math.max(share, used(optimizer.paramGroups.map(momentumOf), golden.momentum[t]!, 1));
    }
    scheduler.step(golden.metrics?.[t] ?? golden.epochs?.[t]);
  }
  return share;
}

describe("schedules against PyTorch, step by step", () => {
  test("cover every scheduler with 50 steps or more", () => {
    const covered = new Set(cases.map((golden) => golden.class));
    const own = Object.keys(lrScheduler).filter((name) => name !== "LRScheduler");
    expect([...covered].sort()).toEqual(own.sort());
    for (const golden of cases) expect(golden.lr.length).toBeGreaterThanOrEqual(50);
  });

  for (const golden of cases) {
    test(title(golden), ({ task }) => {
      const optimizer = optimizerOf(golden);
      const share = follow(golden, optimizer, make(optimizer, golden), 0, golden.lr.length);
      const [section, row] = title(golden).split(/: (.*)/s) as [string, string];
      recordParity(task, { section: `optim.lrScheduler.${section}`, row, budget, used: share });
      expect(share).toBeLessThanOrEqual(1);
    });
  }
});

describe("a schedule's state", () => {
  for (const golden of cases) {
    test(`${title(golden)}: resumes in new objects`, async () => {
      const half = 23;
      const before = optimizerOf(golden);
      const scheduler = make(before, golden);
      follow(golden, before, scheduler, 0, half);
      const state = JSON.parse(JSON.stringify(scheduler.stateDict())) as Record<string, unknown>;
      const optimizerState = await before.stateDict();

      const optimizer = optimizerOf(golden);
      const resumed = make(optimizer, golden);
      optimizer.loadStateDict(optimizerState);
      resumed.loadStateDict(state);
      expect(resumed.stateDict()).toEqual(scheduler.stateDict());
      expect(follow(golden, optimizer, resumed, half, golden.lr.length)).toBeLessThanOrEqual(1);
    });
  }

  const sgd = () => new optim.SGD([parameter()], { lr: 0.1, momentum: 0.9 });

  test("PyTorch's MultiStepLR counts its milestones", () => {
    const scheduler = new lrScheduler.MultiStepLR(sgd(), [1], { gamma: 0.5 });
    const torch = {
      milestones: { "2": 2, "5": 1 },
      gamma: 0.5,
      base_lrs: [0.1],
      last_epoch: 1,
      verbose: false,
    };
    scheduler.loadStateDict(torch);
    scheduler.step();
    expect(scheduler.getLastLr()).toEqual([0.025]);
  });

  test("lastEpoch resumes a schedule if the optimizer has its state", async () => {
    const first = sgd();
    const scheduler = new lrScheduler.ExponentialLR(first, 0.5);
    scheduler.step();
    scheduler.step();
    const second = sgd();
    second.loadStateDict(await first.stateDict());
    const resumed = new lrScheduler.ExponentialLR(second, 0.5, { lastEpoch: 2 });
    scheduler.step();
    expect(resumed.getLastLr()).toEqual(scheduler.getLastLr());
    expect(second.lr).toBe(first.lr);
  });

  test.each([
    ["not an object", wrong(7), "expected an object"],
    ["no step", {}, "last_epoch is missing"],
    ["text instead of a number", { last_epoch: 3, gamma: "half" }, "gamma"],
    ["a NaN", { last_epoch: Number.NaN }, "last_epoch"],
    ["rates of other groups", { last_epoch: 3, base_lrs: [1, 2] }, "base_lrs"],
  ])("%s is refused and changes nothing", async (_, state, part) => {
    const scheduler = new lrScheduler.StepLR(sgd(), 3);
    const before = scheduler.stateDict();
    await expectRefusal(
      () => scheduler.loadStateDict(state),
      StateDictError,
      "StepLR.loadStateDict",
      part,
      "nothing was loaded",
    );
    expect(scheduler.stateDict()).toEqual(before);
  });

  test("an unsuitable composed state changes no part", async () => {
    const optimizer = sgd();
    const parts = [new lrScheduler.LinearLR(optimizer), new lrScheduler.StepLR(optimizer, 3)];
    const scheduler = new lrScheduler.SequentialLR(optimizer, parts, [4]);
    const before = scheduler.stateDict();
    const bad = { ...before, _schedulers: [{ last_epoch: 9 }, { last_epoch: "late" }] };
    await expectRefusal(() => scheduler.loadStateDict(bad), StateDictError, "StepLR", "last_epoch");
    await expectRefusal(
      () => scheduler.loadStateDict({ ...before, _schedulers: [] }),
      StateDictError,
      "SequentialLR",
      "2 states",
    );
    expect(scheduler.stateDict()).toEqual(before);
  });
});

describe("bad schedules", () => {
  const optimizer = new optim.SGD([{ params: [parameter()] }, { params: [parameter()], lr: 0.5 }], {
    momentum: 0.9,
  });
  const other = new optim.Adagrad([parameter()]);
  const S = lrScheduler;
  test.each([
    ["no optimizer", () => new S.StepLR(wrong({ lr: 1 }), 3), ["StepLR", "such as optim.SGD", "{ lr }"]],
    ["steps of 0", () => new S.StepLR(optimizer, 0), ["StepLR: stepSize", "at least 1", "got 0"]],
    [
      "an unknown option",
      () => new S.StepLR(optimizer, 3, wrong({ factor: 1 })),
      ['unknown option "factor"', "gamma"],
    ],
    ["a negative gamma", () => new S.ExponentialLR(optimizer, -1), ["ExponentialLR: gamma", "got -1"]],
    [
      "one milestone alone",
      () => new S.MultiStepLR(optimizer, wrong(3)),
      ["MultiStepLR: milestones", "got 3"],
    ],
    ["a factor of 0", () => new S.ConstantLR(optimizer, { factor: 0 }), ["ConstantLR: factor", "(0, 1]"]],
    ["a factor over 1", () => new S.LinearLR(optimizer, { endFactor: 2 }), ["LinearLR: endFactor", "[0, 1]"]],
    ["a negative power", () => new S.PolynomialLR(optimizer, { power: -1 }), ["PolynomialLR: power"]],
    ["a period of 0", () => new S.CosineAnnealingLR(optimizer, 0), ["CosineAnnealingLR: tMax"]],
    [
      "a period that shrinks",
      () => new S.CosineAnnealingWarmRestarts(optimizer, 3, { tMult: 0.5 }),
      ["CosineAnnealingWarmRestarts: tMult", "integer"],
    ],
    [
      "no number of steps",
      () => new S.OneCycleLR(optimizer, 1, { epochs: 3 }),
      ["OneCycleLR", "totalSteps, or epochs and stepsPerEpoch"],
    ],
    [
      "a rate for a third group",
      () => new S.OneCycleLR(optimizer, [1, 2, 3], { totalSteps: 9 }),
      ["OneCycleLR: maxLr", "2 parameter groups", "got 3"],
    ],
    [
      "cycling a momentum that does not exist",
      () => new S.CyclicLR(other, 0.1, 1),
      ["CyclicLR: cycleMomentum", "set cycleMomentum to false"],
    ],
    ["an unknown mode", () => new S.CyclicLR(optimizer, 0.1, 1, { mode: wrong("sine") }), ["CyclicLR: mode"]],
    ["no function", () => new S.LambdaLR(optimizer, wrong(0.9)), ["LambdaLR: lrLambda", "got 0.9"]],
    [
      "too few functions",
      () => new S.MultiplicativeLR(optimizer, [() => 1]),
      ["MultiplicativeLR: lrLambda", "2 parameter groups"],
    ],
    [
      "too few milestones",
      () => new S.SequentialLR(optimizer, [new S.LinearLR(optimizer), new S.LinearLR(optimizer)], []),
      ["SequentialLR: 2 schedulers need 1 milestones"],
    ],
    [
      "decreasing milestones",
      () =>
        new S.SequentialLR(
          optimizer,
          [1, 2, 3].map(() => new S.LinearLR(optimizer)),
          [5, 4],
        ),
      ["SequentialLR: milestones", "increasing"],
    ],
    [
      "a scheduler of another optimizer",
      () => new S.ChainedScheduler([new S.LinearLR(optimizer), new S.LinearLR(other)]),
      ["ChainedScheduler", "index 1", "another optimizer's"],
    ],
    [
      "a plateau among them",
      () => new S.ChainedScheduler([new S.LinearLR(optimizer), wrong(new S.ReduceLROnPlateau(optimizer))]),
      ["ChainedScheduler", "a ReduceLROnPlateau at index 1"],
    ],
    ["a factor of 1", () => new S.ReduceLROnPlateau(optimizer, { factor: 1 }), ["factor", "[0, 1)"]],
    [
      "an unread metric",
      () => new S.ReduceLROnPlateau(optimizer).step(wrong(Promise.resolve(1))),
      ["ReduceLROnPlateau.step", "await loss.item()"],
    ],
    [
      "a resumed schedule without its optimizer",
      () => new S.StepLR(new optim.SGD([parameter()]), 3, { lastEpoch: 4 }),
      ["StepLR: lastEpoch 4", "load the optimizer's state dict"],
    ],
  ] as [string, () => unknown, string[]][])("%s", (_, call, parts) =>
    expectRefusal(call, OptionError, ...parts),
  );

  test("OneCycleLR refuses a step after its end", async () => {
    const own = new optim.SGD([parameter()], { momentum: 0.9 });
    const scheduler = new lrScheduler.OneCycleLR(own, 0.1, { totalSteps: 3 });
    for (let i = 0; i < 3; i++) scheduler.step();
    const before = scheduler.stateDict();
    await expectRefusal(() => scheduler.step(), OptionError, "OneCycleLR.step", "3 steps");
    expect(scheduler.lastEpoch).toBe(before["last_epoch"]);
  });
});
