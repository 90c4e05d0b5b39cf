/**
 * A model goes from PyTorch to this library and back: a tagger with two bidirectional LSTM layers over packed sequences. PyTorch trained it
 * some steps and saved it as safetensors, .pt and ONNX (tools/make_tagger.py). Each file opens here, gives PyTorch's logits, is trained 50
 * steps on with PyTorch's losses, and is saved in all three formats; ONNX Runtime then runs what was saved.
 * `npm run test:interop` goes on in PyTorch. `node tools/run.mjs examples/pytorch-round-trip.ts --help` lists the options.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Device, loadSafetensors, type NDArray, type nn, saveSafetensors } from "webgpu-lstm";
import { loadOnnx, loadTorch, saveOnnx, saveTorch } from "webgpu-lstm/formats";
import { Tagger } from "../tasks/tagger/model.ts";
import { logitsOf, type Tag, type TaggerBatch, trainTagger } from "../tasks/tagger/train.ts";
import { Options } from "../tasks/terminal/options.ts";
import { openDevice, runWithArguments } from "../tasks/terminal/program.ts";

const USAGE = `node tools/run.mjs examples/pytorch-round-trip.ts [options]

Opens a tagger of PyTorch from safetensors, .pt and ONNX, trains each on, and saves each in all three.

  --steps STEPS  training steps, at most 50 (50)
  --out FOLDER   where the files are written (out/pytorch-round-trip)
  --help         print this`;

const STEPS = 50;
const folder = new URL("../tasks/tagger/", import.meta.url);
const read = (name: string) => readFile(new URL(name, folder));

/** A format that the model was opened from, and how it compares. */
export interface Trip {
  readonly from: string;
  /** Largest difference of the logits to PyTorch's in float64, when opened. */
  readonly opened: number;
  /** Largest difference of the losses of training to PyTorch's in float64. */
  readonly trained: number;
  /** Largest difference of the trained model's logits to those of ONNX Runtime for the file that was saved. */
  readonly saved: number;
}

async function main(args: readonly string[]): Promise<void> {
  const options = new Options(args, ["steps", "out"], USAGE);
  if (options.help) return console.log(USAGE);
  const steps = options.count("steps", STEPS, STEPS);
  const standard = fileURLToPath(new URL("../out/pytorch-round-trip/", import.meta.url));
  const out = options.text("out", standard, "--out needs the name of a folder");
  const device = await openDevice();
  try {
    console.log(device.describe());
    await run(device, out, steps, console.log);
    console.log(`wrote NAME.safetensors, NAME.pt and NAME.onnx to ${out}`);
  } finally {
    device.dispose();
  }
}

/** Makes the trip from each format; the files are named by the format they come from. */
export async function run(
  device: Device,
  out: string,
  steps: number,
  print: (line: string) => void,
): Promise<Trip[]> {
  await mkdir(out, { recursive: true });
  const { tensors } = loadSafetensors(await read("data.safetensors"));
  const [tokens, lengths, tags, logits, losses] = ["tokens", "lengths", "tags", "logits", "losses"].map(
    (name) => tensors.get(name)!,
  ) as [NDArray, NDArray, NDArray, NDArray, NDArray];
  const batch: TaggerBatch = { tokens, lengths, tags };
  const trips: Trip[] = [];
  for (const from of ["safetensors", "pt", "onnx"] as const) {
    const { model, tag } = from === "onnx" ? await openOnnx() : await openWeights(from);
    const opened = largest(await logitsOf(device, tag, batch), logits.data);
    const ours = await trainTagger(device, model, tag, batch, steps);
    const trained = largest(ours, losses.data.subarray(0, steps));
    const after = await logitsOf(device, tag, batch);
    const path = join(out, `from-${from}`);
    const state = await model.stateDict();
    await writeFile(`${path}.safetensors`, saveSafetensors(state));
    // What the other side must come to: these logits, and these losses of two more steps.
    const next = await trainTagger(device, model, tag, batch, 2);
    model.loadStateDict(state);
    const [n, t] = tokens.shape as [number, number];
    const onnx = await saveOnnx(model, {
      inputs: { tokens: [n, t], lengths: [n] },
      dynamic: { tokens: { 0: "batch", 1: "time" }, lengths: { 0: "batch" } },
    });
    await writeFile(`${path}.onnx`, onnx);
    const expected = { logits: { data: after, shape: logits.shape }, losses: next, ...batch };
    await writeFile(`${path}.pt`, saveTorch({ model: state, ...expected }));
    const saved = largest(after, await onnxRuntime(onnx, batch));
    model.dispose();
    trips.push({ from, opened, trained, saved });
    print(
      `from ${from}: logits within ${show(opened)} of PyTorch's; ${steps} steps, loss ${ours[0]!.toFixed(4)} to ${next[0]!.toFixed(4)}, ` +
        `within ${show(trained)} of PyTorch's; ONNX Runtime's logits within ${show(saved)}`,
    );
  }
  return trips;
}

interface Opened {
  readonly model: nn.Module;
  readonly tag: Tag;
}

/** The weights in the class that one writes again. */
async function openWeights(from: "safetensors" | "pt"): Promise<Opened> {
  const bytes = await read(`tagger.${from}`);
  const model = new Tagger();
  model.loadStateDict(
    from === "pt" ? loadTorch<Record<string, NDArray>>(bytes) : loadSafetensors(bytes).tensors,
  );
  return { model, tag: (tokens, lengths) => model.forward(tokens, lengths) };
}

/** The graph of the file: no class is needed. */
async function openOnnx(): Promise<Opened> {
  const model = await loadOnnx(await read("tagger.onnx"));
  return { model, tag: (tokens, lengths) => model.forward({ tokens, lengths })["logits"]! };
}

/** The logits of a saved file in ONNX Runtime Web. */
async function onnxRuntime(bytes: Uint8Array, { tokens, lengths }: TaggerBatch): Promise<Float32Array> {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const integers = ({ data, shape }: NDArray) =>
    new ort.Tensor("int64", BigInt64Array.from(data, BigInt), [...shape]);
  const results = await session.run({ tokens: integers(tokens), lengths: integers(lengths) });
  const [output] = Object.values(results);
  const logits = (output!.data as Float32Array).slice();
  await session.release();
  return logits;
}

function largest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`got ${a.length} values, expected ${b.length}`);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

const show = (difference: number) => difference.toExponential(1);

await runWithArguments(import.meta.url, main);
