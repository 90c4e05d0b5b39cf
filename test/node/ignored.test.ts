/** What would be ignored in silence, and needs no GPU to be refused: modules of another copy of the library, arguments too many. */
import { describe, expect, test, vi } from "vitest";
import { data, nn, OptionError, optim } from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";

vi.resetModules();
const other = await import("webgpu-lstm");

test("there are two copies", () => {
  expect(other.nn.Linear).not.toBe(nn.Linear);
});

describe("a layer or a parameter of another copy", () => {
  class Model extends nn.Module {
    readonly fc = new nn.Linear(1, 1);
    readonly foreign: unknown;

    constructor(foreign: unknown) {
      super();
      this.foreign = foreign;
    }
  }
  const ways: [string, (model: nn.Module) => unknown][] = [
    ["parameters", (model) => model.parameters()],
    ["stateDict", (model) => model.stateDict()],
    ["loadStateDict", (model) => model.loadStateDict({}, { strict: false })],
  ];
  test.each(ways)("in a field: %s refuses it", async (_, way) => {
    for (const [foreign, name] of [
      [new other.nn.LSTM(1, 1), "a LSTM"],
      [new other.nn.Parameter([1], new Float32Array(1)), "a Parameter"],
    ] as const) {
      const parts = [`Model: foreign is ${name} of another copy of webgpu-lstm`, "load the library once"];
      await expectRefusal(() => way(new Model(foreign)), OptionError, ...parts);
      await expectRefusal(() => way(new nn.ModuleList([new Model(foreign)])), OptionError, ...parts);
    }
  });

  test("in a container", async () => {
    const foreign = wrong(new other.nn.Linear(1, 1));
    for (const make of [() => new nn.Sequential(foreign), () => new nn.ModuleList([foreign])]) {
      await expectRefusal(make, OptionError, "a Linear of another copy of webgpu-lstm");
    }
  });

  test("in an optimizer", () =>
    expectRefusal(
      () => new optim.SGD(wrong(new other.nn.Linear(1, 1).parameters())),
      OptionError,
      "a Parameter of another copy of webgpu-lstm",
    ));

  test("other values in fields are none of the library's business", () => {
    for (const value of [null, undefined, 1, "text", { namedChildren: 1 }, [1], new Map()]) {
      expect(new Model(value).parameters()).toHaveLength(2);
    }
  });
});

describe("arguments that would be ignored", () => {
  const extra = (value: unknown) => value as never;
  const linear = () => new nn.Linear(1, 1);
  test.each<[string, () => unknown, string]>([
    ["ModuleList", () => new nn.ModuleList([linear()], extra(linear())), "got a Linear after it"],
    [
      "StandardScaler.fit",
      () => data.StandardScaler.fit([1, 2], extra({ ddof: 1 })),
      'unknown option "ddof"; the options are none',
    ],
  ])("%s", (name, call, part) => expectRefusal(call, OptionError, name, part));
});

test.each([0, 1, "eval", null])("train(%o) is refused", (mode) =>
  expectRefusal(
    () => new nn.Dropout().train(wrong(mode)),
    OptionError,
    "Module.train: mode must be true or false",
  ),
);
