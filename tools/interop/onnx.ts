/** Models that are saved as ONNX here, one of them opened and trained before, compared with ONNX Runtime. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Device, manualSeed, type nn, optim, rand, saveSafetensors, type Tensor } from "webgpu-lstm";
import { loadOnnx, saveOnnx } from "webgpu-lstm/formats";
import type { Check } from "./check.ts";
import { flat, inputsOf, type SavedCase, savedCases } from "./onnx-models.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const STEPS = 20;

/** Saves every case with what it computes, and lets the other side compare. */
export async function onnxChecks(device: Device, python: string, folder: string): Promise<Check[]> {
  const own = `${folder}onnx/`;
  mkdirSync(own, { recursive: true });
  for (const [i, one] of savedCases.entries()) {
    manualSeed(960 + i);
    const model = one.make();
    await write(device, `${own}${i} ${one.name}`, one, model, (inputs) => ownForward(model, one, inputs));
    if (i === 0) await writeTrained(device, `${own}${i} ${one.name}, opened and trained`, one, model);
    model.dispose();
  }
  const lines = execFileSync(python, ["tools/interop/onnx_side.py", own], { cwd: root, encoding: "utf8" });
  return lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Check);
}

type Forward = (inputs: Record<string, Tensor>) => Record<string, Tensor>;

function ownForward(model: nn.Module, { options }: SavedCase, inputs: Record<string, Tensor>) {
  const { forward } = model as unknown as { forward(...inputs: Tensor[]): unknown };
  return flat(
    forward.apply(
      model,
      Object.keys(options.inputs).map((name) => inputs[name]!),
    ),
  );
}

/** Writes a model, inputs for it, and what it computes from them in evaluation mode. */
async function write(
  device: Device,
  path: string,
  one: SavedCase,
  model: nn.Module,
  forward: Forward,
): Promise<void> {
  const inputs = inputsOf(one, () => rand([1]).data[0]!);
  writeFileSync(`${path}.onnx`, await saveOnnx(model, one.options));
  model.eval();
  const step = await device.compile(forward, { inputs });
  const results = step.run(inputs);
  const outputs = await Promise.all(
    Object.keys(results).map(async (name) => [name, await results[name]!.read()] as const),
  );
  step.dispose();
  const tensors = [
    ...Object.entries(inputs).map(([name, value]) => [`inputs/${name}`, value] as const),
    ...outputs.map(([name, value]) => [`outputs/${name}`, value] as const),
  ];
  writeFileSync(`${path}.safetensors`, saveSafetensors(new Map(tensors)));
  writeFileSync(`${path}.json`, JSON.stringify(Object.keys(results)));
}

/** Opens what was saved of a model, trains it, and writes that. */
async function writeTrained(device: Device, path: string, one: SavedCase, model: nn.Module): Promise<void> {
  const opened = await loadOnnx(await saveOnnx(model, one.options));
  const inputs = inputsOf(one, () => rand([1]).data[0]!);
  const optimizer = new optim.Adam(opened.parameters(), { lr: 0.01 });
  const step = await device.compile(
    (given: Record<string, Tensor>) => ({ loss: opened.forward(given)["output"]!.select(2, 1).mean().neg() }),
    { inputs, optimizer },
  );
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) losses.push(await step.run(inputs).loss.item());
  step.dispose();
  if (!(losses.at(-1)! < losses[0]! - 0.1))
    throw new Error(`the opened model does not learn: ${losses.join()}`);
  await write(device, path, one, opened, (given) => opened.forward(given));
  opened.dispose();
}
