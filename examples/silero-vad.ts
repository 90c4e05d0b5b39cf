/**
 * Finds speech in a recording with Silero VAD: the ONNX file of the npm package @ricky0123/vad-web as it is, chunk by chunk, its state kept
 * on the GPU. `node tools/run.mjs examples/silero-vad.ts --help` lists its options.
 */
import { readFile } from "node:fs/promises";
import type { Device } from "webgpu-lstm";
import { makeSpeech } from "../tasks/speech/made-speech.ts";
import { SECONDS, segmentsOf } from "../tasks/speech/segments.ts";
import { CHUNK, CONTEXT, chunksOf, RATE, Silero } from "../tasks/speech/silero.ts";
import { readWav, WavError } from "../tasks/speech/wav.ts";
import { median } from "../tasks/statistics/statistics.ts";
import { Options } from "../tasks/terminal/options.ts";
import { openDevice, runWithArguments } from "../tasks/terminal/program.ts";
import { UsageError } from "../tasks/terminal/usage-error.ts";

const USAGE = `node tools/run.mjs examples/silero-vad.ts [options]

Says where a recording has speech.

  --wav FILE         a WAV file of ${RATE} Hz; by default two phrases of a made voice, with a tone and noise between them
  --seconds SECONDS  how much of it is read (30)
  --compare          run the model in ONNX Runtime Web (WASM) too, and compare probabilities and times
  --help             print this`;

const MODEL = new URL("../node_modules/@ricky0123/vad-web/dist/silero_vad_v6.onnx", import.meta.url);
const CHUNKS_A_LINE = 100;
const THRESHOLD = 0.5;
const BARS = " ▁▂▃▄▅▆▇█";

/** The probabilities of a recording's chunks, each asked after the one before is answered, and the median time of one. */
export interface Heard {
  readonly probabilities: readonly number[];
  readonly msPerChunk: number;
}

async function main(args: readonly string[]): Promise<void> {
  const options = new Options(args, ["wav", "seconds"], USAGE, ["compare"]);
  if (options.help) return console.log(USAGE);
  const seconds = options.number("seconds", 30, "above 0 and at most 3600", (n) => n > 0 && n <= 3600);
  const file = options.text("wav", "-", "--wav needs the name of a file");
  const all = file === "-" ? makeSpeech().samples : await readSamples(file);
  const samples = all.subarray(0, Math.round(seconds * RATE));
  const device = await openDevice();
  try {
    console.log(device.describe());
    const ours = await run(device, samples, console.log);
    if (options.flag("compare")) compare(ours, await hearByOnnxRuntime(samples), console.log);
  } finally {
    device.dispose();
  }
}

/** @throws UsageError for a file that cannot be read, is no WAV file or has another sampling rate */
export async function readSamples(file: string): Promise<Float32Array> {
  try {
    const { samples, rate } = readWav(await readFile(file));
    if (rate === RATE) return samples;
    throw new WavError(`It has ${rate} samples per second, and the model wants ${RATE}; resample it first.`);
  } catch (error) {
    throw new UsageError(`--wav ${file}: ${(error as Error).message}`);
  }
}

/** Prints the probabilities as bars, the segments of speech and the time of a chunk. */
export async function run(
  device: Device,
  samples: Float32Array,
  print: (line: string) => void,
): Promise<Heard> {
  const detector = await Silero.open(device, await readFile(MODEL));
  const heard = await hear(samples, (chunk) => detector.probability(chunk));
  detector.dispose();
  const { probabilities } = heard;
  for (let from = 0; from < probabilities.length; from += CHUNKS_A_LINE) {
    const bars = probabilities.slice(from, from + CHUNKS_A_LINE).map((p) => BARS[Math.round(p * 8)]);
    print(`${((from * CHUNK) / RATE).toFixed(1).padStart(6)} s |${bars.join("")}|`);
  }
  const segments = segmentsOf(probabilities, THRESHOLD);
  const at = (chunk: number) => (chunk * SECONDS).toFixed(2);
  for (const { from, to } of segments) print(`speech from ${at(from)} to ${at(to)} s`);
  if (segments.length === 0) print("no speech");
  print(`webgpu-lstm: ${heard.msPerChunk.toFixed(2)} ms a chunk of ${(1000 * CHUNK) / RATE} ms (median)`);
  return heard;
}

async function hear(samples: Float32Array, ask: (chunk: Float32Array) => Promise<number>): Promise<Heard> {
  const probabilities: number[] = [];
  const times: number[] = [];
  for (const chunk of chunksOf(samples)) {
    const start = performance.now();
    probabilities.push(await ask(chunk));
    times.push(performance.now() - start);
  }
  return { probabilities, msPerChunk: median(times) };
}

/** The same by ONNX Runtime Web, on one thread. */
export async function hearByOnnxRuntime(samples: Float32Array): Promise<Heard> {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(await readFile(MODEL), { executionProviders: ["wasm"] });
  const sr = new ort.Tensor("int64", BigInt64Array.of(BigInt(RATE)), []);
  const window = new Float32Array(CONTEXT + CHUNK);
  let state = new ort.Tensor("float32", new Float32Array(2 * 128), [2, 1, 128]);
  const heard = await hear(samples, async (chunk) => {
    window.copyWithin(0, CHUNK);
    window.set(chunk, CONTEXT);
    const input = new ort.Tensor("float32", window, [1, window.length]);
    const results = await session.run({ input, state, sr });
    state = results["stateN"] as typeof state;
    return (results["output"]!.data as Float32Array)[0]!;
  });
  await session.release();
  return heard;
}

/** Prints the times of both and the largest difference, and returns it. */
export function compare(ours: Heard, theirs: Heard, print: (line: string) => void): number {
  print(`ONNX Runtime Web (WASM, one thread): ${theirs.msPerChunk.toFixed(2)} ms a chunk (median)`);
  const differences = theirs.probabilities.map((p, i) => Math.abs(p - ours.probabilities[i]!));
  const largest = differences.reduce((most, difference) => Math.max(most, difference), 0);
  print(`largest difference of ${differences.length} probabilities: ${largest.toExponential(1)}`);
  return largest;
}

await runWithArguments(import.meta.url, main);
