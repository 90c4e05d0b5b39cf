import { expect, test } from "vitest";
import { Generator, grad, type NDArray, nn, type Shape, type Tensor } from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { withDevice } from "./gpu.ts";

function makeCell(golden: GoldenCase): nn.LSTMCell | nn.GRUCell | nn.RNNCell {
  const [I, H] = [golden.number("input_size"), golden.number("hidden_size")];
  const bias = golden.boolean("bias");
  const kind = golden.text("kind");
  if (kind === "lstm") return new nn.LSTMCell(I, H, { bias });
  if (kind === "gru") return new nn.GRUCell(I, H, { bias });
  return new nn.RNNCell(I, H, { bias, nonlinearity: kind === "relu" ? "relu" : "tanh" });
}

test.for(goldenNames("cell"))("cells against PyTorch float64, step by step: %s", async (name, { task }) => {
  const golden = await loadGolden(name);
  const cell = makeCell(golden);
  const generator = new Generator(golden.number("seed"));
  const draw = (shape: Shape, bound: number): NDArray => {
    const data = new Float32Array(shape.reduce((size, n) => size * n, 1));
    return { data: generator.uniform_(data, -bound, bound), shape };
  };
  const bound = golden.number("weight_bound");
  cell.loadStateDict(
    new Map([...cell.namedParameters()].map(([key, { shape }]) => [key, draw(shape, bound)])),
  );
  const [steps, batch, H] = [golden.number("steps"), golden.number("batch"), golden.number("hidden_size")];
  const n = batch === 0 ? [] : [batch];
  const inputs: Record<string, NDArray> = { x: draw([steps, ...n, golden.number("input_size")], 2) };
  const states = golden.boolean("initial_state") ? (cell instanceof nn.LSTMCell ? ["h0", "c0"] : ["h0"]) : [];
  for (const state of states) inputs[state] = draw([...n, H], 1);
  inputs["target"] = draw([...n, H], 1);

  await withDevice(async (device) => {
    const step = await device.compile(
      (tensors) => {
        const input = (key: string) => tensors[key]!;
        let h: Tensor | undefined = tensors["h0"];
        let c: Tensor | undefined = tensors["c0"];
        for (let t = 0; t < steps; t++) {
          const x = input("x").select(0, t);
          if (cell instanceof nn.LSTMCell) ({ h, c } = cell.forward(x, h && c ? { h, c } : undefined));
          else h = cell.forward(x, h);
        }
        const loss = new nn.MSELoss().forward(h!, input("target"));
        const results: Record<string, Tensor> = { "out.h": h!, loss, ...(c ? { "out.c": c } : {}) };
        const wanted = new Map<string, Tensor>([
          ...["x", ...states].map((key) => [key, input(key)] as const),
          ...cell.namedParameters(),
        ]);
        const gradients = grad(loss, [...wanted.values()]);
        for (const [i, key] of [...wanted.keys()].entries()) results[`grad.${key}`] = gradients[i]!;
        return results;
      },
      { inputs: Object.fromEntries(Object.entries(inputs).map(([key, { shape }]) => [key, shape])) },
    );
    const results = step.run(inputs);
    expect(Object.keys(results).sort()).toEqual([...golden.tensors.keys()].sort());
    let used = 0;
    const values = new Map<string, NDArray>();
    for (const [key, result] of Object.entries(results)) {
      values.set(key, await result.read());
      used = Math.max(used, budgetUsed(values.get(key)!.data, golden.tensor(key)));
    }
    const section = { lstm: "nn.LSTMCell", gru: "nn.GRUCell" }[golden.text("kind")] ?? "nn.RNNCell";
    const row = name
      .split("_")
      .slice(2)
      .join(", ")
      .replace("nobias", "no bias")
      .replace("state", "initial state");
    recordParity(task, { section, row: row || "defaults", budget: float32Budget, used });
    for (const [key, { data, shape }] of values) {
      expect(shape, key).toEqual(golden.tensor(key).shape);
      expectClose(key, data, golden.tensor(key));
    }
    step.dispose();
    cell.dispose();
  });
});
