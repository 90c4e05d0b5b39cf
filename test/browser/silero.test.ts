/** Silero VAD as the package @ricky0123/vad-web has it, unmodified: the probabilities of ONNX Runtime, with the state carried on the GPU. */
import { expect, test } from "vitest";
import type { Tensor } from "webgpu-lstm";
import { inspect, loadOnnx } from "webgpu-lstm/formats";
import modelFile from "../../node_modules/@ricky0123/vad-web/dist/silero_vad_v6.onnx?url";
import { makeSpeech } from "../../tasks/speech/made-speech.ts";
import { SECONDS, segmentsOf } from "../../tasks/speech/segments.ts";
import { CHUNK, Silero } from "../../tasks/speech/silero.ts";
import golden from "../goldens/silero.json";
import { sileroSignal } from "../silero-signal.ts";
import { withDevice } from "./gpu.ts";

const CONTEXT = 64;

test("every probability is ONNX Runtime's within 1e-4, and the last state too", () =>
  withDevice(async (device) => {
    const bytes = await (await fetch(modelFile)).arrayBuffer();
    expect(inspect(bytes).operators!.get("LSTM")).toBe(4);
    const model = await loadOnnx(bytes, { constants: { sr: 16000n } });
    expect(model.inputNames).toEqual(["input", "state"]);
    const step = await device.compile(
      (inputs: Record<"input" | "state", Tensor>) =>
        model.forward(inputs) as Record<"output" | "stateN", Tensor>,
      { inputs: { input: [1, CONTEXT + CHUNK], state: [2, 1, 128] }, carry: { state: "stateN" } },
    );
    const count = golden.probabilities.length;
    const samples = new Float32Array(CONTEXT + count * CHUNK);
    samples.set(sileroSignal(count * CHUNK), CONTEXT);
    const probabilities: number[] = [];
    let state = new Float32Array();
    for (let i = 0; i < count; i++) {
      const input = samples.slice(i * CHUNK, (i + 1) * CHUNK + CONTEXT);
      const { output, stateN } = step.run({ input });
      probabilities.push(await output.item());
      if (i === count - 1) state = (await stateN.read()).data as Float32Array<ArrayBuffer>;
    }
    const largest = (a: ArrayLike<number>, b: readonly number[]) =>
      Math.max(...b.map((value, i) => Math.abs(a[i]! - value)));
    expect(Math.max(...golden.probabilities) - Math.min(...golden.probabilities)).toBeGreaterThan(0.3);
    expect(largest(probabilities, golden.probabilities)).toBeLessThan(1e-4);
    expect(largest(state, golden.state)).toBeLessThan(1e-4);
    step.dispose();
    model.dispose();
  }));

test("chunks asked for at once have the same probabilities, also after a reset", () =>
  withDevice(async (device) => {
    const silero = await Silero.open(device, await (await fetch(modelFile)).arrayBuffer());
    const signal = sileroSignal(8 * CHUNK);
    for (let round = 0; round < 2; round++) {
      const asked = Array.from({ length: 8 }, (_, i) =>
        silero.probability(signal.subarray(i * CHUNK, (i + 1) * CHUNK)),
      );
      for (const [i, probability] of (await Promise.all(asked)).entries()) {
        expect(Math.abs(probability - golden.probabilities[i]!)).toBeLessThan(1e-4);
      }
      silero.reset();
    }
    expect(() => silero.probability(signal)).toThrow("a chunk has 512 samples, got 4096");
    silero.dispose();
  }));

test("the made voice is speech, and the tone and the noise between its phrases are not", () =>
  withDevice(async (device) => {
    const silero = await Silero.open(device, await (await fetch(modelFile)).arrayBuffer());
    const { samples, spoken } = makeSpeech();
    const probabilities: number[] = [];
    for (let from = 0; from + CHUNK <= samples.length; from += CHUNK) {
      probabilities.push(await silero.probability(samples.subarray(from, from + CHUNK)));
    }
    const found = segmentsOf(probabilities, 0.5);
    expect(found).toHaveLength(spoken.length);
    for (const [i, [from, to]] of spoken.entries()) {
      expect(Math.abs(found[i]!.from * SECONDS - from)).toBeLessThan(0.2);
      expect(Math.abs(found[i]!.to * SECONDS - to)).toBeLessThan(0.2);
    }
    silero.dispose();
  }));
