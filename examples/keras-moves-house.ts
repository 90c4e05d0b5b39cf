/**
 * A text classifier moves house: a GRU that Keras trained and saved for TensorFlow.js (tools/make_text_classifier.py) opens here from the same
 * files. Predictions and training stand beside those of TensorFlow.js, with their times.
 * `node tools/run.mjs examples/keras-moves-house.ts --help` lists the options.
 */
import { readFile } from "node:fs/promises";
import type { io, Tensor as TfTensor } from "@tensorflow/tfjs-core";
import { type Device, nn, optim, type Tensor } from "webgpu-lstm";
import { loadTfjs } from "webgpu-lstm/formats";
import { median } from "../tasks/statistics/statistics.ts";
import { Options } from "../tasks/terminal/options.ts";
import { openDevice, runWithArguments } from "../tasks/terminal/program.ts";
import { loadTfjsInNode } from "../tasks/text-classifier/tfjs-in-node.ts";

const USAGE = `node tools/run.mjs examples/keras-moves-house.ts [options]

Opens a GRU text classifier of Keras, saved for TensorFlow.js, here and in TensorFlow.js, and compares them.

  --batch NAMES  names in a batch, at most 64 (64)
  --runs RUNS    timed predictions and training steps of each (20)
  --help         print this`;

const LONGEST = 12;
const CLASSES = ["ends in a vowel", "begins with a vowel alone", "neither"] as const;
const RATE = 0.1;
const SHARD = "group1-shard1of1.bin";
const read = (name: string) => readFile(new URL(`../tasks/text-classifier/${name}`, import.meta.url));

/** Names, and what Keras predicted of them. */
interface Expected {
  readonly names: readonly string[];
  readonly classes: readonly number[];
  /** Probabilities [names, classes]. */
  readonly keras: readonly number[];
}

/** What a library computes, and the median times in ms. */
export interface Side {
  readonly name: string;
  readonly probabilities: Float32Array;
  readonly predictMs: number;
  /** The loss before each step of plain gradient descent; `null` where the library cannot train. */
  readonly losses: readonly number[] | null;
  readonly trainMs: number | null;
}

async function main(args: readonly string[]): Promise<void> {
  const options = new Options(args, ["batch", "runs"], USAGE);
  if (options.help) return console.log(USAGE);
  const batch = options.count("batch", 64, 64);
  const runs = options.count("runs", 20, 1000);
  const device = await openDevice();
  try {
    console.log(device.describe());
    await run(device, batch, runs, console.log);
  } finally {
    device.dispose();
  }
}

/** Letters from 1 on, after zeros. */
function encode(names: readonly string[]): Float32Array {
  const ids = new Float32Array(names.length * LONGEST);
  for (const [n, name] of names.entries()) {
    for (const [i, letter] of [...name].entries()) {
      ids[(n + 1) * LONGEST - name.length + i] = letter.charCodeAt(0) - 96;
    }
  }
  return ids;
}

/** Runs both, prints how they compare, and returns the sides: this library, then TensorFlow.js on WASM and on the CPU. */
export async function run(
  device: Device,
  batch: number,
  runs: number,
  print: (line: string) => void,
): Promise<{ readonly sides: readonly Side[]; readonly keras: readonly number[] }> {
  const expected = JSON.parse(String(await read("expected.json"))) as Expected;
  const names = expected.names.slice(0, batch);
  const classes = expected.classes.slice(0, batch);
  const keras = expected.keras.slice(0, batch * CLASSES.length);
  const ids = encode(names);
  const sides = [await ours(device, ids, classes, runs), ...(await theirs(ids, classes, runs))];
  const [{ probabilities }] = sides as [Side];
  for (const [n, name] of names.slice(0, 5).entries()) {
    const row = [...probabilities.subarray(3 * n, 3 * n + 3)];
    const best = row.indexOf(Math.max(...row));
    print(`  ${name.padEnd(LONGEST)} ${CLASSES[best]} (${(100 * row[best]!).toFixed(1)} %)`);
  }
  print(
    `largest difference of ${keras.length} probabilities to Keras: ${show(largest(probabilities, keras))}`,
  );
  for (const side of sides.slice(1)) {
    print(`  to ${side.name}: ${show(largest(probabilities, side.probabilities))}`);
  }
  const losses = largest(sides[0]!.losses!, sides.at(-1)!.losses!);
  print(`largest difference of ${runs + 1} losses of training to TensorFlow.js (CPU): ${show(losses)}`);
  print(`ms, median of ${runs}, ${batch} names     prediction  training step`);
  for (const { name, predictMs, trainMs } of sides) {
    const step = trainMs === null ? "cannot train" : trainMs.toFixed(2);
    print(`${name.padEnd(32)} ${predictMs.toFixed(2).padStart(10)}  ${step.padStart(13)}`);
  }
  return { sides, keras };
}

async function ours(
  device: Device,
  ids: Float32Array,
  classes: readonly number[],
  runs: number,
): Promise<Side> {
  const model = await loadTfjs(await read("model.json"), { [SHARD]: await read(SHARD) });
  const N = classes.length;
  const predict = await device.compile(({ x }) => ({ y: model.forward(x) }), {
    inputs: { x: [N, LONGEST] },
  });
  const predicted = await timed(runs, async () => (await predict.ask({ x: ids }, "y")).data);
  const criterion = new nn.NLLLoss();
  const loss = (x: Tensor, target: Tensor) => criterion.forward(model.forward(x).log(), target);
  const train = await device.compile(({ x, target }) => ({ loss: loss(x, target) }), {
    inputs: { x: [N, LONGEST], target: [N] },
    optimizer: new optim.SGD(model.parameters(), { lr: RATE }),
  });
  const target = Int32Array.from(classes);
  const trained = await timed(runs, async () => (await train.ask({ x: ids, target }, "loss")).data[0]!);
  for (const owner of [predict, train, model, criterion]) owner.dispose();
  return {
    name: "webgpu-lstm",
    probabilities: predicted.results[0]!,
    predictMs: predicted.ms,
    losses: trained.results,
    trainMs: trained.ms,
  };
}

/** TensorFlow.js: WASM has no gradients of embeddings, so that only its plain CPU backend trains. */
async function theirs(ids: Float32Array, classes: readonly number[], runs: number): Promise<Side[]> {
  const { tf, layers } = await loadTfjsInNode();
  const json = JSON.parse(String(await read("model.json"))) as io.ModelJSON;
  const weightData = Uint8Array.from(await read(SHARD)).buffer;
  const artifacts = {
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest[0]!.weights,
    weightData,
  };
  const sides: Side[] = [];
  for (const backend of ["wasm", "cpu"]) {
    await tf.setBackend(backend);
    const model = await layers.loadLayersModel(tf.io.fromMemory(artifacts));
    const x = tf.tensor2d(ids, [classes.length, LONGEST]);
    const predicted = await timed(runs, async () => {
      const y = model.predict(x) as TfTensor;
      const data = (await y.data()) as Float32Array;
      y.dispose();
      return data;
    });
    const side = {
      name: `TensorFlow.js (${backend === "cpu" ? "CPU" : "WASM"})`,
      probabilities: predicted.results[0]!,
      predictMs: predicted.ms,
    };
    if (backend === "wasm") sides.push({ ...side, losses: null, trainMs: null });
    else {
      model.compile({ optimizer: tf.train.sgd(RATE), loss: "sparseCategoricalCrossentropy" });
      const target = tf.tensor1d([...classes], "float32");
      const trained = await timed(runs, async () => (await model.trainOnBatch(x, target)) as number);
      sides.push({ ...side, losses: trained.results, trainMs: trained.ms });
      target.dispose();
    }
    x.dispose();
    model.dispose();
  }
  return sides;
}

/** The results of several runs, and the median of their times in ms; the first, which prepares, is not timed. */
async function timed<T>(runs: number, fn: () => Promise<T>): Promise<{ results: T[]; ms: number }> {
  const results = [await fn()];
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    results.push(await fn());
    times.push(performance.now() - start);
  }
  return { results, ms: median(times) };
}

/** The largest distance between two lists of numbers. */
export function largest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`got ${a.length} values, expected ${b.length}`);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

const show = (difference: number) => difference.toExponential(1);

await runWithArguments(import.meta.url, main);
