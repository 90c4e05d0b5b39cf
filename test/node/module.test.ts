/** nn.Module's traversal of its members, and unsuitable state dicts. */
import { expect, test } from "vitest";
import { nn, OptionError, StateDictError } from "webgpu-lstm";
import { expectRefusal, wrong } from "../refusal.ts";

class Model extends nn.Module {
  lstm = new nn.LSTM(2, 3);
  head = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
  again = this.head.at(0);
}

test("namedModules, modules and apply visit every module once, in PyTorch's order", () => {
  const model = new Model();
  expect([...model.namedModules()].map(([name]) => name)).toEqual([
    "",
    "lstm",
    "head",
    "head.0",
    "head.1",
    "head.2",
  ]);
  expect(model.modules()[0]).toBe(model);
  const visited: string[] = [];
  model.head.apply((module) => visited.push(module.constructor.name));
  expect(visited).toEqual(["Linear", "Tanh", "Linear", "Sequential"]);
});

test("loadStateDict with strict false loads what fits and reports the rest", async () => {
  const model = new nn.Linear(2, 1);
  const weight = { data: Float32Array.of(5, 6), shape: [1, 2] };
  const before = await model.stateDict();
  const report = model.loadStateDict({ weight, extra: weight }, { strict: false });
  expect(report).toEqual({ missingKeys: ["bias"], unexpectedKeys: ["extra"] });
  const after = await model.stateDict();
  expect([...after.get("weight")!.data]).toEqual([5, 6]);
  expect(after.get("bias")).toEqual(before.get("bias"));
  expect(model.loadStateDict(after)).toEqual({ missingKeys: [], unexpectedKeys: [] });

  await expectRefusal(
    () => model.loadStateDict({ weight, extra: weight }),
    StateDictError,
    "missing bias",
    "unexpected extra",
  );
  const misshaped = { data: Float32Array.of(1), shape: [1, 1] };
  await expectRefusal(
    () => model.loadStateDict({ bias: weight, weight: misshaped }, { strict: false }),
    StateDictError,
    "weight must have shape [1, 2], got [1, 1]",
    "bias must have shape [1], got [1, 2]",
  );
  expect(await model.stateDict()).toEqual(after);
  expect(() => model.loadStateDict(after, wrong({ strict: 1 }))).toThrow(
    "strict must be true or false, got 1",
  );
});

test("a recurrent layer has its parameters by PyTorch's names, and refuses others in their place", async () => {
  const lstm = new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true });
  const keys = Object.keys(lstm);
  for (const [name, parameter] of lstm.namedParameters())
    expect(lstm[name as "weight_ih_l0"], name).toBe(parameter);
  expect(lstm.bias_hh_l1_reverse!.shape).toEqual([20]);
  const cell = new nn.GRUCell(3, 5);
  expect(cell.weight_hh.shape).toEqual([15, 5]);
  expect(new nn.GRUCell(3, 5, { bias: false }).bias_ih).toBeUndefined();
  // Its forward pass would go on with the old one, and the state dict would have the new one.
  const other = new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true });
  await expectRefusal(
    () => Object.assign(lstm, { weight_hh_l0: other.weight_hh_l0 }),
    OptionError,
    "LSTM: weight_hh_l0 cannot be replaced",
    "write(data)",
  );
  expect(Object.keys(lstm)).toEqual(keys);
  expect(new Map(lstm.namedParameters()).get("weight_hh_l0")).not.toBe(other.weight_hh_l0);
});
