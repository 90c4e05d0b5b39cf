/** Every loss against PyTorch's float64, with the gradients of prediction and target. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { grad, type NDArray, nn, type Tensor } from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";

/** One device for all cases. */
let frame: GpuFrame;
beforeAll(async () => {
  frame = await GpuFrame.open();
});
afterAll(() => frame.close());

type Loss = nn.Module & { forward(prediction: Tensor, target: Tensor): Tensor };

/** The loss of a case, with the options of PyTorch's call. */
function build(golden: GoldenCase): { title: string; loss: Loss } {
  const reduction = golden.text("reduction") as nn.Reduction;
  const weights = {
    ...(golden.has("weight") ? { weight: golden.input("weight") } : {}),
    ...(golden.has("pos_weight") ? { posWeight: golden.input("pos_weight") } : {}),
  };
  const kind = golden.text("kind");
  switch (kind) {
    case "mse":
      return { title: "MSELoss", loss: new nn.MSELoss({ reduction }) };
    case "l1":
      return { title: "L1Loss", loss: new nn.L1Loss({ reduction }) };
    case "smooth_l1":
      return { title: "SmoothL1Loss", loss: new nn.SmoothL1Loss({ reduction, beta: golden.number("beta") }) };
    case "huber":
      return { title: "HuberLoss", loss: new nn.HuberLoss({ reduction, delta: golden.number("delta") }) };
    case "bce":
      return { title: "BCELoss", loss: new nn.BCELoss({ reduction, ...weights }) };
    case "bce_logits":
      return { title: "BCEWithLogitsLoss", loss: new nn.BCEWithLogitsLoss({ reduction, ...weights }) };
  }
  const hasClasses = golden.tensor("target").shape.length < golden.tensor("x").shape.length;
  const ignore = hasClasses ? { ignoreIndex: golden.number("ignore_index") } : {};
  const options = { reduction, ...weights, ...ignore };
  if (kind === "nll") return { title: "NLLLoss", loss: new nn.NLLLoss(options) };
  const labelSmoothing = golden.number("label_smoothing");
  return { title: "CrossEntropyLoss", loss: new nn.CrossEntropyLoss({ ...options, labelSmoothing }) };
}

/** The case's name on the parity page: its options other than the defaults. */
function rowOf(title: string, golden: GoldenCase): string {
  const kind = golden.text("kind");
  const given = [
    ...["weight", "pos_weight"].filter((weights) => golden.has(weights)),
    ...(kind === "smooth_l1" ? [`beta ${golden.number("beta")}`] : []),
    ...(kind === "huber" ? [`delta ${golden.number("delta")}`] : []),
    ...(/_ignore|all_ignored/.test(golden.name) ? ["ignore_index"] : []),
    ...(/_smooth($|_)/.test(golden.name) && kind === "cross_entropy" ? ["label_smoothing"] : []),
    ...(golden.name.includes("soft") ? ["class probabilities"] : []),
    ...(/extremes|corners/.test(golden.name) ? ["extremes"] : []),
    `reduction ${golden.text("reduction")}`,
  ];
  return `${title}: ${given.join(", ")}`;
}

test.for(goldenNames("loss"))("%s", async (name, { task }) => {
  const golden = await loadGolden(name);
  const { title, loss: criterion } = build(golden);
  const differentiable = golden.names("grad.");
  const inputs: Record<string, NDArray> = { x: golden.input("x"), target: golden.input("target") };
  if (golden.has("grad_loss")) inputs["grad_loss"] = golden.input("grad_loss");
  const results = await frame.run(async (device) => {
    const step = await device.compile(
      (given) => {
        const loss = criterion.forward(given["x"]!, given["target"]!);
        const total = given["grad_loss"] ? loss.mul(given["grad_loss"]).sum() : loss;
        const wanted = differentiable.map((key) => given[key]!);
        const gradients = grad(total, wanted).map((gradient, i) => [`grad.${differentiable[i]}`, gradient]);
        return { loss, ...(Object.fromEntries(gradients) as Record<string, Tensor>) };
      },
      { inputs: Object.fromEntries(Object.entries(inputs).map(([key, { shape }]) => [key, shape])) },
    );
    const run = Object.entries(step.run(inputs));
    const read = await Promise.all(run.map(async ([key, result]) => [key, await result.read()] as const));
    step.dispose();
    criterion.dispose();
    return new Map<string, NDArray>(read);
  });
  const compared = [...results.keys()].filter((key) => golden.has(key));
  expect(compared).toEqual([
    ...(golden.boolean("nan") ? [] : ["loss"]),
    ...differentiable.map((key) => `grad.${key}`),
  ]);
  if (golden.boolean("nan")) expect(results.get("loss")!.data).toEqual(new Float32Array(1).fill(Number.NaN));
  const used = compared.map((key) => budgetUsed(results.get(key)!.data, golden.tensor(key)));
  recordParity(task, {
    section: "Losses",
    row: rowOf(title, golden),
    budget: float32Budget,
    used: Math.max(...used),
  });
  for (const key of compared) {
    expect(results.get(key)!.shape, key).toEqual(golden.tensor(key).shape);
    expectClose(key, results.get(key)!.data, golden.tensor(key));
  }
});
