/** Hooks on forward, registered buffers and prefixes of state dicts. */
import { describe, expect, test } from "vitest";
import { nn, OptionError } from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";

class Adder extends nn.Module {
  readonly term: number;

  constructor(term: number) {
    super();
    this.term = term;
  }

  forward(x: number, factor = 1): number {
    return x * factor + this.term;
  }
}

const buffer = (value: number) => new nn.Buffer([1], Float32Array.of(value));

describe("hooks", () => {
  test("see and change what goes in and comes out, in the order of registration, until they are removed", () => {
    const adder = new Adder(1);
    const seen: unknown[] = [];
    const first = adder.registerForwardPreHook((module, inputs) => {
      seen.push([module === adder, ...inputs]);
      return [10, 2];
    });
    const second = adder.registerForwardPreHook((_, inputs) => {
      seen.push(inputs);
      return undefined;
    });
    const after = adder.registerForwardHook((module, inputs, output) => {
      seen.push([module === adder, inputs, output]);
      return -(output as number);
    });
    adder.registerForwardHook((_, __, output) => {
      seen.push(output);
    });
    // One value takes the place of the arguments, as in PyTorch.
    const alone = adder.registerForwardPreHook((() => 7) as never);
    expect(adder.forward(5)).toBe(-8);
    alone.remove();
    seen.length = 0;
    expect(adder.forward(5)).toBe(-21);
    expect(seen).toEqual([[true, 5], [10, 2], [true, [10, 2], 21], -21]);
    first.remove();
    second.remove();
    expect(adder.forward(5)).toBe(-6);
    after.remove();
    after.remove();
    expect(adder.forward(5)).toBe(6);
    expect(new Adder(1).forward(5)).toBe(6);
  });

  test("are no part of the state", async () => {
    const linear = new nn.Linear(1, 1);
    const keys = Object.keys(linear);
    linear.registerForwardHook(() => undefined);
    expect(Object.keys(linear)).toEqual(keys);
    expect([...(await linear.stateDict()).keys()]).toEqual(["weight", "bias"]);
  });

  test("are functions of modules that compute", async () => {
    await expectRefusal(
      () => new Adder(1).registerForwardHook(wrong("print")),
      OptionError,
      'Module.registerForwardHook: hook must be a function, got "print"',
    );
    await expectRefusal(
      () => new nn.ModuleList([]).registerForwardPreHook(() => undefined),
      OptionError,
      "Module.registerForwardPreHook: a ModuleList has no forward() to hook",
    );
  });
});

describe("registerBuffer", () => {
  test("adds to the buffers, and to the state unless it is not persistent", async () => {
    const adder = new Adder(1);
    adder.registerBuffer("mean", buffer(3));
    adder.registerBuffer("scratch", buffer(4), { persistent: false });
    const model = new nn.ModuleList([adder]);
    expect([...model.namedBuffers()].map(([name]) => name)).toEqual(["0.mean", "0.scratch"]);
    expect(model.parameters()).toEqual([]);
    const state = await model.stateDict();
    expect([...state.keys()]).toEqual(["0.mean"]);
    expect(model.loadStateDict({ "0.mean": { data: Float32Array.of(7), shape: [1] } })).toEqual({
      missingKeys: [],
      unexpectedKeys: [],
    });
    expect((await model.stateDict()).get("0.mean")!.data).toEqual(Float32Array.of(7));
    model.dispose();
    expect(adder.buffers().map(({ disposed }) => disposed)).toEqual([true, true]);
  });

  test("refuses what is no buffer, and names that are taken or have dots", async () => {
    const adder = new Adder(1);
    adder.registerBuffer("mean", buffer(3));
    const names: [unknown, string][] = [
      ["term", '"term"'],
      ["mean", '"mean"'],
      ["a.b", '"a.b"'],
      ["", '""'],
      [3, "got 3"],
    ];
    for (const [name, part] of names) {
      await expectRefusal(
        () => adder.registerBuffer(wrong(name), buffer(1)),
        OptionError,
        "Module.registerBuffer: name",
        part,
      );
    }
    await expectRefusal(
      () => adder.registerBuffer("a", wrong([1])),
      OptionError,
      'Module.registerBuffer: "a" must be a Buffer, got [1]',
    );
    await expectRefusal(() => adder.registerBuffer("a", buffer(1), wrong(false)), OptionError, "options");
  });
});

test("stateDict puts a prefix before every name", async () => {
  const model = new nn.ModuleList([new nn.Linear(1, 1)]);
  expect([...(await model.stateDict({ prefix: "model." })).keys()]).toEqual([
    "model.0.weight",
    "model.0.bias",
  ]);
  await expectRefusal(
    () => model.stateDict(wrong({ keepVars: true })),
    OptionError,
    "Module.stateDict",
    "keepVars",
  );
  await expectRefusal(() => model.stateDict({ prefix: wrong(1) }), OptionError, "prefix", "got 1");
});
