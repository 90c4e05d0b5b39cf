/** examples/silero-vad.ts, on a short recording and on files that it refuses. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compare, hearByOnnxRuntime, readSamples, run } from "../../examples/silero-vad.ts";
import { makeSpeech } from "../../tasks/speech/made-speech.ts";
import { CHUNK } from "../../tasks/speech/silero.ts";
import { openDevice } from "../../tasks/terminal/program.ts";
import { UsageError } from "../../tasks/terminal/usage-error.ts";

const folder = mkdtempSync(join(tmpdir(), "silero-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("prints bars, segments and times, and ONNX Runtime's probabilities within 1e-4", async () => {
  const samples = makeSpeech().samples.subarray(20 * CHUNK, 59 * CHUNK + 5);
  const device = await openDevice();
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const ours = await run(device, samples, print);
  expect(device.memory.total).toBe(0);
  device.dispose();
  const theirs = await hearByOnnxRuntime(samples);
  expect(ours.probabilities).toHaveLength(40);
  expect(compare(ours, theirs, print)).toBeLessThan(1e-4);
  // It is no comparison of zeros.
  expect(Math.max(...theirs.probabilities) - Math.min(...theirs.probabilities)).toBeGreaterThan(0.3);
  expect(lines[0]).toMatch(/^ {3}0\.0 s \|[ ▁▂▃▄▅▆▇█]{40}\|$/);
  expect(lines[1]).toMatch(/^(no speech|speech from \d+\.\d\d to \d+\.\d\d s)$/);
  expect(lines.at(-3)).toMatch(/^webgpu-lstm: \d+\.\d\d ms a chunk of 32 ms \(median\)$/);
  expect(lines.at(-2)).toMatch(/^ONNX Runtime Web \(WASM, one thread\): \d+\.\d\d ms a chunk/);
  expect(lines.at(-1)).toMatch(/^largest difference of 40 probabilities: /);
});

describe("a file", () => {
  /** A WAV file of four samples. */
  function write(name: string, rate: number): string {
    const view = new DataView(new ArrayBuffer(52));
    const text = (at: number, letters: string) => {
      for (const [i, letter] of [...letters].entries()) view.setUint8(at + i, letter.charCodeAt(0));
    };
    text(0, "RIFF");
    text(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, rate, true);
    view.setUint16(34, 16, true);
    text(36, "data");
    view.setUint32(40, 8, true);
    view.setInt16(44, 2 ** 14, true);
    const path = join(folder, name);
    writeFileSync(path, new Uint8Array(view.buffer));
    return path;
  }

  test("of 16 kHz is read", async () => {
    expect(await readSamples(write("right.wav", 16000))).toEqual(Float32Array.of(0.5, 0, 0, 0));
  });

  test("of another rate, of no sound, or that is not there is refused by name", async () => {
    const refused = async (path: string, message: RegExp) => {
      await expect(readSamples(path)).rejects.toThrow(UsageError);
      await expect(readSamples(path)).rejects.toThrow(message);
    };
    await refused(
      write("fast.wav", 44100),
      /fast\.wav: It has 44100 samples per second, and the model wants 16000/,
    );
    await refused("package.json", /package\.json: This is not a WAV file/);
    await refused(join(folder, "none.wav"), /none\.wav: ENOENT/);
  });
});
