import { expect, test } from "vitest";
import { manualSeed, nn, type Tensor } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { loadGolden } from "./goldens.ts";
import { withDevice } from "./gpu.ts";
import { runModule } from "./modules-case.ts";

/** The model of tools/goldens/modules.py. */
class Stack extends nn.Module {
  readonly embed = new nn.Embedding(11, 6, { paddingIdx: 0 });
  readonly blocks = new nn.ModuleList(
    [new nn.Tanh(), new nn.ReLU()].map(
      (activation) => new nn.Sequential(new nn.Linear(6, 6), new nn.LayerNorm(6), activation),
    ),
  );
  readonly head = new nn.Sequential(
    new nn.Flatten(),
    new nn.Dropout(0.5),
    new nn.Sequential(new nn.Linear(18, 4)),
    new nn.LogSoftmax(1),
  );

  forward(x: Tensor): Tensor {
    let h = this.embed.forward(x);
    for (const block of this.blocks) h = h.add(block.forward(h));
    return this.head.forward(h);
  }
}

test("a model of containers matches PyTorch: keys, initial weights, output and gradients", async ({
  task,
}) => {
  const golden = await loadGolden("containers_stack");
  const initial = await loadGolden("initial_containers");
  manualSeed(initial.number("seed"));
  const model = new Stack();
  const state = await model.stateDict();
  expect([...state.keys()].sort()).toEqual([...initial.tensors.keys()].sort());
  expect([...model.namedParameters()].map(([key]) => key)).toEqual([...state.keys()]);
  for (const [key, { data, shape }] of state) {
    const expected = initial.tensor(key);
    expect(shape).toEqual(expected.shape);
    // Normal values differ in the last places from 16 elements on: see Generator.normal_.
    if (key === "embed.weight") expectClose(key, data, expected);
    else expect(Float64Array.from(data)).toEqual(expected.data);
  }

  const results = await withDevice((device) => runModule(device, model.eval(), golden, "mean"));
  expect(results.size).toBe(1 + state.size);
  for (const [key, { data, shape }] of results) {
    const expected = golden.tensor(key);
    const used = budgetUsed(data, expected);
    const row = "Embedding, ModuleList, Sequential, activations together";
    recordParity(task, { section: "Layers", row, budget: float32Budget, used });
    expect(shape).toEqual(expected.shape);
    expectClose(key, data, expected);
  }
});

test("Sequential and ModuleList can be iterated, indexed, extended and switched between modes", () => {
  const [a, b, c] = [new nn.Linear(2, 3), new nn.ReLU(), new nn.Linear(3, 1)];
  const sequential = new nn.Sequential(a, b);
  expect(sequential.append(c)).toBe(sequential);
  expect([...sequential]).toEqual([a, b, c]);
  expect(sequential.length).toBe(3);
  expect(sequential.at(0)).toBe(a);
  expect(sequential.at(-1)).toBe(c);
  expect([...sequential.namedChildren()]).toEqual([
    ["0", a],
    ["1", b],
    ["2", c],
  ]);
  sequential.eval();
  expect([a.training, b.training, c.training]).toEqual([false, false, false]);

  const list = new nn.ModuleList([a]);
  expect(list.extend([c]).append(c).length).toBe(3);
  // A module used twice is one module.
  expect(list.parameters()).toHaveLength(4);
  expect([...list].map((module) => module.inFeatures)).toEqual([2, 3, 3]);
});
