/** Silero VAD, chunk by chunk, each asked after the one before is answered: here and in ONNX Runtime Web. See bench/silero.ts. */
import * as ort from "onnxruntime-web/webgpu";
import { Device } from "webgpu-lstm";
import model from "../../node_modules/@ricky0123/vad-web/dist/silero_vad_v6.onnx?url";
import { makeSpeech } from "../../tasks/speech/made-speech.ts";
import { CHUNK, CONTEXT, chunksOf, RATE, Silero } from "../../tasks/speech/silero.ts";

/** What a runtime gave for every chunk, and the ms it took; or why it could not. */
export type Heard =
  | { readonly probabilities: number[]; readonly ms: number[] }
  | { readonly failure: string };

type Ask = (chunk: Float32Array) => Promise<number>;

declare global {
  var silero: ((runtime: string, chunks: number) => Promise<Heard>) | undefined;
}

const openers: Readonly<Record<string, (file: ArrayBuffer) => Promise<Ask>>> = {
  "webgpu-lstm": async (file) => {
    const detector = await Silero.open(await Device.request(), file);
    return (chunk) => detector.probability(chunk);
  },
  "onnxruntime-wasm": (file) => openOnnxRuntime("wasm", file),
  "onnxruntime-webgpu": (file) => openOnnxRuntime("webgpu", file),
};

/** What its WebGPU provider lacks runs on the CPU, as it does by default. */
async function openOnnxRuntime(provider: "wasm" | "webgpu", file: ArrayBuffer): Promise<Ask> {
  ort.env.wasm.wasmPaths = "/node_modules/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(file, { executionProviders: [provider] });
  const sr = new ort.Tensor("int64", BigInt64Array.of(BigInt(RATE)), []);
  const window = new Float32Array(CONTEXT + CHUNK);
  let state: ort.Tensor = new ort.Tensor("float32", new Float32Array(2 * 128), [2, 1, 128]);
  return async (chunk) => {
    window.copyWithin(0, CHUNK);
    window.set(chunk, CONTEXT);
    const input = new ort.Tensor("float32", window, [1, window.length]);
    const { output, stateN } = await session.run({ input, state, sr });
    state = stateN!;
    return ((await output!.getData()) as Float32Array)[0]!;
  };
}

globalThis.silero = async (runtime, chunks) => {
  try {
    const file = await (await fetch(model)).arrayBuffer();
    const ask = await openers[runtime]!(file);
    const probabilities: number[] = [];
    const ms: number[] = [];
    for (const chunk of chunksOf(makeSpeech().samples.subarray(0, chunks * CHUNK))) {
      const start = performance.now();
      probabilities.push(await ask(chunk));
      ms.push(performance.now() - start);
    }
    return { probabilities, ms };
  } catch (error) {
    return { failure: (error as Error).message };
  }
};
