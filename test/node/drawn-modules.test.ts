import { expect, test } from "vitest";
import { manualSeed, nn } from "webgpu-lstm";
import { goldens } from "../goldens.ts";
import { recordParity } from "../parity.ts";

test("modules start from the values that PyTorch draws after the same seed, bit for bit", async ({
  task,
}) => {
  const [golden] = goldens("drawn");
  manualSeed(golden!.number("seed"));
  const modules: Readonly<Record<string, nn.Module>> = {
    conv: new nn.Conv1d(4, 6, 3, { groups: 2 }),
    plain: new nn.Conv1d(5, 2, 1, { bias: false }),
    transposed: new nn.ConvTranspose1d(4, 6, 3, { groups: 2 }),
    attention: new nn.MultiheadAttention(6, 2),
    attention_of_others: new nn.MultiheadAttention(4, 2, { kdim: 3, vdim: 5, bias: false }),
  };
  const state = new Map<string, unknown>();
  for (const [name, module] of Object.entries(modules)) {
    for (const [key, value] of await module.stateDict()) state.set(`${name}.${key}`, value);
  }
  expect([...state.keys()].sort()).toEqual(golden!.names("").sort());
  for (const [key, value] of state) {
    expect(value, key).toEqual(golden!.input(key));
  }
  recordParity(task, {
    section: "nn.init",
    row: "initial weights of layers",
    budget: "bit for bit",
    used: 0,
  });
});
