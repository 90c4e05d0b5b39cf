/** Parameters of recurrent layers in other ops: penalties and tied weights, against PyTorch. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { cat, grad, nn, optim, type Tensor, tensor } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";

let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

const layers = {
  gru: () => new nn.GRU(3, 5),
  lstm: () => new nn.LSTM(3, 5),
  proj: () => new nn.LSTM(3, 5, { projSize: 2 }),
  rnn: () => new nn.RNN(3, 5),
};

test("every golden is tested", () => {
  expect(goldenNames("penalty")).toEqual(Object.keys(layers).map((name) => `penalty_${name}`));
});

/** As in tools/goldens/functions.py. */
function lossOf(layer: ReturnType<(typeof layers)["gru" | "lstm" | "rnn"]>, x: Tensor): Tensor {
  const { output } = layer.forward(x);
  const parameters = new Map(layer.namedParameters());
  const weight = parameters.get("weight_hh_l0")!;
  const decoded = output.matmul(parameters.get("weight_ih_l0")!.slice(0, 0, output.shape[2]!));
  const l1 = [...parameters.values()].map((p) => p.abs().sum()).reduce((a, b) => a.add(b));
  const size = weight.shape[1]!;
  const identity = tensor(
    Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0)),
    [size, size],
  );
  const orthogonality = weight.transpose(0, 1).matmul(weight).sub(identity).square().sum();
  return decoded.sub(x).square().mean().add(l1.mul(0.01)).add(orthogonality.mul(0.02));
}

test.for(Object.entries(layers))(
  "%s: gradients, and three steps of training",
  async ([name, make], { task }) => {
    const golden = await loadGolden(`penalty_${name}`);
    const names = golden.names("param.");
    await frame.run(async (device) => {
      const layer = make();
      layer.loadStateDict(Object.fromEntries(names.map((key) => [key, golden.input(`param.${key}`)])));
      const x = golden.input("x");
      const parameters = new Map(layer.namedParameters());
      const compare = (key: string, data: Float32Array) => {
        const expected = golden.tensor(key);
        const row = `${name}: ${key.replace(/\..*/, "")}`;
        const used = budgetUsed(data, expected);
        recordParity(task, {
          section: "Recurrent parameters in other ops",
          row,
          budget: float32Budget,
          used,
        });
        expectClose(`${name} ${key}`, data, expected);
      };
      const look = await device.compile(
        ({ x }) => {
          const gradients = grad(
            lossOf(layer, x),
            names.map((key) => parameters.get(key)!),
          );
          return Object.fromEntries(gradients.map((gradient, i) => [names[i], gradient]));
        },
        { inputs: { x: x.shape } },
      );
      const found = look.run({ x });
      for (const key of names) compare(`grad.${key}`, (await found[key]!.read()).data);
      look.dispose();
      const step = await device.compile(({ x }) => ({ loss: lossOf(layer, x) }), {
        inputs: { x: x.shape },
        optimizer: new optim.SGD(layer.parameters(), { lr: 0.1 }),
      });
      const losses: number[] = [];
      for (let i = 0; i < 3; i++) losses.push(await step.run({ x }).loss.item());
      compare("losses", Float32Array.from(losses));
      for (const [key, value] of await layer.stateDict()) compare(`final.${key}`, value.data);
      step.dispose();
      layer.dispose();
    });
  },
);

test("a parameter in any op has PyTorch's order", () =>
  frame.run(async (device) => {
    const layer = new nn.GRU(2, 3);
    const state = await layer.stateDict();
    const parameters = new Map(layer.namedParameters());
    const step = await device.compile(
      ({ one }) => ({
        one: one,
        joined: cat([...parameters.values()].map((p) => p.flatten())),
        row: parameters.get("weight_hh_l0")!.select(0, 4),
        kept: parameters.get("bias_hh_l0")!.detach(),
        normed: new nn.LayerNorm(3, { elementwiseAffine: false })
          .forward(parameters.get("weight_hh_l0")!)
          .sum(1),
      }),
      { inputs: { one: [1] } },
    );
    const found = step.run({ one: [1] });
    const joined = [...state.values()].flatMap(({ data }) => [...data]);
    expect([...(await found["joined"]!.read()).data]).toEqual(joined);
    expect([...(await found["row"]!.read()).data]).toEqual([
      ...state.get("weight_hh_l0")!.data.slice(12, 15),
    ]);
    expect([...(await found["kept"]!.read()).data]).toEqual([...state.get("bias_hh_l0")!.data]);
    for (const sum of (await found["normed"]!.read()).data) expect(sum).toBeCloseTo(0, 5);
    step.dispose();
    layer.dispose();
  }));
